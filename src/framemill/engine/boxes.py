"""Small changes to MP4 files that ffmpeg just wrote for us: single-track, index last. Never to others' files.

Growing what lies in the index moves no picture there, since the index stands
behind all of them. Box layout: ISO/IEC 14496-12, avcC: ISO/IEC 14496-15.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from framemill.errors import OutputInvalid

_TABLES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_SIZES = (*_TABLES, b"stsz")
_AVC = (*_TABLES, b"stsd", b"avc1", b"avcC")
_HEVC = (*_TABLES, b"stsd", b"hev1", b"hvcC")
_HEADER = 8
# What stands in a box before the boxes inside it, beside its own header.
_BEFORE = {b"stsd": 8, b"avc1": 78, b"hev1": 78, b"hvc1": 78}
# NAL unit types of HEVC.
_CLEAN_RANDOM_ACCESS, _BROKEN_LINK = 21, 18


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Sets:
    """The parameter sets of an H.264 track."""

    begin: bytes  # profile and level, up to the length of lengths
    sequence: tuple[bytes, ...]
    picture: tuple[bytes, ...]
    rest: bytes  # what high profiles add


def h264_sets(path: Path) -> Sets:
    """The parameter sets that `path` names in its header."""
    _, index = _index(path)
    box = _chain(index, _AVC, path)[-1]
    return _read(index[box.body : box.end], path)


def name_h264_sets(path: Path, sets: Sets) -> None:
    """Let the header of `path` name `sets` instead of its own."""
    _rewrite(path, _AVC, _written(sets))


def copy_hevc_sets(source: Path, target: Path) -> None:
    """Let the header of `target` name the parameter sets of `source`."""
    _, index = _index(source)
    box = _chain(index, _HEVC, source)[-1]
    _rewrite(target, _HEVC, index[box.body : box.end])


def decoder_setup(path: Path) -> bytes:
    """What the header of an H.264 or HEVC track tells a decoder: parameter sets and how they are written."""
    _, index = _index(path)
    for kinds in (_AVC, _HEVC, (*_HEVC[:-2], b"hvc1", b"hvcC")):
        entry = _chain(index, kinds[:-2], path)[-1]
        if index[entry.body + 12 : entry.body + 16] == kinds[-2]:
            box = _chain(index, kinds, path)[-1]
            return index[box.body : box.end]
    raise OutputInvalid(f"{path.name!r} holds neither H.264 nor HEVC")


def break_link(path: Path) -> None:
    """Say of an HEVC track's first picture that nothing before it counts.

    A clean random access picture (CRA, type 21) becomes a broken link (BLA_N_LP, type 18): the same slice
    under another name, behind which a decoder may find any other pictures. ITU-T H.265, 7.4.2.2.
    """
    start, index = _index(path)
    box = _chain(index, _SIZES, path)[-1]
    uniform, _, first = struct.unpack_from(">III", index[box.body : box.end] + bytes(4), 4)
    with path.open("r+b") as file:
        pictures = next(box for box in _outer(file, path) if box.kind == b"mdat")
        place, end = pictures.body, pictures.body + (uniform or first)
        while place < end <= start:
            file.seek(place)
            (length, head) = struct.unpack(">IB", file.read(5))
            if head >> 1 & 63 == _CLEAN_RANDOM_ACCESS:
                file.seek(place + 4)
                file.write(bytes([head & 0x81 | _BROKEN_LINK << 1]))
            place += 4 + length


def _rewrite(path: Path, kinds: Sequence[bytes], body: bytes) -> None:
    start, index = _index(path)
    changed = _replaced(index, _chain(index, kinds, path), body)
    with path.open("r+b") as file:
        file.seek(start)
        file.write(changed)
        file.truncate()


def _index(path: Path) -> tuple[int, bytes]:
    """Where the index begins, and the index."""
    with path.open("rb") as file:
        last = list(_outer(file, path))[-1]
        if last.kind != b"moov":
            raise OutputInvalid(f"{path.name!r} does not end with its index")
        file.seek(last.start)
        return last.start, file.read()


def _outer(file: BinaryIO, path: Path) -> Iterator[_Box]:
    place, size = 0, path.stat().st_size
    while place < size:
        file.seek(place)
        box = _box(file.read(16), place, path)
        yield box
        place = box.end


def _chain(index: bytes, kinds: Sequence[bytes], path: Path) -> list[_Box]:
    """The boxes inside each other that `kinds` names, the index first."""
    chain: list[_Box] = []
    place, end = 0, len(index)
    for kind in kinds:
        while True:
            if place >= end:
                raise OutputInvalid(f"{path.name!r} has no {kind.decode()}")
            box = _box(index[place : place + 16], place, path)
            if box.kind == kind:
                break
            place = box.end
        chain.append(box)
        place, end = box.body + _BEFORE.get(kind, 0), box.end
    return chain


def _box(head: bytes, place: int, path: Path) -> _Box:
    size, kind = struct.unpack_from(">I4s", head)
    long = size == 1
    if long:
        size = struct.unpack_from(">Q", head, _HEADER)[0]
    body = place + _HEADER + (8 if long else 0)
    if place + size < body:
        raise OutputInvalid(f"{path.name!r} has a box without a size")
    return _Box(kind, place, body, place + size)


def _replaced(index: bytes, chain: Sequence[_Box], body: bytes) -> bytes:
    """The index with another body in the innermost box."""
    inner = chain[-1]
    grown = len(body) - (inner.end - inner.body)
    changed = bytearray(index)
    for box in chain:
        struct.pack_into(">I", changed, box.start, box.end - box.start + grown)
    changed[inner.body : inner.end] = body
    return bytes(changed)


def _read(record: bytes, path: Path) -> Sets:
    if len(record) < 7 or record[4] & 3 != 3:
        raise OutputInvalid(f"{path.name!r} does not give lengths four bytes")
    place = 6
    groups: list[tuple[bytes, ...]] = []
    for count in (record[5] & 31, None):
        if count is None:
            count, place = record[place], place + 1
        sets = []
        for _ in range(count):
            (length,) = struct.unpack_from(">H", record, place)
            sets.append(record[place + 2 : place + 2 + length])
            place += 2 + length
        groups.append(tuple(sets))
    return Sets(record[:5], groups[0], groups[1], record[place:])


def _written(sets: Sets) -> bytes:
    def listed(group: Sequence[bytes]) -> bytes:
        return b"".join(struct.pack(">H", len(one)) + one for one in group)

    return b"".join(
        (
            sets.begin,
            bytes([0xE0 | len(sets.sequence)]),
            listed(sets.sequence),
            bytes([len(sets.picture)]),
            listed(sets.picture),
            sets.rest,
        )
    )
