"""A first look at fonts, and the one that comes along."""

from importlib.resources import files
from pathlib import Path

import pytest

from framemill.engine.fonts import check_font, default_font, full_name
from framemill.errors import InputUnreadable
from tests.engines import a_workbench

FONT = files("ttf_opensans").joinpath("ttf/OpenSans-Regular.ttf").read_bytes()


def test_the_default_font_is_a_whole_one(tmp_path: Path) -> None:
    default_font(a_workbench(tmp_path), ("font",))

    check_font(tmp_path / "font")
    assert full_name(tmp_path / "font", name="font") == "Open Sans Regular"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"OTTO",
        b"<svg/>",
        FONT[:20_000],
        FONT[:-8],
        b"\0\1\0\0" + b"\xff" * 5000,
        b"\0\1\0\0" + b"\0" * 5000,
    ],
)
def test_what_is_no_whole_font_is_refused(data: bytes, tmp_path: Path) -> None:
    font = tmp_path / "font.ttf"
    font.write_bytes(data)

    with pytest.raises(InputUnreadable, match=r"font\.ttf"):
        check_font(font)


@pytest.mark.parametrize("name", ["/dev/zero", "/tmp"])
def test_a_device_or_folder_is_no_font(name: str) -> None:
    with pytest.raises(InputUnreadable, match="no file of a font's size"):
        check_font(Path(name))
