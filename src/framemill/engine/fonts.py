"""The name of a font file, by which libass finds it among those of the machine."""

import struct
from pathlib import Path

from framemill.errors import InputUnreadable

_MOST_BYTES = 64 * 1024 * 1024  # the largest fonts for Chinese have 50
_KINDS = frozenset({b"\x00\x01\x00\x00", b"OTTO", b"true"})
# The full name, which tells a bold face from the rest of its family, else the family.
# https://learn.microsoft.com/typography/opentype/spec/name
_FULL, _FAMILY = 4, 1


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
