"""What the proof of a smart cut compares: pictures as hashes and likenesses, packets as times and checksums.

Comparing them is engine.proof's.
"""

from dataclasses import dataclass
from fractions import Fraction

from framemill.commands import source
from framemill.domain.units import seconds

_HEAD = ("-nostdin", "-hide_banner", "-y")
LISTING = "made.crc"
# How a picture is made small enough to be compared: engine.proof's likeness.
LIKENESS = (32, 18)
LIKE = f"scale={LIKENESS[0]}:{LIKENESS[1]}:flags=area,format=gray"


@dataclass(frozen=True, slots=True)
class Packet:
    """A stored picture: times in ticks, bytes, checksum, and whether decoding may begin there."""

    dts: int
    pts: int
    size: int
    checksum: str
    key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Every stored picture of a stream, in the order of decoding."""

    time_base: Fraction
    packets: tuple[Packet, ...]
    settings: str  # size and checksum of what a decoder must know before the first


def witnessed(name: str, time_base: Fraction) -> tuple[str, ...]:
    """Outputs of a graph's pads `m` (pictures) and `g` (likenesses): `out/<name>.hash` and `.gray`."""
    base = ("-enc_time_base:v:0", str(time_base))
    return (
        *("-map", "[m]", "-fps_mode", "passthrough", *base),
        # 128 bits against accident, not malice, at a tenth of MD5's time.
        *("-f", "framehash", "-hash", "murmur3", f"file:out/{name}.hash"),
        *("-map", "[g]", "-fps_mode", "passthrough", *base, "-c:v", "rawvideo"),
        *("-f", "rawvideo", f"file:out/{name}.gray"),
    )


def shown(
    file: str, *, demuxer: str, start_us: int, length_us: int, time_base: Fraction, name: str
) -> tuple[str, ...]:
    """Decode a stretch of our own `out/<file>` into witnesses; any damage ends the run."""
    return (
        *("-v", "error", *_HEAD, "-xerror"),
        *source.guard_args(),
        *("-f", demuxer, "-noautorotate", "-copyts"),
        *(("-ss", seconds(start_us)) if start_us > 0 else ()),
        *("-t", seconds(length_us)),
        *("-i", f"file:out/{file}"),
        *("-filter_complex", f"[0:v:0]split[m][g0];[g0]{LIKE}[g]"),
        *witnessed(name, time_base),
    )


def packets(file: str, *, demuxer: str) -> tuple[str, ...]:
    """Every stored picture of our own `out/<file>`: times and checksums in `out/LISTING`."""
    return (
        *("-v", "error", *_HEAD),
        *source.guard_args(),
        *("-f", demuxer, "-copyts", "-i", f"file:out/{file}"),
        *("-map", "0:v:0", "-c", "copy", "-f", "framecrc", f"file:out/{LISTING}"),
    )


def read_packets(text: str) -> Stored:
    """What the framecrc muxer wrote. https://ffmpeg.org/ffmpeg-formats.html#framecrc"""
    base, settings = Fraction(1), ""
    found = []
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == "#tb 0":
            base = Fraction(value.strip())
        elif name == "#extradata 0":
            settings = value.strip()
        elif not line.startswith("#") and line.strip():
            _, dts, pts, _, size, checksum, *more = (field.strip() for field in line.split(","))
            # Flags are only written where they are others than a keyframe's.
            key = not any(field.startswith("F=") for field in more)
            found.append(Packet(int(dts), int(pts), int(size), checksum, key))
    return Stored(time_base=base, packets=tuple(found), settings=settings)
