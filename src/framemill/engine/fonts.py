"""The family name of a font file, by which libass finds it among those of the machine."""

import struct
from pathlib import Path

from framemill.errors import InputUnreadable

_MOST_BYTES = 64 * 1024 * 1024  # the largest fonts for Chinese have 50
_KINDS = frozenset({b"\x00\x01\x00\x00", b"OTTO", b"true"})
_FAMILY = 1  # https://learn.microsoft.com/typography/opentype/spec/name


def family(path: Path, *, name: str) -> str:
    """The family of the first face in a TrueType or OpenType file; InputUnreadable where it is none."""
    try:
        found = _family(path.read_bytes()) if path.stat().st_size <= _MOST_BYTES else None
    except (OSError, struct.error, IndexError, UnicodeDecodeError):
        found = None
    if not found:
        error = InputUnreadable(name, "it is no TrueType or OpenType font")
        error.hint = "give a .ttf, .otf or .ttc file"
        raise error
    # A comma would end the field of the style that names it.
    return "".join(c for c in found if c.isprintable() and c not in ",{}")[:100].strip()


def _family(data: bytes) -> str | None:
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
    for number in range(count):
        platform, _, _, kind, length, offset = struct.unpack_from(">6H", data, at + 6 + 12 * number)
        if kind == _FAMILY:
            raw = data[at + storage + offset :][:length]
            return raw.decode("mac-roman" if platform == 1 else "utf-16-be")
    return None
