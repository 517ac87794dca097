"""Fonts that text is drawn with: the one that comes along, those that users give, and their names."""

import shutil
import struct
from importlib.resources import as_file, files
from pathlib import Path

from framemill.engine.workbench import Workbench
from framemill.errors import InputUnreadable

_FACES = ("Regular", "Bold", "Italic", "BoldItalic")
_MOST_BYTES = 64 * 1024 * 1024  # the largest fonts for Chinese have 50
# TrueType, OpenType, Apple's TrueType; collections, WOFF and WOFF2, whose insides are not looked at.
_KINDS = frozenset({b"\x00\x01\x00\x00", b"OTTO", b"true"})
_OTHERS = frozenset({b"ttcf", b"wOFF", b"wOF2"})
# The full name, which tells a bold face from the rest of its family, else the family.
# https://learn.microsoft.com/typography/opentype/spec/name
_FULL, _FAMILY = 4, 1


def default_font(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`default_font TO`: Open Sans, so that text looks the same on every machine."""
    _copy_face("Regular", bench.scratch / argv[0])


def default_faces(folder: Path) -> None:
    """Put Open Sans into `folder`, upright and slanted, plain and bold."""
    for face in _FACES:
        _copy_face(face, folder / f"default-{face}.ttf")


def check_font(path: Path) -> None:
    """InputUnreadable where `path` is no whole font: ffmpeg would take another one without a word."""
    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        raise InputUnreadable(path.name, "it is no file of a font's size")
    data = path.read_bytes()
    if data[:4] not in _KINDS | _OTHERS:
        raise InputUnreadable(path.name, "it is no TrueType or OpenType font")
    if data[:4] in _KINDS and not _whole(data):
        raise InputUnreadable(path.name, "it is a damaged font")


def full_name(path: Path, *, name: str) -> str:
    """The name of the first face in a TrueType or OpenType file; InputUnreadable where it is none."""
    try:
        found = _name(path.read_bytes()) if path.stat().st_size <= _MOST_BYTES else None
    except (OSError, struct.error, IndexError, UnicodeDecodeError):
        found = None
    if not found:
        error = InputUnreadable(name, "it is no TrueType or OpenType font")
        error.hint = "give a .ttf, .otf or .ttc file"
        raise error
    # A comma would end the field of the style that names it.
    return "".join(c for c in found if c.isprintable() and c not in ",{}")[:100].strip()


def _copy_face(face: str, target: Path) -> None:
    with as_file(files("ttf_opensans").joinpath(f"ttf/OpenSans-{face}.ttf")) as font:
        shutil.copyfile(font, target)


def _whole(data: bytes) -> bool:
    """True where every table lies inside the file, and those are there that letters need.

    https://learn.microsoft.com/typography/opentype/spec/otff#table-directory
    """
    count = int.from_bytes(data[4:6], "big")
    if len(data) < 12 + 16 * count:
        return False
    tables = {row[0]: row[2:] for row in struct.iter_unpack(">4sIII", data[12 : 12 + 16 * count])}
    return {b"cmap", b"head"} <= set(tables) and all(at + size <= len(data) for at, size in tables.values())


def _name(data: bytes) -> str | None:
    base = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    if data[base : base + 4] not in _KINDS:
        return None
    for number in range(struct.unpack_from(">H", data, base + 4)[0]):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, base + 12 + 16 * number)
        if tag == b"name":
            return _named(data, offset)
    return None


def _named(data: bytes, at: int) -> str | None:
    _, count, storage = struct.unpack_from(">HHH", data, at)
    found: dict[int, str] = {}
    for number in range(count):
        platform, _, _, kind, length, offset = struct.unpack_from(">6H", data, at + 6 + 12 * number)
        if kind in {_FULL, _FAMILY} and kind not in found:
            raw = data[at + storage + offset :][:length]
            found[kind] = raw.decode("mac-roman" if platform == 1 else "utf-16-be")
    return found.get(_FULL) or found.get(_FAMILY)
