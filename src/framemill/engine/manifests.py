"""What HLS playlists and DASH manifests of our own making refer to, and how long they say they last."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.etree import ElementTree

from framemill.commands.playlists import KEY_FILE
from framemill.domain.units import US


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A file that a manifest needs, and how many bytes it must at least have."""

    uri: str
    bytes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One playlist or manifest."""

    references: tuple[Reference, ...]
    duration_us: int | None  # None: a master playlist or one of single frames
    complete: bool  # False: a live playlist, which a player would wait on


_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_NUMBER = re.compile(r"\$(Number|Time|Bandwidth|RepresentationID)(?:%0(\d+)d)?\$")
_SPAN = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")


def read_hls(text: str) -> Manifest:
    """An HLS playlist (RFC 8216)."""
    references: list[Reference] = []
    duration, ends, offset, length, master = 0, False, 0, 0, False
    for line in filter(None, map(str.strip, text.splitlines())):
        tag, _, value = line.partition(":")
        if not line.startswith("#"):
            references.append(Reference(uri=line, bytes=max(1, offset + length)))
            offset, length = offset + length, 0
        elif tag == "#EXTINF":
            duration += round(float(value.split(",")[0]) * US)
        elif tag == "#EXT-X-BYTERANGE":
            length, offset = _byte_range(value, offset)
        elif tag in {"#EXT-X-MAP", "#EXT-X-MEDIA", "#EXT-X-I-FRAME-STREAM-INF"} or f'{KEY_FILE}"' in value:
            fields = {name: word.strip('"') for name, word in _ATTRIBUTE.findall(value)}
            if "URI" in fields:
                size, start = _byte_range(fields.get("BYTERANGE", "0@0"), 0)
                references.append(Reference(uri=fields["URI"], bytes=max(1, start + size)))
        elif tag in {"#EXT-X-STREAM-INF", "#EXT-X-I-FRAMES-ONLY"}:
            master = True
        ends = ends or tag == "#EXT-X-ENDLIST"
    lists = any(tag in text for tag in ("#EXT-X-STREAM-INF", "#EXT-X-MEDIA:"))
    return Manifest(
        references=tuple(dict.fromkeys(references)),
        duration_us=None if master else duration,
        complete=ends or lists,
    )


def read_dash(text: str) -> Manifest:
    """A static DASH manifest (ISO/IEC 23009-1): segment templates, lists and whole files."""
    root = ElementTree.fromstring(text)  # noqa: S314 - written a moment ago by our own packager
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    total = _span_us(root.get("mediaPresentationDuration"))
    references: list[Reference] = []
    for period in root.iter("Period"):
        length = _span_us(period.get("duration")) or total or 0
        for group in period.iter("AdaptationSet"):
            for shown in group.iter("Representation"):
                base = PurePosixPath()
                for level in (root, period, group, shown):
                    if (node := level.find("BaseURL")) is not None and node.text:
                        base /= node.text.strip()
                references += (
                    Reference(uri=str(base / uri) if uri else str(base))
                    for uri in _segments(group, shown, length)
                )
    return Manifest(
        references=tuple(dict.fromkeys(references)),
        duration_us=total,
        complete=root.get("type", "static") == "static",
    )


def _segments(group: ElementTree.Element, shown: ElementTree.Element, length_us: int) -> Iterator[str]:
    template = _nearest("SegmentTemplate", shown, group)
    listed = _nearest("SegmentList", shown, group)
    if template is not None:
        yield from _templated(template, shown, length_us)
    elif listed is not None:
        yield from (n.get("sourceURL") or n.get("media") or "" for n in listed if n.tag != "SegmentTimeline")
    else:
        yield ""  # one whole file: the base URL itself


def _templated(template: ElementTree.Element, shown: ElementTree.Element, length_us: int) -> Iterator[str]:
    known = {"RepresentationID": shown.get("id", ""), "Bandwidth": shown.get("bandwidth", "0")}
    if first := template.get("initialization"):
        yield _filled(first, known)
    media, number = template.get("media", ""), int(template.get("startNumber", "1"))
    timeline = template.find("SegmentTimeline")
    if timeline is None:
        scale, step = int(template.get("timescale", "1")), int(template.get("duration", "0"))
        count = -(-length_us * scale // (step * US)) if step else 1
        for n in range(count):
            yield _filled(media, {**known, "Number": str(number + n), "Time": str(n * step)})
        return
    time = 0
    for run in timeline.iter("S"):
        time = int(run.get("t", time))
        for _ in range(int(run.get("r", "0")) + 1):
            yield _filled(media, {**known, "Number": str(number), "Time": str(time)})
            time += int(run.get("d", "0"))
            number += 1


def _filled(template: str, values: dict[str, str]) -> str:
    return _NUMBER.sub(lambda m: values[m[1]].zfill(int(m[2] or 0)), template).replace("$$", "$")


def _nearest(tag: str, shown: ElementTree.Element, group: ElementTree.Element) -> ElementTree.Element | None:
    near = shown.find(tag)
    return near if near is not None else group.find(tag)


def _byte_range(value: str, after: int) -> tuple[int, int]:
    length, _, offset = value.partition("@")
    return int(length), int(offset) if offset else after


def _span_us(text: str | None) -> int | None:
    if not text or (m := _SPAN.fullmatch(text)) is None:
        return None
    hours, minutes, seconds = m.groups()
    return round((int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)) * US)
