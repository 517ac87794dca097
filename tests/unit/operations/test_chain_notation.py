"""Chains as people write them, and what is said where they are wrong."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from framemill.operations.chain.geometry import Crop, Flip, Rotate
from framemill.operations.chain.items import ITEMS, Chain
from framemill.operations.chain.looks import Fade, Grade, Volume
from framemill.operations.chain.notation import parse
from framemill.operations.chain.overlays import Text, Watermark
from framemill.operations.chain.values import Item

_CHAIN: TypeAdapter[tuple[Item, ...]] = TypeAdapter(Chain)


def one(item: object) -> Item:
    (made,) = _CHAIN.validate_python([item])
    return made


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ("crop width=640 height=50%", Crop(width="640", height="50%")),
        ("crop width=640px x=0", Crop(width="640", x="0")),
        ("flip", Flip(direction="horizontal")),
        ("flip vertical", Flip(direction="vertical")),
        ("rotate -12.5 colour=white", Rotate(angle=-12.5, colour="#ffffffff")),
        ("color saturation=0", Grade(saturation=0)),
        (
            "Fade out duration=1.5s of=picture",
            Fade.model_validate({"direction": "out", "duration": "1.5s", "of": "picture"}),
        ),
        ("volume -6dB", Volume(level="-6dB")),
        ("volume 0.50", Volume(level="0.5")),
        ("text 'Hello: you, 100% = fun' size=8%", Text(text="Hello: you, 100% = fun", size="8%")),
        ('text text="a=b" box=none', Text(text="a=b", box=None)),
        (r'text "C:\\x and \"y\""', Text(text='C:\\x and "y"')),
        ("text 'line\none'", Text(text="line\none")),
        (
            "watermark '-my logo=1.png' opacity=0.5",
            Watermark(image="-my logo=1.png", opacity=0.5),
        ),
    ],
)
def test_a_line_means_an_item(line: str, item: Item) -> None:
    assert one(line) == item


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("", "item 1: is empty"),
        ("crop", "item 1 (crop): give width, height or both"),
        ("corp width=1", "did you mean crop"),
        ("nonsense", "known: scale, crop, auto_crop"),
        ("crop 640", "'640' is not field=value"),
        ("crop width=640 width=3", "width is set twice"),
        ("crop widht=640", "there is no field 'widht'; known: width, height, x, y"),
        ("crop width=1e3", "width: '1e3' is no length"),
        ("crop width=-5", "'-5' is no length"),
        ("crop width=٣", "is no length"),
        ("text 'unclosed", "close the quotes"),
        ("text ''", "text: is blank"),
        ("text '  '", "text: is blank"),
        ({"filter": "text", "text": "a\0b"}, "control characters"),
        ({"filter": "text", "text": "\ud800"}, "no text in Unicode"),
        ({"filter": "text", "text": "x" * 2001}, "at most 2000"),
        ({"filter": "text", "text": ["a"]}, "is no text"),
        ("text hi colour=reddish", "'reddish' is not a colour"),
        ("text hi start=5 end=5", "end does not come after"),
        ("rotate nan", "angle: input should be"),
        ("rotate 361", "angle: input should be less than or equal to 360"),
        ("volume 1e9", "is no volume"),
        ("volume -200dB", "is no volume"),
        ("colour gamma=inf", "gamma: input should be"),
        ("fps 0", "is not a frame rate"),
        ("fade in duration=0", "duration: input should be greater than 0"),
        ("fade sideways", "direction: input should be 'in' or 'out'"),
        ("pad width=100 aspect=1:1", "width and height, or aspect"),
        ("pad aspect=0:1", "aspect"),
        ("scale width=100 fit=pad", "needs both"),
        ("blur x=0 y=0", "width: field required"),
        (7, "item 1: is no filter"),
        ({"width": 3}, "needs `filter`"),
        ({"filter": 3}, "needs `filter`"),
        (None, "is no filter"),
    ],
)
def test_what_is_wrong_is_said_with_the_item_and_the_field(item: object, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        one(item)

    assert said in refused.value.errors()[0]["msg"]


@given(st.text(max_size=40))
def test_no_line_does_more_than_fail(line: str) -> None:
    with contextlib.suppress(ValidationError):
        _CHAIN.validate_python([line])


@given(st.text(min_size=1, max_size=60))
def test_any_word_can_be_quoted(word: str) -> None:
    quoted = "'" + word.replace("'", "'\"'\"'") + "'"

    assert parse(f"text text={quoted}", {}) == {"filter": "text", "text": word}


@pytest.mark.parametrize("name", ITEMS)
def test_every_field_of_every_item_says_what_it_is_for(name: str) -> None:
    fields = {key: field for key, field in ITEMS[name].model_fields.items() if key != "filter"}

    assert [key for key, field in fields.items() if not field.description] == []
    main = getattr(ITEMS[name], "main", None)
    assert main is None or main in fields


def test_the_schema_tells_items_apart_by_their_filter() -> None:
    items = _CHAIN.json_schema()["items"]

    assert items["discriminator"]["propertyName"] == "filter"
    assert set(items["discriminator"]["mapping"]) == set(ITEMS)
