"""Which letters fonts have, read from their own tables."""

import struct
from importlib.resources import files
from pathlib import Path

import pytest

from framemill.engine.letters import check, letters_of
from framemill.errors import NotSupported
from tests.engines import a_workbench

OPEN_SANS = files("ttf_opensans").joinpath("ttf/OpenSans-Regular.ttf")


@pytest.fixture(name="font")
def _font(tmp_path: Path) -> Path:
    (tmp_path / "font").write_bytes(OPEN_SANS.read_bytes())
    return tmp_path / "font"


def a_font(cmap: bytes) -> bytes:
    """A font with nothing but a table of letters."""
    head = b"\0\1\0\0" + struct.pack(">HHHH", 1, 0, 0, 0)
    return head + struct.pack(">4sIII", b"cmap", 0, 28, len(cmap)) + cmap


def groups(*ranges: tuple[int, int]) -> bytes:
    """A table of format 12."""
    rows = b"".join(struct.pack(">III", first, last, 1) for first, last in ranges)
    table = struct.pack(">HHIII", 12, 0, 16 + len(rows), 0, len(ranges)) + rows
    return struct.pack(">HH", 0, 1) + struct.pack(">HHI", 3, 10, 12) + table


def segments(*ranges: tuple[int, int]) -> bytes:
    """A table of format 4."""
    count = len(ranges)
    ends, starts = ([r[n] for r in ranges] for n in (1, 0))
    rows = struct.pack(f">{count}HH{count}H{count}H{count}H", *ends, 0, *starts, *[1] * count, *[0] * count)
    # Longer than its own length can say, which nobody looks at.
    table = struct.pack(">7H", 4, 0, 0, 2 * count, 0, 0, 0) + rows
    return struct.pack(">HH", 0, 1) + struct.pack(">HHI", 3, 1, 12) + table


def test_open_sans_has_three_scripts_and_no_others(font: Path) -> None:
    known = letters_of(font)

    assert known is not None
    assert set("Straße Ωμέγα Привет €") <= known
    assert not set("日本שع") & known


def test_ranges_of_the_first_plane_are_read(tmp_path: Path) -> None:
    (tmp_path / "font").write_bytes(a_font(segments((0x41, 0x43), (0xFFFF, 0xFFFF))))

    assert letters_of(tmp_path / "font") == frozenset("ABC")


def test_ranges_beyond_the_first_plane_are_read(tmp_path: Path) -> None:
    (tmp_path / "font").write_bytes(a_font(groups((0x41, 0x43), (0x1F600, 0x1F601))))

    assert letters_of(tmp_path / "font") == frozenset("ABC\U0001f600\U0001f601")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ttcf" + bytes(40),
        a_font(b""),
        a_font(groups((5, 0x7FFFFFFF))),
        a_font(groups((9, 3))),
        # Half a megabyte that would take hours.
        a_font(groups(*[(0, 0x10FFFF)] * 40_000)),
        a_font(segments(*[(0, 0xFFFE)] * 5_000)),
        a_font(struct.pack(">HHHHI", 0, 1, 3, 1, 12) + struct.pack(">HHHH", 4, 900, 0, 0xFFFE)),
    ],
)
def test_a_table_that_lies_says_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "font").write_bytes(data)

    assert not letters_of(tmp_path / "font")


def test_missing_letters_are_named_and_symbols_forgiven(font: Path, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("plain\n\N{GRINNING FACE}", "utf-8")
    (tmp_path / "two").write_text("日本", "utf-8")
    bench = a_workbench(tmp_path)

    check(bench, ("font", "one"))
    with pytest.raises(NotSupported, match="no letters 日 本"):
        check(bench, ("font", "one", "two"))
