"""Whether a file ends where its outermost structure says, which its times may hide.

Some lengths are a tenth off in honest files, and garbage behind a cut can pass
for the last packets. Sizes are exact: boxes (ISO/IEC 14496-12), EBML elements
(RFC 8794), RIFF chunks and transport packets (ISO/IEC 13818-1).
"""

import os
import struct
from pathlib import Path
from typing import BinaryIO

# A fragmented recording of a day has some ten thousand boxes; more are not walked.
_MOST_BOXES = 100_000
_BOXES = {
    *(b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide"),
    *(b"uuid", b"sidx", b"mfra", b"meta", b"udta", b"pnot", b"prft", b"emsg"),
}
_TORN = "it ends inside a packet: it is incomplete, or something else follows its end"
# What else is cut, nobody misses.
_FOOTAGE = {b"moov", b"moof", b"mdat"}
_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_SYNC = 0x47
# Of a transport packet, and what may stand before it (a time) or behind it (error correction).
_PACKETS = ((0, 188, 0), (4, 188, 0), (0, 188, 16))


def cut_short(path: Path, container: str) -> str | None:
    """What shows that the end of `path` is missing; None where nothing does.

    `container` is the demuxer's first name. An end that is not stated (live
    recordings, transport streams cut between two packets) shows nothing.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if container == "mpegts":
            return _TORN if _is_torn(file, size) else None
        walk = {"mov": _boxes_end, "matroska": _segment_end, "avi": _riff_end}.get(container)
        end = walk(file, size) if walk else 0
    if end <= size:
        return None
    return f"at least {end - size} bytes are missing at its end: it is incomplete"


def _at(file: BinaryIO, place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)


def _boxes_end(file: BinaryIO, size: int) -> int:
    place = 0
    for _ in range(_MOST_BOXES):
        head = _at(file, place, 16)
        if len(head) < 8 or head[4:8] not in _BOXES:
            break
        length: int = struct.unpack_from(">I", head)[0]
        if length == 1 and len(head) == 16:
            length = struct.unpack_from(">Q", head, 8)[0]
        if length < 8:  # zero reaches to the end, wherever that is
            break
        if place + length > size:
            return place + length if head[4:8] in _FOOTAGE else 0
        place += length
    return 0


def _segment_end(file: BinaryIO, size: int) -> int:
    place = 0
    for wanted in (_EBML, _SEGMENT):
        head = _at(file, place, 12)
        width = 9 - head[4].bit_length() if len(head) == 12 else 0
        if not 1 <= width <= 8 or int.from_bytes(head[:4], "big") != wanted:
            return 0
        most = (1 << 7 * width) - 1
        length = int.from_bytes(head[4 : 4 + width], "big") & most
        if length == most:  # unknown: it was written live
            return 0
        place += 4 + width + length
        if place > size:
            return place
    return 0


def _riff_end(file: BinaryIO, size: int) -> int:
    place = 0
    while len(head := _at(file, place, 8)) == 8 and head[:4] == b"RIFF":
        length: int = struct.unpack_from("<I", head, 4)[0]
        if place + 8 + length > size:
            return place + 8 + length
        if not length:  # the recorder never came back to fill it in
            break
        place += 8 + length + length % 2
    return 0


def _is_torn(file: BinaryIO, size: int) -> bool:
    """True where the last two packets do not reach just to the end."""
    reach = 2 * (188 + 16)
    if size < reach:
        return False
    file.seek(-reach, os.SEEK_END)
    tail = file.read()
    for before, packet, behind in _PACKETS:
        last = reach - behind - packet
        if tail[last] == _SYNC == tail[last - before - packet - behind]:
            return False
    return True
