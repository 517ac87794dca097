"""Reading and mending HLS playlists and DASH manifests as text. Pure: sizes come in as arguments."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

# An encrypted stream's key, where it lies beside the playlists.
KEY_FILE = "key.bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One media segment of a playlist."""

    uri: str
    duration_s: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandwidth:
    """Measured bits per second of one playlist."""

    peak: int
    average: int


def segments(playlist: str) -> tuple[Segment, ...]:
    """The segments of a media playlist in order."""
    found: list[Segment] = []
    duration = Fraction(0)
    for line in playlist.splitlines():
        if line.startswith("#EXTINF:"):
            duration = Fraction(line.removeprefix("#EXTINF:").split(",")[0].strip())
        elif line and not line.startswith("#"):
            found.append(Segment(uri=line.strip(), duration_s=duration))
    return tuple(found)


def references(playlist: str) -> tuple[str, ...]:
    """Every URI that a playlist names: lines and URI attributes."""
    attributes = re.findall(r'URI="([^"]+)"', playlist)
    return (*attributes, *(line for line in playlist.splitlines() if line and not line.startswith("#")))


def target_duration(playlist: str) -> int:
    """EXT-X-TARGETDURATION in seconds."""
    match = re.search(r"#EXT-X-TARGETDURATION:(\d+)", playlist)
    return int(match[1]) if match else 1


def bandwidth(playlist: str, sizes: Mapping[str, int]) -> Bandwidth:
    """Peak and average rate of a media playlist whose segments have `sizes` bytes.

    Peak as RFC 8216, 4.3.4.2: the largest rate of any run of segments that
    lasts between half and one and a half target durations.
    """
    parts = segments(playlist)
    target = target_duration(playlist)
    total = sum((part.duration_s for part in parts), Fraction(0))
    bits = sum(sizes[part.uri] * 8 for part in parts)
    if not total:
        return Bandwidth(peak=0, average=0)
    average = ceil(bits / total)
    return Bandwidth(peak=max(average, *_rates(parts, sizes, target)), average=average)


def _rates(parts: Sequence[Segment], sizes: Mapping[str, int], target: int) -> list[int]:
    rates = [0]
    for first in range(len(parts)):
        length, bits = Fraction(0), 0
        for part in parts[first:]:
            length += part.duration_s
            bits += sizes[part.uri] * 8
            if length > Fraction(target * 3, 2):
                break
            if length >= Fraction(target, 2):
                rates.append(ceil(bits / length))
    return rates


def first_sequence_number(playlist: str) -> int:
    """EXT-X-MEDIA-SEQUENCE: the number of the first segment."""
    match = re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", playlist)
    return int(match[1]) if match else 0


def with_key(playlist: str, uri: str) -> str:
    """A media playlist whose segments, not its EXT-X-MAP, are encrypted with the AES-128 key at `uri`.

    Without an IV attribute a segment's number is its IV. RFC 8216, 4.3.2.4 and 5.2.
    """
    return re.sub(r"(?m)^(?=#EXTINF:)", f'#EXT-X-KEY:METHOD=AES-128,URI="{uri}"\n', playlist, count=1)


def with_bandwidths(master: str, measured: Mapping[str, Bandwidth]) -> str:
    """`master` with the variants' BANDWIDTH and AVERAGE-BANDWIDTH replaced by what was measured.

    `measured` is by media playlist URI. A variant counts its own playlist and
    the dearest one of each group that it names.
    """
    groups = _groups(master)
    lines = master.splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("#EXT-X-STREAM-INF:") or number + 1 >= len(lines):
            continue
        own = measured[lines[number + 1].strip()]
        beside = [
            _dearest(groups[name], measured)
            for name in re.findall(r'(?:AUDIO|SUBTITLES)="([^"]+)"', line)
            if groups.get(name)
        ]
        peak = own.peak + sum(b.peak for b in beside)
        average = own.average + sum(b.average for b in beside)
        bare = re.sub(r"(?:AVERAGE-)?BANDWIDTH=\d+,?", "", line.removeprefix("#EXT-X-STREAM-INF:")).rstrip(
            ","
        )
        lines[number] = f"#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},{bare}"
    return "\n".join(lines) + "\n"


def with_base_url(manifest: str, base: str) -> str:
    """A DASH manifest whose relative paths are resolved against `base`."""
    return re.sub(r"(<MPD\b[^>]*>)", rf"\1\n  <BaseURL>{base}</BaseURL>", manifest, count=1)


def _groups(master: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in master.splitlines():
        group = re.search(r'GROUP-ID="([^"]+)"', line)
        uri = re.search(r'URI="([^"]+)"', line)
        if line.startswith("#EXT-X-MEDIA:") and group and uri:
            found.setdefault(group[1], []).append(uri[1])
    return found


def _dearest(uris: Sequence[str], measured: Mapping[str, Bandwidth]) -> Bandwidth:
    return max((measured[uri] for uri in uris), key=lambda b: b.peak)
