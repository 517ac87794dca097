from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from framemill.domain.cuts import Mark, Weights
from framemill.domain.sampling import Sample, sample_us, samples

SECOND = 1_000_000
RATE = Fraction(30)


def weighed(*sizes: int, every_us: int = 2 * SECOND) -> Weights:
    """A keyframe every two seconds, with so many bytes until the next."""
    marks = tuple(
        Mark(time_us=n * every_us, bytes_before=sum(sizes[:n]), packets_before=0) for n in range(len(sizes))
    )
    return Weights(marks=marks, total_bytes=sum(sizes), total_packets=0)


def test_a_short_video_is_its_own_sample() -> None:
    assert samples(begin_us=0, end_us=16 * SECOND, rate=RATE) == ()


def test_easy_and_hard_parts_are_sampled_by_how_long_they_last() -> None:
    # Three quarters easy, then one quarter hard.
    found = samples(
        begin_us=0, end_us=240 * SECOND, rate=RATE, weights=weighed(*[10] * 90, *[1000] * 30), count=8
    )

    hard = [s for s in found if s.start_us >= 180 * SECOND]
    assert len(found) == 8
    assert len(hard) == 2


def test_a_hard_moment_is_not_missed_between_evenly_spaced_ones() -> None:
    sizes = [10] * 50
    sizes[::7] = [1000] * len(sizes[::7])  # an even grid of eight would hit all or none of them

    found = samples(begin_us=0, end_us=100 * SECOND, rate=RATE, weights=weighed(*sizes), count=8)

    hard = [s for s in found if sizes[s.start_us // (2 * SECOND)] == 1000]
    assert len(hard) == 1


def test_samples_begin_at_keyframes_where_there_are_enough() -> None:
    found = samples(begin_us=0, end_us=100 * SECOND, rate=RATE, weights=weighed(*range(1, 51)))

    assert all(s.start_us % (2 * SECOND) == 0 for s in found)


def test_without_keyframes_the_samples_are_spread_over_the_length() -> None:
    found = samples(begin_us=0, end_us=600 * SECOND, rate=RATE, count=8)

    assert len(found) == 8
    quarters = {s.start_us // (150 * SECOND) for s in found}
    assert quarters == {0, 1, 2, 3}


def test_a_second_of_a_slow_rate_would_hold_too_few_frames() -> None:
    assert sample_us(Fraction(30)) == SECOND
    assert sample_us(Fraction(1)) == 24 * SECOND


@given(
    length_s=st.integers(17, 4000),
    begin_s=st.integers(0, 5),
    gaps=st.lists(st.integers(1, 30 * SECOND), max_size=60),
    sizes=st.lists(st.integers(0, 10**7), min_size=61, max_size=61),
)
def test_samples_lie_inside_in_order_and_are_no_more_than_wanted(
    length_s: int, begin_s: int, gaps: list[int], sizes: list[int]
) -> None:
    marks = []
    at = size = 0
    for gap, more in zip(gaps, sizes, strict=False):
        at, size = at + gap, size + more
        marks.append(Mark(time_us=at, bytes_before=size, packets_before=0))
    weights = Weights(marks=tuple(marks), total_bytes=size + sizes[-1], total_packets=0)
    begin, end = begin_s * SECOND, (begin_s + length_s) * SECOND

    found = samples(begin_us=begin, end_us=end, rate=RATE, weights=weights)

    assert 1 <= len(found) <= 24
    assert list(found) == sorted(found, key=lambda s: s.start_us)
    assert len({s.start_us for s in found}) == len(found)
    for sample in found:
        assert begin <= sample.start_us
        assert sample.start_us + sample.length_us + sample.tail_us <= end


def test_the_last_sample_has_as_much_tail_as_there_is() -> None:
    found = samples(begin_us=0, end_us=17 * SECOND, rate=RATE, count=17)

    assert found[-1] == Sample(start_us=found[-1].start_us, length_us=SECOND, tail_us=found[-1].tail_us)
    assert all(s.start_us + s.length_us + s.tail_us <= 17 * SECOND for s in found)
