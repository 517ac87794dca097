"""Which letters a font has: for one that is missing a box would be drawn, and nobody would be told."""

import struct
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from framemill.engine.workbench import Workbench
from framemill.errors import NotSupported

# Symbols, marks and what is never drawn: a text is understood without them.
_FORGIVEN = frozenset({"So", "Sk", "Cf", "Cc", "Co", "Cn", "Mn", "Me", "Zs", "Zl", "Zp"})
_MOST_NAMED = 8
# Tables of Unicode letters, the fuller kind first: (platform, encoding).
# https://learn.microsoft.com/typography/opentype/spec/cmap
_TABLES = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))
_MOST_GROUPS = 70_000


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
    _check_ascending(zip(starts, ends, strict=True))
    for n, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            if offset:
                glyph = struct.unpack_from(">H", data, place + 2 * n + offset + 2 * (code - first))[0]
            else:
                glyph = (code + delta) & 0xFFFF
            if glyph:
                found.add(code)
    return found


def _format12(data: bytes, at: int) -> set[int]:
    """Groups of start, end and first glyph."""
    count = struct.unpack_from(">I", data, at + 12)[0]
    if count > _MOST_GROUPS:
        raise ValueError("more groups than a font has")
    groups = [(first, last) for first, last, _ in struct.iter_unpack(">III", data[at + 16 :][: 12 * count])]
    _check_ascending(groups)
    return {code for first, last in groups for code in range(first, last + 1)}


def _check_ascending(ranges: Iterable[tuple[int, int]]) -> None:
    """ValueError where ranges overlap: thousands that each hold everything would take hours to read."""
    before = -1
    for first, last in ranges:
        if not before < first <= last <= 0x10FFFF:
            raise ValueError("ranges that are none")
        before = last
