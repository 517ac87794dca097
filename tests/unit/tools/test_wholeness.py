import struct
from pathlib import Path

import pytest

from framemill.tools.wholeness import cut_short


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def _riff(body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _packets(before: int, behind: int) -> bytes:
    return (bytes(before) + b"G" + bytes(187 + behind)) * 9


FTYP, MOOV = _box(b"ftyp", b"isom"), _box(b"moov", bytes(60))
MP4 = FTYP + MOOV + _box(b"mdat", b"m" * 900)
LONG_MP4 = FTYP + MOOV + struct.pack(">I4sQ", 1, b"mdat", 16 + 900) + b"m" * 900
EBML = bytes.fromhex("1a45dfa3 84") + bytes(4)
MKV = EBML + bytes.fromhex("18538067 4384") + b"m" * 0x384
AVI = _riff(b"AVI " + b"m" * 500) + _riff(b"AVIX" + b"m" * 401) + b"\0"
TS, M2TS, CORRECTED = _packets(0, 0), _packets(4, 0), _packets(0, 16)


@pytest.mark.parametrize(
    ("container", "content"),
    [
        *(("mov", MP4), ("mov", LONG_MP4), ("matroska", MKV), ("avi", AVI)),
        *(("mpegts", TS), ("mpegts", M2TS), ("mpegts", CORRECTED)),
    ],
)
def test_a_whole_file_shows_nothing_and_a_cut_one_its_cut(
    tmp_path: Path, container: str, content: bytes
) -> None:
    file = tmp_path / "film"
    file.write_bytes(content)
    assert cut_short(file, container) is None

    for tail in (b"", bytes(31), b"\xff" * 31):
        file.write_bytes(content[:-101] + tail)
        assert "incomplete" in (cut_short(file, container) or ""), tail


@pytest.mark.parametrize(
    ("container", "content"),
    [
        ("mov", FTYP + MOOV + b"\0\0\0\0mdat" + b"m" * 50),  # to the end, wherever that is
        ("mov", MP4 + bytes(70)),
        ("mov", MP4 + b"\0\0\xff\xff" + b"free"),  # nobody misses padding
        ("mov", MP4 + b"mm\xff\xffnone" + bytes(70)),
        ("mov", b""),
        ("matroska", EBML + bytes.fromhex("18538067 01ffffffffffffff") + b"m" * 50),  # written live
        ("matroska", MKV + bytes(70)),
        ("matroska", EBML),
        ("matroska", bytes(50)),
        ("avi", b"RIFF\0\0\0\0AVI " + b"m" * 50),  # a recorder that never came back
        ("avi", AVI[:-1]),  # without its padding
        ("mpegts", b"G" * 10),
        ("flv", b"FLV" + bytes(50)),
    ],
)
def test_what_states_no_end_shows_nothing(tmp_path: Path, container: str, content: bytes) -> None:
    file = tmp_path / "film"
    file.write_bytes(content)

    assert cut_short(file, container) is None
