"""Which letters a font has: for one that is missing a box would be drawn, and nobody would be told."""

import struct
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from framemill.engine.workbench import Workbench
from framemill.errors import NotSupported

# Symbols, marks and what is never drawn: a text is understood without them.
_FORGIVEN = frozenset({"So", "Sk", "Cf", "Cc", "Co", "Cn", "Mn", "Me", "Zs", "Zl", "Zp"})
_MOST_NAMED = 8
# Tables of Unicode letters, the fuller kind first: (platform, encoding).
# https://learn.microsoft.com/typography/opentype/spec/cmap
_TABLES = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))
_MOST_LETTERS = 0x110000
_NO_LETTER = 0xFFFF  # ends every table of format 4, often with an offset that leads nowhere


def check(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`font_letters FONT TEXT...`: NotSupported names the letters of the texts that FONT lacks."""
    font, *texts = argv
    known = letters_of(bench.scratch / font)
    if known is None:
        return  # a collection or a web font: nobody looks inside
    wanted = {letter for text in texts for letter in (bench.scratch / text).read_text("utf-8")}
    lacking = sorted(c for c in wanted - known if needed(c))
    if lacking:
        raise NotSupported(
            f"the font has no letters {named(lacking)} that the text needs",
            hint="give a font file that has them",
        )


def needed(letter: str) -> bool:
    """True for what a reader would miss."""
    return unicodedata.category(letter) not in _FORGIVEN


def named(letters: Iterable[str]) -> str:
    """The first few of them, for a sentence."""
    found = list(letters)
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return " ".join(found[:_MOST_NAMED]) + more


def letters_of(path: Path) -> frozenset[str] | None:
    """The characters that a TrueType or OpenType file draws; None where that cannot be told."""
    try:
        return _read(path.read_bytes())
    except (struct.error, ValueError, OverflowError):
        return None


def _read(data: bytes) -> frozenset[str] | None:
    count = struct.unpack_from(">H", data, 4)[0]
    rows = struct.iter_unpack(">4sIII", data[12 : 12 + 16 * count])
    start = next((at for tag, _, at, _ in rows if tag == b"cmap"), None)
    if start is None or data[:4] == b"ttcf":
        return None
    tables = {}
    for number in range(struct.unpack_from(">H", data, start + 2)[0]):
        platform, encoding, offset = struct.unpack_from(">HHI", data, start + 4 + 8 * number)
        tables[platform, encoding] = start + offset
    for kind in _TABLES:
        if kind in tables:
            at = tables[kind]
            form = struct.unpack_from(">H", data, at)[0]
            if form in {4, 12}:
                return frozenset(map(chr, _format4(data, at) if form == 4 else _format12(data, at)))
    return None


def _format4(data: bytes, at: int) -> set[int]:
    """Ranges in four parallel arrays; glyph 0 is the box."""
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", data, at + 16 + 4 * count)
    place = at + 16 + 6 * count
    offsets = struct.unpack_from(f">{count}H", data, place)
    found: set[int] = set()
    groups = _bounded(zip(starts, ends, strict=True))
    for n, (group, delta, offset) in enumerate(zip(groups, deltas, offsets, strict=True)):
        for code in group:
            if code == _NO_LETTER:
                continue
            if offset:
                glyph = struct.unpack_from(">H", data, place + 2 * n + offset + 2 * (code - group[0]))[0]
            else:
                glyph = (code + delta) & 0xFFFF
            if glyph:
                found.add(code)
    return found


def _format12(data: bytes, at: int) -> set[int]:
    """Groups of start, end and first glyph."""
    count = struct.unpack_from(">I", data, at + 12)[0]
    rows = struct.iter_unpack(">III", data[at + 16 : at + 16 + 12 * count])
    return {code for group in _bounded((row[0], row[1]) for row in rows) for code in group}


def _bounded(ranges: Iterable[tuple[int, int]]) -> Iterator[range]:
    """The ranges; ValueError where they are none, or name more letters than there are."""
    total = 0
    for first, last in ranges:
        total += last - first + 1
        if first > last or last >= _MOST_LETTERS or total > _MOST_LETTERS:
            raise ValueError("ranges that no font has")
        yield range(first, last + 1)
