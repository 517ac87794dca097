import struct
from pathlib import Path

import pytest

from framemill.domain.media import Picture
from framemill.engine.images import read_picture
from framemill.errors import OutputInvalid


def _png() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 720, 404) + b"...." + b"\0\0\0\0IENDcrc4"


def _jpeg() -> bytes:
    app = b"\xff\xe0" + struct.pack(">H", 16) + bytes(14)
    frame = b"\xff\xc0" + struct.pack(">HBHH", 11, 8, 404, 720) + bytes(4)
    return b"\xff\xd8" + app + frame + b"scan" + b"\xff\xd9"


def _webp(kind: bytes, body: bytes) -> bytes:
    chunk = b"WEBP" + kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunk)) + chunk


def _avif() -> bytes:
    def box(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body) + 8) + name + body

    return box(b"ftyp", b"avif....") + box(b"meta", box(b"ispe", bytes(4) + struct.pack(">II", 720, 404)))


PICTURES = {
    "png": (_png(), "png", "png_pipe"),
    "jpeg": (_jpeg(), "mjpeg", "jpeg_pipe"),
    "webp lossy": (_webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 720, 404)), "webp", "webp_pipe"),
    "webp lossless": (_webp(b"VP8L", b"\x2f" + struct.pack("<I", 719 | 403 << 14)), "webp", "webp_pipe"),
    "webp extended": (_webp(b"VP8X", b"\x10\0\0\0\xcf\x02\0\x93\x01\0"), "webp", "webp_pipe"),
    "webp moving": (_webp(b"VP8X", b"\x02\0\0\0\xcf\x02\0\x93\x01\0"), "webp", None),
    "gif": (b"GIF89a" + struct.pack("<HH", 720, 404) + b"...;", "gif", "gif"),
    "avif": (_avif(), "av1", "mov"),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_the_size_is_read_from_the_picture_itself(tmp_path: Path, kind: str) -> None:
    data, codec, demuxer = PICTURES[kind]
    (tmp_path / "p").write_bytes(data)

    assert read_picture(tmp_path / "p") == Picture(codec=codec, width=720, height=404, demuxer=demuxer)


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_without_its_end_is_refused(tmp_path: Path, kind: str) -> None:
    data = PICTURES[kind][0]
    (tmp_path / "p").write_bytes(data[:-5])

    with pytest.raises(OutputInvalid, match="not a whole"):
        read_picture(tmp_path / "p")


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"<svg/>", b"RIFF....WEBPVP8?", bytes(64)])
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "p").write_bytes(data)

    with pytest.raises(OutputInvalid):
        read_picture(tmp_path / "p")
