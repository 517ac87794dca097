"""Frames and length of moving pictures, read from their own bytes: GIF, animated WebP, APNG.

A probe may not open WebP and APNG, and a GIF whose writer stopped early
still opens. Size and wholeness are engine.images'.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from framemill.engine.workbench import Workbench
from framemill.errors import OutputInvalid

_MS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """How a picture moves. A still one has one frame and no length."""

    frames: int
    duration_us: int  # of one play
    plays: int | None  # 0: for ever; None: it does not say, so once


def read_motion(path: Path) -> Motion:
    """How the picture in `path` moves; OutputInvalid where it is none of these formats, or is damaged."""
    data = path.read_bytes()
    try:
        if data[:4] == b"GIF8":
            return _gif(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _apng(data)
    except (struct.error, IndexError):
        pass
    raise OutputInvalid(f"{path.name!r} is not a whole GIF, WebP or PNG picture")


def remove_still(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`remove_still NAME`: remove a file below out/ that does not move, so that it is made in another way."""
    (name,) = argv
    path = bench.scratch / "out" / name
    if read_motion(path).frames < 2:
        path.unlink()


def _gif(data: bytes) -> Motion:
    at = 13 + _colours(data[10])
    frames = hundredths = 0
    plays = None
    while data[at] != 0x3B:
        if data[at] == 0x2C:  # an image
            frames += 1
            at += 10 + _colours(data[at + 9]) + 1
        elif data[at] == 0x21:  # an extension
            if data[at + 1] == 0xF9:
                hundredths += struct.unpack_from("<H", data, at + 4)[0]
            if data[at + 3 : at + 14] == b"NETSCAPE2.0":
                # What it counts are repeats, after the first play.
                repeats = struct.unpack_from("<H", data, at + 16)[0]
                plays = repeats + 1 if repeats else 0
            at += 2
        else:
            raise IndexError
        while data[at]:  # sub-blocks until an empty one
            at += 1 + data[at]
        at += 1
    return Motion(frames=frames, duration_us=hundredths * 10 * _MS if frames > 1 else 0, plays=plays)


def _colours(flags: int) -> int:
    """Bytes of a colour table."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(data: bytes) -> Motion:
    at, frames, milliseconds = 12, 0, 0
    plays = None
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data):
            raise IndexError
        if kind == b"ANIM":
            plays = struct.unpack_from("<H", data, at + 12)[0]
        if kind == b"ANMF":
            frames += 1
            milliseconds += int.from_bytes(data[at + 20 : at + 23], "little")
        at += 8 + size + size % 2
    return Motion(frames=max(1, frames), duration_us=milliseconds * _MS, plays=plays)


def _apng(data: bytes) -> Motion:
    at, frames, duration_us = 8, 0, 0
    plays = None
    kind = b""
    while kind != b"IEND":
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"acTL":
            plays = struct.unpack_from(">I", data, at + 12)[0]
        if kind == b"fcTL":
            frames += 1
            count, per_second = struct.unpack_from(">HH", data, at + 28)
            duration_us += count * 1_000_000 // (per_second or 100)
        at += 12 + size
    return Motion(frames=max(1, frames), duration_us=duration_us, plays=plays)
