from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.api.preconditions import Verdict, Version, range_counts, verdict

_WRITTEN = datetime(2026, 5, 4, 12, 30, 15, 600_000, tzinfo=UTC)
_STORED = Version(etag="abc,d", modified=_WRITTEN)
_SAME = "Mon, 04 May 2026 12:30:15 GMT"
_BEFORE = "Mon, 04 May 2026 12:30:14 GMT"
_AFTER = "Mon, 04 May 2026 12:30:16 GMT"
_NOW = _WRITTEN + timedelta(hours=1)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Verdict.GO_ON),
        ({"if-match": '"abc,d"'}, Verdict.GO_ON),
        ({"if-match": '"x", "abc,d"'}, Verdict.GO_ON),
        ({"if-match": ',"x",,"abc,d",'}, Verdict.GO_ON),
        ({"if-match": "*"}, Verdict.GO_ON),
        ({"if-match": '"abc"'}, Verdict.FAILED),
        ({"if-match": 'W/"abc,d"'}, Verdict.FAILED),
        ({"if-match": "abc,d"}, Verdict.FAILED),
        ({"if-match": ""}, Verdict.FAILED),
        ({"if-match": '"x""abc,d"'}, Verdict.FAILED),
        ({"if-unmodified-since": _SAME}, Verdict.GO_ON),
        ({"if-unmodified-since": _AFTER}, Verdict.GO_ON),
        ({"if-unmodified-since": _BEFORE}, Verdict.FAILED),
        ({"if-unmodified-since": "yesterday"}, Verdict.GO_ON),
        ({"if-none-match": '"abc,d"'}, Verdict.NOT_MODIFIED),
        ({"if-none-match": 'W/"abc,d"'}, Verdict.NOT_MODIFIED),
        ({"if-none-match": '"x" ,\tW/"abc,d"'}, Verdict.NOT_MODIFIED),
        ({"if-none-match": "*"}, Verdict.NOT_MODIFIED),
        ({"if-none-match": '"abc"'}, Verdict.GO_ON),
        ({"if-none-match": '"ABC,D"'}, Verdict.GO_ON),
        ({"if-none-match": "nonsense"}, Verdict.GO_ON),
        ({"if-modified-since": _SAME}, Verdict.NOT_MODIFIED),
        ({"if-modified-since": _AFTER}, Verdict.NOT_MODIFIED),
        ({"if-modified-since": _BEFORE}, Verdict.GO_ON),
        ({"if-modified-since": "Mon May  4 12:30:15 2026"}, Verdict.NOT_MODIFIED),
        ({"if-modified-since": "Monday, 04-May-26 12:30:15 GMT"}, Verdict.NOT_MODIFIED),
        ({"if-modified-since": "never"}, Verdict.GO_ON),
        # A tag outweighs the date beside it.
        ({"if-match": '"abc,d"', "if-unmodified-since": _BEFORE}, Verdict.GO_ON),
        ({"if-none-match": '"x"', "if-modified-since": _AFTER}, Verdict.GO_ON),
        ({"if-none-match": '"abc,d"', "if-modified-since": _BEFORE}, Verdict.NOT_MODIFIED),
        # What must hold is asked before what may be skipped.
        ({"if-match": '"x"', "if-none-match": '"abc,d"'}, Verdict.FAILED),
        ({"if-match": '"abc,d"', "if-none-match": '"abc,d"'}, Verdict.NOT_MODIFIED),
        ({"if-unmodified-since": _BEFORE, "if-modified-since": _AFTER}, Verdict.FAILED),
    ],
)
def test_preconditions_are_weighed_in_the_order_of_the_rfc(
    headers: dict[str, str], expected: Verdict
) -> None:
    assert verdict(headers, _STORED) is expected


@pytest.mark.parametrize(
    ("if_range", "expected"),
    [
        (None, True),
        ('"abc,d"', True),
        ('"abc"', False),
        ('W/"abc,d"', False),
        ('"abc,d", "x"', False),
        ("*", False),
        (_SAME, True),
        (_AFTER, False),
        (_BEFORE, False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_a_range_counts_only_beside_a_strong_match(if_range: str | None, expected: bool) -> None:
    assert range_counts(if_range, _STORED, now=_NOW) is expected


def test_a_date_of_this_second_is_too_weak_to_continue_a_file() -> None:
    assert not range_counts(_SAME, _STORED, now=_WRITTEN + timedelta(seconds=1))


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_header_breaks_the_reading(value: str) -> None:
    names = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")

    assert {verdict({name: value}, _STORED) for name in names} <= set(Verdict)
    assert range_counts(value, _STORED, now=_NOW) in {True, False}


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 04 May 99999 12:30:15 GMT",
        "Mon, 99 May 2026 12:30:15 GMT",
        "Mon, 04 May 2026 12:30:15 +99999999999",
        "Mon, 04 May 0001 00:00:00 +2359",
        "1" * 4000,
        "(" * 5000,
    ],
)
def test_impossible_dates_are_no_dates(value: str) -> None:
    assert verdict({"if-unmodified-since": value}, _STORED) is not Verdict.NOT_MODIFIED
