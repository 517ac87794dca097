"""What a file's ending claims and its first bytes show: whether it may be taken in, and as what.

Pure, over a name and a KiB. What the file really holds, probing finds out.
"""

import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Final

from framemill.errors import InvalidUpload

HEAD: Final = 1024  # bytes from the start that `sniff` wants to see


class Shape(StrEnum):
    """How a file is laid out; the value is its name for people."""

    ISO = "MP4 or QuickTime"
    MATROSKA = "Matroska or WebM"
    AVI = "AVI"
    TS = "an MPEG transport stream"
    PS = "an MPEG program stream"
    FLV = "Flash video"
    ASF = "Windows Media"
    OGG = "Ogg"
    MXF = "MXF"
    MP3 = "MP3"
    ADTS = "raw AAC"
    WAV = "WAV"
    FLAC = "FLAC"
    TAGGED = "sound after an ID3 tag"  # MP3, AAC or FLAC: the tag may be longer than what was seen


# The layouts that go by each ending.
ENDINGS: dict[str, frozenset[Shape]] = {
    "mp4": frozenset({Shape.ISO}),
    "m4v": frozenset({Shape.ISO}),
    "mov": frozenset({Shape.ISO}),
    "3gp": frozenset({Shape.ISO}),
    "mkv": frozenset({Shape.MATROSKA}),
    "webm": frozenset({Shape.MATROSKA}),
    "avi": frozenset({Shape.AVI}),
    "ts": frozenset({Shape.TS}),
    "m2ts": frozenset({Shape.TS}),
    "mts": frozenset({Shape.TS}),
    "flv": frozenset({Shape.FLV}),
    "wmv": frozenset({Shape.ASF}),
    # Recorders give both kinds of stream this ending.
    "mpg": frozenset({Shape.PS, Shape.TS}),
    "mpeg": frozenset({Shape.PS, Shape.TS}),
    "ogv": frozenset({Shape.OGG}),
    "mxf": frozenset({Shape.MXF}),
    "mp3": frozenset({Shape.MP3, Shape.TAGGED}),
    "m4a": frozenset({Shape.ISO}),
    "wav": frozenset({Shape.WAV}),
    "flac": frozenset({Shape.FLAC, Shape.TAGGED}),
    "ogg": frozenset({Shape.OGG}),
    "opus": frozenset({Shape.OGG}),
    "aac": frozenset({Shape.ADTS, Shape.TAGGED}),
    "wma": frozenset({Shape.ASF}),
}


MEDIA: Final = "media"
# What operations read besides films and sound, by the kinds that specs name. The engine looks inside.
OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "subtitles": ("srt", "vtt", "ass", "ssa"),
    "picture": ("png", "jpg", "jpeg", "webp", "avif", "gif"),
    "font": ("ttf", "otf"),
}
MOST_OTHER: Final = 64 << 20  # bytes: the largest fonts have 50 MB
_LOOKED_INTO = frozenset(ending for endings in OTHERS.values() for ending in endings)


def other_ending_of(filename: str, kind: str) -> str:
    """The ending of a file that is none of film or sound; InvalidUpload where it is not taken as `kind`."""
    stem, dot, ending = filename.rpartition(".")
    ending = ending.lower()
    if not (stem and dot) or ending not in OTHERS[kind]:
        known = ", ".join(f".{word}" for word in OTHERS[kind])
        raise InvalidUpload(
            f"{filename[:200]!r} is not taken as {kind}", hint=f"its name ends in one of: {known}"
        )
    return ending


def kind_of(filename: str) -> str:
    """What operations read a file of this name as: one of OTHERS by its ending, else MEDIA."""
    ending = filename.rpartition(".")[2].lower()
    return next((kind for kind, endings in OTHERS.items() if ending in endings), MEDIA)


def ending_of(filename: str, accepted: Collection[str] = ENDINGS.keys()) -> str:
    """The ending that `filename` claims, in lower case; InvalidUpload where it is not `accepted`."""
    stem, dot, ending = filename.rpartition(".")
    ending = ending.lower()
    if not (stem and dot) or ending not in accepted or ending not in ENDINGS:
        said = f"files ending in .{ending[:20]}" if dot else "files without an ending"
        known = ", ".join(word for word in ENDINGS if word in accepted)
        raise InvalidUpload(f"{said} are not taken in", hint=f"these are: {known}")
    return ending


def check_fits(head: bytes, ending: str) -> None:
    """Raise InvalidUpload where a file that begins with `head` is not what its ending claims.

    `head` is the first KiB, less only where the file is shorter. What is none
    of film or sound the engine looks into.
    """
    if ending in _LOOKED_INTO:
        return
    shape = sniff(head)
    if shape is None:
        raise InvalidUpload(
            f"the file is no .{ending}: it begins like no film or sound that is taken in",
            hint="`framemill info FILE` shows what it is",
        )
    if shape not in ENDINGS[ending]:
        fitting = ", ".join(f".{name}" for name, known in ENDINGS.items() if shape in known)
        raise InvalidUpload(
            f"the file is no .{ending} but {shape}", hint=f"give it its right ending: {fitting}"
        )


def sniff(head: bytes) -> Shape | None:
    """How the file that begins with `head` is laid out, None for what is no film and no sound."""
    return next((shape for shape, test in _TESTS if test(head)), None)


# The first atom of a file, and how long it may claim to be; 0: up to the end, 1: the length stands behind.
_ATOMS = {
    **dict.fromkeys((b"ftyp", b"styp", b"wide", b"pnot", b"free", b"skip"), 1 << 24),
    b"moov": 1 << 28,
    b"mdat": 1 << 32,
}
_EBML_NAMES = re.compile(rb"\x42\x82.{1,8}?(?:matroska|webm)", re.DOTALL)
_WAVES = frozenset({b"RIFF", b"RF64", b"RIFX", b"BW64"})
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_MXF = bytes.fromhex("060e2b34020501010d010201")  # a header partition; bytes may stand before it
_PACKETS = (188, 192, 204)  # as broadcast; with the times that cameras add; with checksums
_SYNCS = 4


def _is_iso(head: bytes) -> bool:
    size = int.from_bytes(head[:4], "big")
    return (size in {0, 1} and head[4:8] == b"mdat") or 8 <= size < _ATOMS.get(head[4:8], 0)


def _is_ts(head: bytes) -> bool:
    """True where sync bytes stand as far apart as packets are long, from anywhere in the first packet on."""
    for length in _PACKETS:
        for start in range(length):
            syncs = head[start::length]
            if len(syncs) >= _SYNCS and syncs == b"G" * len(syncs):
                return True
    return False


def _is_mp3(head: bytes) -> bool:
    body = head.lstrip(b"\0")  # some encoders pad
    if len(body) < 4 or body[0] != 0xFF or body[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate, sampling = body[1] >> 3 & 3, body[1] >> 1 & 3, body[2] >> 4, body[2] >> 2 & 3
    # Layer I (3) is no MP3, and would let text in UTF-16 in: that begins with FF FE.
    return version != 1 and layer in {1, 2} and rate not in {0, 15} and sampling != 3


def _is_adts(head: bytes) -> bool:
    if head[:4] == b"ADIF":
        return True
    return len(head) >= 7 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0 and head[2] >> 2 & 15 < 13


# The exact ones first: two bytes tell raw sound, and a text may hold a 0x47 (G) now and then.
_TESTS: tuple[tuple[Shape, Callable[[bytes], bool]], ...] = (
    (Shape.ISO, _is_iso),
    (Shape.MATROSKA, lambda head: head[:4] == b"\x1a\x45\xdf\xa3" and bool(_EBML_NAMES.search(head))),
    (Shape.AVI, lambda head: head[:4] == b"RIFF" and head[8:12] in {b"AVI ", b"AVIX"}),
    (Shape.WAV, lambda head: head[:4] in _WAVES and head[8:12] == b"WAVE"),
    (Shape.FLV, lambda head: head[:4] == b"FLV\x01"),
    (Shape.ASF, lambda head: head[:16] == _ASF),
    (Shape.OGG, lambda head: head[:5] == b"OggS\0"),
    (Shape.FLAC, lambda head: head[:4] == b"fLaC"),
    (Shape.MXF, lambda head: _MXF in head),
    (Shape.TAGGED, lambda head: head[:3] == b"ID3" and len(head) >= 10 and head[3] < 0xFF),
    (Shape.PS, lambda head: head[:4] in {b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3"}),
    (Shape.TS, _is_ts),
    (Shape.ADTS, _is_adts),
    (Shape.MP3, _is_mp3),
)
