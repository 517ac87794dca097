from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.domain import cuts
from framemill.domain.cuts import Mark, Weights
from framemill.errors import InvalidSpec, TimeOutOfRange

S = 1_000_000


def weights(*stretches: int) -> Weights:
    """A file with a keyframe each second and so many bytes in one packet after each."""
    marks = tuple(
        Mark(time_us=n * S, bytes_before=sum(stretches[:n]), packets_before=n) for n in range(len(stretches))
    )
    return Weights(marks=marks, total_bytes=sum(stretches), total_packets=len(stretches))


def test_boundaries_lie_one_length_apart() -> None:
    assert cuts.by_length(10 * S, 4 * S) == (4 * S, 8 * S)


@pytest.mark.parametrize("duration", [9 * S, 9 * S + 50_000])
def test_a_last_sliver_stays_with_the_part_before(duration: int) -> None:
    assert cuts.by_length(duration, 3 * S) == (3 * S, 6 * S)


def test_a_part_longer_than_the_file_is_the_file() -> None:
    assert cuts.by_length(10 * S, 10 * S) == ()
    assert cuts.by_length(10 * S, 60 * S) == ()


def test_equal_parts_share_the_rounding() -> None:
    assert cuts.by_count(10 * S, 3) == (3_333_333, 6_666_666)
    assert cuts.by_count(10 * S, 1) == ()


def test_scenes_nearer_than_the_shortest_part_stay_together() -> None:
    starts = (1 * S, 3 * S, 4 * S, 6 * S, 9 * S)

    assert cuts.by_scenes(10 * S, starts, least_us=2 * S) == (3 * S, 6 * S)
    assert cuts.by_scenes(10 * S, (), least_us=2 * S) == ()


@pytest.mark.parametrize("times", [(2 * S, 1 * S), (2 * S, 2 * S)])
def test_times_must_rise(times: tuple[int, ...]) -> None:
    with pytest.raises(InvalidSpec, match="does not come after"):
        cuts.at_times(10 * S, times)


@pytest.mark.parametrize("time", [0, 10 * S, 11 * S])
def test_times_must_lie_inside(time: int) -> None:
    with pytest.raises(TimeOutOfRange):
        cuts.at_times(10 * S, (time,))


def test_nobody_wants_ten_thousand_parts() -> None:
    with pytest.raises(InvalidSpec, match="more than 2000"):
        cuts.by_length(10_000 * S, S)


def test_a_boundary_without_a_keyframe_of_its_own_is_left_out() -> None:
    keyframes = (0, 2 * S, 9 * S)

    assert cuts.keyframes_for((1 * S, 4 * S, 6 * S, 9_500_000), keyframes) == (
        (1 * S, 2 * S),
        (6 * S, 9 * S),
    )


def test_a_keyframe_a_rounding_earlier_is_the_boundary() -> None:
    assert cuts.keyframes_for((3_333_334,), (0, 3_333_333, 5 * S)) == ((3_333_334, 3_333_333),)


@pytest.mark.parametrize(("time", "keyframe"), [(0, 0), (500_000, 0), (S, S), (S - 400, S), (7 * S, 3 * S)])
def test_the_keyframe_before_a_time(time: int, keyframe: int) -> None:
    assert cuts.keyframe_before(time, (700_000, S, 3 * S) if time > 500_000 else (700_000,)) == keyframe


@given(st.lists(st.integers(1, 400_000), min_size=1, max_size=40), st.integers(100_000, 2_000_000))
def test_parts_by_size_keep_to_it_where_stretches_allow(sizes: list[int], limit: int) -> None:
    found = weights(*sizes)

    at = [0, *(t // S for t in cuts.by_size(found, limit=limit)), len(sizes)]

    for first, last in pairwise(at):
        fits = cuts.weigh(sum(sizes[first:last]), last - first) <= limit
        assert fits or last - first == 1
        # Nor is it cut more than it has to be.
        if last < len(sizes):
            assert cuts.weigh(sum(sizes[first : last + 1]), last + 1 - first) > limit


def test_the_heaviest_stretch_is_known() -> None:
    assert cuts.heaviest(weights(10_000, 80_000, 20_000)) == cuts.weigh(80_000, 1)


def test_a_size_below_a_second_of_the_rate_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="less than a second"):
        cuts.bit_rate_length(100_000, 5_000_000)
