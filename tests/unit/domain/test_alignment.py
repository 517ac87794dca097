"""Which picture belongs to which, on times alone."""

from fractions import Fraction

import pytest

from framemill.domain.alignment import Alignment, Clock, PictureTimes, aligned, lead_of


def times(rate: Fraction | int, count: int, *, start_us: int = 0, grid_us: int = 1) -> PictureTimes:
    """Steady times; `grid_us` is what the container rounds to."""
    exact = (start_us + n * 1_000_000 / Fraction(rate) for n in range(count))
    return PictureTimes(times_us=tuple(round(round(at / grid_us) * grid_us) for at in exact))


def numbers(found: Alignment, source: PictureTimes, reference: PictureTimes) -> list[tuple[int, int]]:
    """The pairs as numbers of pictures."""
    return [(source.times_us.index(one), reference.times_us.index(two)) for one, two in found.pairs]


@pytest.mark.parametrize("grid_us", [1, 1000])
@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(60), Fraction(120)])
def test_each_picture_meets_itself_whatever_the_containers_round_to(rate: Fraction, grid_us: int) -> None:
    source, reference = times(rate, 50, grid_us=grid_us), times(rate, 50)

    found = aligned(source, reference)

    assert numbers(found, source, reference) == [(n, n) for n in range(50)]
    assert (found.coinciding, found.before, found.behind, found.unused) == (50, 0, 0, (0, 0, 0))


def test_half_the_rate_meets_every_second_picture() -> None:
    source, reference = times(30, 10, grid_us=1000), times(60, 20)

    found = aligned(source, reference)

    assert numbers(found, source, reference) == [(n, 2 * n) for n in range(10)]
    assert found.unused == (0, 10, 0)


def test_a_doubled_rate_meets_each_picture_twice() -> None:
    source, reference = times(60, 20), times(30, 10, grid_us=1000)

    assert numbers(aligned(source, reference), source, reference) == [(n, n // 2) for n in range(20)]


@pytest.mark.parametrize(("wanted", "given"), [(25, 30), (25, 60), (24, 60), (30, 50), (20, 50), (50, 24)])
def test_other_rates_meet_the_pictures_that_a_converter_takes(wanted: int, given: int) -> None:
    source, reference = times(wanted, 2 * wanted), times(given, 2 * given + 5)
    # ffmpeg's filter fps: every picture goes to the nearest slot, the last one there stays; a half goes up.
    slots = [(n * wanted * 2 + given) // (2 * given) for n in range(2 * given + 5)]

    found = numbers(aligned(source, reference), source, reference)

    assert found == [(n, max(k for k, slot in enumerate(slots) if slot <= n)) for n in range(2 * wanted)]


def test_a_held_picture_is_compared_while_it_is_on_screen() -> None:
    reference = PictureTimes(times_us=(0, 33_333, 533_333, 566_667))

    found = aligned(times(30, 18), reference)

    assert [two for _, two in found.pairs] == [0] + [33_333] * 15 + [533_333, 566_667]


def test_a_variable_source_meets_the_pictures_of_its_own_moments() -> None:
    kept = (0, 1, 2, 9, 10, 20, 21, 25, 26, 29)
    reference = times(30, 30)
    source = PictureTimes(times_us=tuple(round(reference.times_us[n], -3) for n in kept))

    assert numbers(aligned(source, reference), source, reference) == list(enumerate(kept))


def test_sound_before_the_picture_does_not_move_it() -> None:
    found = aligned(times(30, 30, start_us=23_222), times(30, 30))

    assert (found.clock, found.coinciding) == (Clock.PICTURE, 30)
    assert (found.source_us, found.reference_us) == (-23_222, 0)


def test_a_first_picture_that_was_moved_to_zero_does_not_move_the_others() -> None:
    late = times(25, 50, start_us=520_000)
    shown_from_zero = PictureTimes(times_us=(0, *late.times_us[1:]))

    found = aligned(shown_from_zero, late)

    assert (found.clock, found.before) == (Clock.FILE, 1)
    assert [one == two for one, two in found.pairs] == [True] * 49


def test_the_clock_can_be_chosen() -> None:
    late = times(25, 50, start_us=1_000_000)

    by_file = aligned(late, times(25, 50), clock=Clock.FILE)
    by_picture = aligned(late, times(25, 50), clock=Clock.PICTURE)

    assert (len(by_file.pairs), by_file.behind, by_file.unused) == (25, 25, (25, 0, 0))
    assert (len(by_picture.pairs), by_picture.behind) == (50, 0)


def test_an_offset_finds_the_part_of_the_reference() -> None:
    source, reference = times(25, 25), times(25, 100)

    found = aligned(source, reference, offset_us=2_000_000)

    assert numbers(found, source, reference) == [(n, 50 + n) for n in range(25)]
    assert found.unused == (50, 0, 25)


def test_a_longer_source_is_compared_as_long_as_the_reference_shows_its_last_picture() -> None:
    short = times(25, 10)

    assert len(aligned(times(25, 20), short).pairs) == 10
    held = PictureTimes(times_us=short.times_us, last_us=200_000)
    assert len(aligned(times(25, 20), held).pairs) == 14


def test_only_the_range_is_compared() -> None:
    found = aligned(times(25, 50), times(25, 50), start_us=400_000, end_us=800_000)

    assert [one for one, _ in found.pairs] == list(range(400_000, 800_000, 40_000))


def test_files_that_never_meet_have_no_pairs() -> None:
    found = aligned(times(25, 10), times(25, 10), offset_us=9_000_000)

    assert (found.pairs, found.behind) == ((), 10)


def test_a_single_picture_meets_the_first() -> None:
    assert aligned(PictureTimes(times_us=(0,)), times(25, 3)).pairs == ((0, 0),)


@pytest.mark.parametrize(
    ("shown", "lead"),
    [((0,), 4000), ((0, 40_000, 80_000), 18_500), ((0, 1000, 2000), 375), ((0, 20_000, 300_000), 4000)],
)
def test_the_lead_is_half_of_what_is_regular(shown: tuple[int, ...], lead: int) -> None:
    assert lead_of(shown) == lead
