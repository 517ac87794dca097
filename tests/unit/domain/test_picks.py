from dataclasses import replace
from time import process_time

from framemill.domain.picks import Look, best, good, near

FINE = Look(at_us=0, low=40, high=180, edges=20, softness=4)
BLACK = replace(FINE, low=16, high=18, edges=0, softness=None)
WHITE = replace(FINE, low=230, high=235, edges=0, softness=None)
PLAIN = replace(FINE, low=100, high=104, edges=1)
BLURRED = replace(FINE, edges=9, softness=8)


def at(*looks: Look) -> tuple[Look, ...]:
    """One a second."""
    return tuple(replace(look, at_us=n) for n, look in enumerate(looks))


def test_black_white_plain_and_blurred_pictures_are_not_good() -> None:
    looks = at(BLACK, FINE, WHITE, PLAIN, FINE, BLURRED)

    assert good(looks) == (looks[1], looks[4])


def test_a_dim_picture_is_not_taken_for_a_blurred_one() -> None:
    dim = replace(FINE, low=20, high=60, edges=6, softness=5)

    assert len(good(at(FINE, dim, FINE))) == 3


def test_where_nothing_is_known_of_edges_nothing_is_blurred() -> None:
    unknown = replace(FINE, softness=None)

    assert len(good(at(unknown, replace(unknown, edges=1)))) == 2


def test_the_sharpest_of_each_share_is_taken() -> None:
    sharper = replace(FINE, edges=40)

    assert best(at(FINE, sharper, FINE, FINE, FINE, sharper), count=2, end_us=6) == (1, 5)


def test_a_share_of_bad_pictures_gives_way_to_the_nearest_good_one_left() -> None:
    looks = at(FINE, FINE, BLACK, BLACK, FINE, FINE)

    assert set(best(looks, count=3, end_us=6)) < {0, 1, 4, 5}
    assert len(best(looks, count=3, end_us=6)) == 3


def test_the_nearest_good_picture_is_taken_once() -> None:
    looks = at(FINE, FINE, BLACK, FINE, BLURRED)

    assert near(looks, wanted=(2, 3, 4)) == (0, 1, 3)
    assert near(looks, wanted=(1, 3)) == (1, 3)


def test_of_nothing_but_bad_pictures_bad_ones_are_taken() -> None:
    assert near(at(BLACK, BLACK), wanted=(0,)) == (0,)
    assert best((), count=2, end_us=6) == ()


def test_a_thousand_pictures_of_few_good_ones_are_chosen_in_moments() -> None:
    looks = at(*(FINE if 900 <= n < 1100 else BLACK for n in range(2000)))
    begun = process_time()

    found = near(looks, wanted=range(0, 2000, 2))

    assert len(set(found)) == 1000
    assert set(range(900, 1100)) < set(found)
    # Looking at all pairs anew for each one took many minutes.
    assert process_time() - begun < 60
