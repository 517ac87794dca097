import pytest

from framemill.domain.colours import darkened, parse_colour
from framemill.errors import InvalidSpec


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("white", "#ffffffff"),
        (" Orange ", "#ffa500ff"),
        ("#12aBcD", "#12abcdff"),
        ("#12abcd80", "#12abcd80"),
        ("black@0.5", "#00000080"),
        ("#ffffff@0", "#ffffff00"),
    ],
)
def test_colours_are_read_as_people_write_them(text: str, colour: str) -> None:
    assert parse_colour(text) == colour
    assert parse_colour(colour) == colour


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#fff",
        "0xffffff",
        "white@2",
        "white@",
        "#11223344@0.5",
        "red:x=1",
        "rouge",
        7,
        "#\uff21" + "a" * 5,
    ],
)
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(InvalidSpec, match="is not a colour"):
        parse_colour(text)


def test_darker_keeps_its_opacity() -> None:
    assert darkened("#ff800040", 0.5) == "#80400040"
