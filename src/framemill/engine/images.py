"""Size and wholeness of pictures, read from their own bytes.

Image demuxers are not among what a probe may open (they follow file name
patterns), and starting a program for each thumbnail costs more than making it.
"""

import struct
from pathlib import Path

from framemill.domain.media import Picture
from framemill.errors import OutputInvalid


def read_picture(path: Path) -> Picture:
    """The picture in `path`; OutputInvalid where it is none that we make, or where its end is missing."""
    data = path.read_bytes()
    try:
        found = _read(data)
    except (struct.error, IndexError):
        found = None
    if found is None:
        raise OutputInvalid(f"{path.name!r} is not a whole JPEG, PNG, WebP, AVIF or GIF picture")
    return found


def _read(data: bytes) -> Picture | None:
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = struct.unpack_from(">II", data, 16)
        return (
            Picture(codec="png", width=width, height=height, demuxer="png_pipe")
            if b"IEND" in data[-12:]
            else None
        )
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data[:6] in {b"GIF87a", b"GIF89a"}:
        width, height = struct.unpack_from("<HH", data, 6)
        return Picture(codec="gif", width=width, height=height, demuxer="gif") if data[-1:] == b";" else None
    if data[4:12] in {b"ftypavif", b"ftypavis"}:
        return _avif(data)
    return None


def _jpeg(data: bytes) -> Picture | None:
    if b"\xff\xd9" not in data[-16:]:
        return None
    at = 2
    while at < len(data):
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        # Start of frame, of any coding; C4, C8 and CC are other things.
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack_from(">HH", data, at + 4)
            return Picture(codec="mjpeg", width=width, height=height, demuxer="jpeg_pipe")
        at += 1 + struct.unpack_from(">H", data, at + 1)[0]
    return None


def _webp(data: bytes) -> Picture | None:
    if struct.unpack_from("<I", data, 4)[0] + 8 > len(data):
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        return None
    moves = kind == b"VP8X" and bool(data[20] & 2)
    return Picture(codec="webp", width=width, height=height, demuxer=None if moves else "webp_pipe")


def _avif(data: bytes) -> Picture | None:
    # Boxes must reach the end exactly, else the file was cut.
    at = 0
    while at < len(data):
        size = struct.unpack_from(">I", data, at)[0]
        if size < 8:
            return None
        at += size
    extent = data.find(b"ispe")
    if at != len(data) or extent < 0:
        return None
    width, height = struct.unpack_from(">II", data, extent + 8)
    return Picture(codec="av1", width=width, height=height, demuxer="mov")
