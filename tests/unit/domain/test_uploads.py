import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.domain.uploads import MAX_PARTS, Cut, Limits, checked_digest, cut, spans
from framemill.errors import FramemillError, InvalidSpec, InvalidUpload, LimitExceeded

MIB = 1 << 20
SIZES = st.integers(1, 20 << 40)


@given(size=SIZES)
def test_parts_cover_the_file_without_gap_or_overlap(size: int) -> None:
    made = cut(size, part_bytes=10 * MIB)

    assert 1 <= made.count <= MAX_PARTS
    assert made.part_bytes >= 10 * MIB
    assert made.start_of(1) == 0
    last = made.count
    assert made.start_of(last) + made.bytes_of(last) == size
    for n in {1, last // 2, last - 1} - {0, last}:
        assert made.start_of(n) + made.bytes_of(n) == made.start_of(n + 1)


@pytest.mark.parametrize(
    ("size", "parts", "each"),
    [
        (1, 1, 10 * MIB),
        (10 * MIB, 1, 10 * MIB),
        (10 * MIB + 1, 2, 10 * MIB),
        (10 * MIB * MAX_PARTS, MAX_PARTS, 10 * MIB),
        (10 * MIB * MAX_PARTS + 1, 9091, 11 * MIB),
    ],
)
def test_parts_grow_only_where_there_would_be_too_many(size: int, parts: int, each: int) -> None:
    made = cut(size, part_bytes=10 * MIB)

    assert (made.count, made.part_bytes) == (parts, each)


@pytest.mark.parametrize("number", [-1, 0, 4])
def test_a_number_without_a_part_is_refused(number: int) -> None:
    with pytest.raises(InvalidSpec, match="from 1 to 3"):
        Cut(bytes=25, part_bytes=10).bytes_of(number)


def test_a_part_of_another_length_counts_as_missing() -> None:
    made = Cut(bytes=25, part_bytes=10)

    assert made.missing([(1, 10), (2, 9), (3, 5), (4, 5)]) == (2,)
    assert made.missing([]) == (1, 2, 3)


LIMITS = Limits(max_bytes=100, types=("mp4", "mov"))


@pytest.mark.parametrize("name", ["a.mp4", "A.MP4", "my.film.mov"])
def test_what_is_within_the_limits_is_taken(name: str) -> None:
    LIMITS.check(name, 100)


@pytest.mark.parametrize(
    ("name", "size", "error", "said"),
    [
        ("a.mp4", 101, LimitExceeded, "upload_max_bytes is 100"),
        ("a.mp4", 0, InvalidUpload, "empty"),
        ("a.mp4", -1, InvalidUpload, "empty"),
        ("a.exe", 1, InvalidUpload, "upload_types is mp4, mov"),
        ("mp4", 1, InvalidUpload, "upload_types is mp4, mov"),
        (".mp4", 1, InvalidUpload, "upload_types is mp4, mov"),
        ("a.mp4.html", 1, InvalidUpload, "upload_types is mp4, mov"),
    ],
)
def test_a_refusal_names_the_limit_and_its_value(
    name: str, size: int, error: type[FramemillError], said: str
) -> None:
    with pytest.raises(error, match=said):
        LIMITS.check(name, size)


def test_digests_are_lower_case_hex() -> None:
    assert checked_digest(None) is None
    assert checked_digest(f"sha256:{'AB' * 32}") == "ab" * 32
    for wrong in ("", "ab", "g" * 64, "a" * 65):
        with pytest.raises(InvalidSpec):
            checked_digest(wrong)


def test_many_numbers_are_told_in_few_words() -> None:
    assert spans([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"
    assert spans(range(1, 100, 2)).endswith("19, …")
