from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.domain import units
from framemill.errors import InvalidSpec


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("90", 90_000_000),
        ("90s", 90_000_000),
        ("1m30s", 90_000_000),
        ("00:01:30.500", 90_500_000),
        ("01:30", 90_000_000),
        ("1h", 3_600_000_000),
        ("250ms", 250_000),
        ("0.5", 500_000),
        (1.5, 1_500_000),
        (0, 0),
    ],
)
def test_a_time_reads_as_people_write_it(text: str | float, us: int) -> None:
    assert units.parse_time(text) == us


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "1:2:3:4",
        "abc",
        "1m30",
        "12:99",
        -1,
        1e30,
        float("nan"),
        True,
        "1s2m",
        "٣",
        "9" * 30,
        "99999999h",
    ],
)
def test_what_is_no_time_is_refused(text: str | float) -> None:
    with pytest.raises(InvalidSpec, match="is not a time"):
        units.parse_time(text)


@given(st.integers(0, 10**12))
def test_seconds_are_exact_to_the_microsecond(us: int) -> None:
    assert units.parse_time(units.seconds(us)) == us


def test_a_clock_time_rounds_to_the_millisecond_and_carries() -> None:
    assert units.format_time(59_999_600) == "00:01:00.000"
    assert units.format_time(-1_500_000) == "-00:00:01.500"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("700M", 700_000_000),
        ("1.5GiB", 1_610_612_736),
        ("10kB", 10_000),
        ("5", 5),
        (7, 7),
        ("1 MB", 1_000_000),
    ],
)
def test_a_size_reads_as_people_write_it(text: str | int, size: int) -> None:
    assert units.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "M", "1X", "0", "5iB", 0, True])
def test_what_is_no_size_is_refused(text: str | int) -> None:
    with pytest.raises(InvalidSpec, match="is not a size"):
        units.parse_size(text)


def test_sizes_are_shown_in_decimal_units() -> None:
    assert [units.format_size(n) for n in (0, 999, 1000, 1_500_000_000)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "1.5 GB",
    ]


@pytest.mark.parametrize(("text", "rate"), [("2500k", 2_500_000), ("2.5M", 2_500_000), ("800kbps", 800_000)])
def test_a_bit_rate_reads_as_people_write_it(text: str, rate: int) -> None:
    assert units.parse_rate(text) == rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("30", Fraction(30)),
        ("29.97", Fraction(30000, 1001)),
        ("23.976", Fraction(24000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_a_frame_rate_is_exact(text: str, rate: Fraction) -> None:
    assert units.parse_frame_rate(text) == rate


@pytest.mark.parametrize("text", ["0", "1/0", "-5", "x", "10000", "1e-99999999", "1e1", "1" * 99])
def test_what_is_no_frame_rate_is_refused(text: str) -> None:
    with pytest.raises(InvalidSpec, match="is not a frame rate"):
        units.parse_frame_rate(text)


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("0.5", 0.5),
        (2, 2.0),
        ("50%", 0.5),
        ("-6dB", 0.501187),
        ("+6 db", 1.995262),
        ("0", 0.0),
        ("20dB", 10.0),
        ("1.5x", 1.5),
    ],
)
def test_levels_are_read_as_factor_share_or_decibels(text: str | int, factor: float) -> None:
    assert units.parse_level(text) == pytest.approx(factor, abs=1e-6)


@pytest.mark.parametrize("text", ["", "loud", "-1", "11", "20.1dB", "-50%", "nan", "1e3", True])
def test_what_is_no_level_is_refused(text: str | bool) -> None:
    with pytest.raises(InvalidSpec, match="is not a volume"):
        units.parse_level(text)
