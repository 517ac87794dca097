import struct
from pathlib import Path

import pytest

from framemill.engine.boxes import Sets, break_link, copy_hevc_sets, h264_sets, name_h264_sets
from framemill.errors import OutputInvalid

SETS = Sets(b"\x01\x64\x00\x1e\xff", (b"\x67seq",), (b"\x68pic",), b"\xfd\xf8\xf8\x00")


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def a_file(path: Path, *, entry: bytes, pictures: bytes = b"pictures", sizes: tuple[int, ...] = (8,)) -> Path:
    """An MP4 as ffmpeg writes it without faststart, as far as anybody looks."""
    stsd = box(b"stsd", bytes(8), entry)
    stsz = box(b"stsz", bytes(4), struct.pack(f">II{len(sizes)}I", 0, len(sizes), *sizes))
    tables = box(b"minf", box(b"stbl", stsd, stsz))
    index = box(
        b"moov", box(b"mvhd", bytes(100)), box(b"trak", box(b"tkhd", bytes(84)), box(b"mdia", tables))
    )
    path.write_bytes(box(b"ftyp", b"isom") + box(b"free") + box(b"mdat", pictures) + index)
    return path


def avc(*sets: bytes) -> bytes:
    record = b"\x01\x64\x00\x1e\xff" + bytes([0xE1]) + b"\x00\x04\x67seq\x01\x00\x04\x68pic\xfd\xf8\xf8\x00"
    return box(b"avc1", bytes(78), box(b"avcC", record), *sets)


def test_parameter_sets_are_read_and_others_named_in_their_place(tmp_path: Path) -> None:
    path = a_file(tmp_path / "a.mp4", entry=avc(box(b"pasp", bytes(8))))
    before = path.read_bytes()
    more = Sets(SETS.begin, (*SETS.sequence, b"\x67another"), (*SETS.picture, b"\x68more"), SETS.rest)

    assert h264_sets(path) == SETS
    name_h264_sets(path, more)

    assert h264_sets(path) == more
    after = path.read_bytes()
    grown = len(after) - len(before)
    place = before.index(b"moov") - 4
    assert after[:place] == before[:place]
    # Every box around it grew by as much.
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1", b"avcC"):
        was, now = (
            struct.unpack(">I", data[data.index(kind) - 4 : data.index(kind)])[0] for data in (before, after)
        )
        assert now == was + grown


def test_an_open_keyframe_becomes_a_broken_link_and_nothing_else_changes(tmp_path: Path) -> None:
    # Access unit delimiter, then two slices of type 21; a later picture of the same type stays.
    first = b"".join(
        struct.pack(">I", len(n)) + n for n in (bytes([35 << 1, 1]), b"\x2a\x01slice", b"\x2a\x01s")
    )
    later = struct.pack(">I", 4) + b"\x2a\x01xy"
    path = a_file(
        tmp_path / "a.mp4", entry=box(b"hev1"), pictures=first + later, sizes=(len(first), len(later))
    )
    before = path.read_bytes()

    break_link(path)

    after = path.read_bytes()
    changed = [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert [after[n] >> 1 & 63 for n in changed] == [18, 18]
    assert path.read_bytes()[-30:] == before[-30:]


def test_headers_of_hevc_take_the_parameter_sets_of_another_file(tmp_path: Path) -> None:
    def entry(record: bytes) -> bytes:
        return box(b"hev1", bytes(78), box(b"hvcC", record))

    source = a_file(tmp_path / "a.mp4", entry=entry(b"source's own"))
    target = a_file(tmp_path / "b.mp4", entry=entry(b"ours, which is longer"))

    copy_hevc_sets(source, target)

    assert target.read_bytes() == source.read_bytes()


def test_a_file_that_does_not_end_with_its_index_is_refused(tmp_path: Path) -> None:
    path = a_file(tmp_path / "a.mp4", entry=avc())
    path.write_bytes(path.read_bytes() + box(b"free"))

    with pytest.raises(OutputInvalid, match="does not end with its index"):
        h264_sets(path)
