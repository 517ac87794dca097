import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.api.byte_ranges import MAX_RANGES, Span, asked_spans


def _spans(*bounds: tuple[int, int]) -> tuple[Span, ...]:
    return tuple(Span(start=start, stop=stop) for start, stop in bounds)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-9", [(0, 10)]),
        ("bytes=3-5", [(3, 6)]),
        ("bytes=3-", [(3, 10)]),
        ("bytes=0-", [(0, 10)]),
        ("bytes=9-", [(9, 10)]),
        ("bytes=3-99", [(3, 10)]),
        ("bytes=3-99999999999999999999999999", [(3, 10)]),
        ("bytes=-1", [(9, 10)]),
        ("bytes=-10", [(0, 10)]),
        ("bytes=-99", [(0, 10)]),
        ("BYTES=1-2", [(1, 3)]),
        ("Bytes=1-2", [(1, 3)]),
        ("bytes=007-08", [(7, 9)]),
        ("bytes= 1-2 , 5-6", [(1, 3), (5, 7)]),
        ("bytes=1-2,\t,,5-6,", [(1, 3), (5, 7)]),
        ("bytes=5-6,1-2", [(5, 7), (1, 3)]),
        ("bytes=0-3,2-5", [(0, 6)]),
        ("bytes=0-3,4-5", [(0, 6)]),
        ("bytes=8-9,0-1,1-3", [(8, 10), (0, 4)]),
        ("bytes=1-1,8-9,0-5", [(0, 6), (8, 10)]),
        ("bytes=0-1,99-", [(0, 2)]),
        ("bytes=0-1,-0", [(0, 2)]),
        ("bytes=-3,0-", [(0, 10)]),
    ],
)
def test_ranges_are_read_in_every_form_and_joined(header: str, expected: list[tuple[int, int]]) -> None:
    assert asked_spans(header, 10) == _spans(*expected)


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=-00", "bytes=99-,-0"])
def test_what_is_not_in_the_file_cannot_be_had(header: str) -> None:
    assert asked_spans(header, 10) == ()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=--1",
        "bytes=1--2",
        "bytes=2-1",
        "bytes=0-1,2-1",
        "bytes=0-1,x",
        "bytes=0-1;2-3",
        "bytes=0x1-2",
        "bytes=+1-2",
        "bytes=1_0-",
        "bytes=1 - 2",
        "bytes =0-1",
        " bytes=0-1",
        "bytes:0-1",
        "bytes=0-1\n",
        "bytes=0\x00-1",
        "bytes=²-3",
        "bytes=٣-٤",
        "items=0-1",
        "bytesbytes=0-1",
        "bytes=0-0, bytes=2-2",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 2 * MAX_RANGES + 2, 2)),
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_what_is_malformed_or_too_much_counts_as_absent(header: str) -> None:
    assert asked_spans(header, 10) is None


def test_as_many_ranges_as_are_allowed_are_served() -> None:
    header = "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 2 * MAX_RANGES, 2))

    assert asked_spans(header, 100) == _spans(*[(n, n + 1) for n in range(0, 2 * MAX_RANGES, 2)])


@pytest.mark.parametrize(("header", "expected"), [("bytes=0-", ()), ("bytes=-5", None), ("bytes=-0", ())])
def test_an_empty_file_has_no_first_byte_but_a_tail(header: str, expected: tuple[()] | None) -> None:
    assert asked_spans(header, 0) == expected


_NUMBER = st.integers(0, 60)
_ONE = st.one_of(
    st.tuples(_NUMBER, _NUMBER).map(lambda pair: (min(pair), max(pair))),
    st.tuples(_NUMBER, st.none()),
    st.tuples(st.none(), _NUMBER),
)


@given(asked=st.lists(_ONE, min_size=1, max_size=MAX_RANGES), length=st.integers(1, 50))
def test_the_spans_hold_each_asked_byte_of_the_file_once(
    asked: list[tuple[int | None, int | None]], length: int
) -> None:
    shown = ["" if number is None else str(number) for pair in asked for number in pair]
    header = "bytes=" + ",".join(f"{a}-{b}" for a, b in zip(shown[::2], shown[1::2], strict=True))
    content = range(length)
    wanted = {n for first, last in asked for n in _slice(content, first, last)}

    spans = asked_spans(header, length)

    assert spans is not None
    found = [n for span in spans for n in content[span.start : span.stop]]
    assert sorted(found) == sorted(wanted)
    assert all(0 <= span.start < span.stop <= length for span in spans)


def _slice(content: range, first: int | None, last: int | None) -> range:
    if first is None:
        return content[-last:] if last else content[:0]
    return content[first:] if last is None else content[first : last + 1]


@given(st.text(max_size=40) | st.from_regex(r"(?i)bytes=[-0-9, \t]{0,40}"), st.integers(0, 20))
def test_no_header_asks_for_what_is_not_there(header: str, length: int) -> None:
    spans = asked_spans(header, length)

    assert spans is None or all(0 <= span.start < span.stop <= length for span in spans)
    assert spans is None or sum(span.length for span in spans) <= length
