from fractions import Fraction

from framemill.domain.smart import Copied, Picture, Pictures, Splice, spliced

RATE = Fraction(25)
BASE = Fraction(1, 25)  # a tick is a picture


def a_film(*, open_gops: bool = False, clean: bool = True) -> Pictures:
    """Groups of eight: a keyframe, then P after every two B-frames, decoded two early.

    In open groups the two pictures before each keyframe but the first are decoded after it.
    """
    order: list[tuple[int, bool]] = []
    for begin in range(0, 40, 8):
        order += [(begin, True), *((begin - n, False) for n in (2, 1) if open_gops and begin)]
        last = begin + (5 if open_gops else 7)
        for late in range(begin + 3, last + 1, 3):
            order += [(late, False), (late - 2, False), (late - 1, False)]
        order += [(n, False) for n in range(begin + 1 + (last - begin) // 3 * 3, last + 1)]
    return Pictures(
        time_base=BASE,
        start_us=0,
        listed=tuple(
            Picture(pts=pts, dts=place - 2, key=key, clean=key and clean)
            for place, (pts, key) in enumerate(order)
        ),
    )


def a_cut(pictures: Pictures, first: int, end: int) -> Splice:
    (found,) = spliced(pictures, [(first * 40_000, end * 40_000)], rate=RATE, reorder=2)
    assert found is not None
    return found


def test_pictures_up_to_the_next_keyframe_and_behind_the_last_whole_run_are_encoded() -> None:
    found = a_cut(a_film(), 5, 21)

    assert found == Splice(
        first=5,
        end=21,
        head=(5, 6, 7),
        # 19 is a P-frame whose B-frames are all there; 22, which 20 needs, lies behind the end.
        copied=Copied(first=8, last=19, count=12, dts=6),
        tail=(20,),
        head_delay=2,
        tail_delay=2,
        keyframe=0,
    )


def test_a_range_from_keyframe_to_keyframe_is_all_copied() -> None:
    found = a_cut(a_film(), 8, 24)

    assert (found.head, found.tail, found.encoded, found.count) == ((), (), 0, 16)
    assert found.copied == Copied(first=8, last=23, count=16, dts=6)


def test_pictures_that_look_behind_the_first_keyframe_of_a_copy_are_encoded() -> None:
    found = a_cut(a_film(open_gops=True), 5, 32)

    assert found.head == (5, 6, 7)
    assert found.copied is not None
    assert (found.copied.first, found.head_delay) == (8, 8 - found.copied.dts if found.copied.dts else 0)
    assert sorted((*found.head, *range(8, found.copied.last + 1), *found.tail)) == list(range(5, 32))
    assert found.copied.count == found.copied.last - 8 + 1


def test_every_range_of_every_film_has_each_of_its_pictures_once() -> None:
    for open_gops in (False, True):
        film = a_film(open_gops=open_gops)
        total = len(film.listed)
        for first in range(total - 1):
            for end in range(first + 1, total):
                found = a_cut(film, first, end)
                middle = (
                    range(found.copied.first, found.copied.last + 1) if found.copied is not None else range(0)
                )
                assert [*found.head, *middle, *found.tail] == list(range(first, end))
                assert found.count == end - first
                # A copied run is a run in the order of decoding too: no picture in it waits for one outside.
                if found.copied is not None:
                    decoded = [p.pts for p in film.listed if p.pts >= found.copied.first]
                    assert set(decoded[: found.copied.count]) == set(middle)


def test_keyframes_that_others_look_behind_begin_no_copy() -> None:
    found = a_cut(a_film(clean=False), 5, 21)

    assert (found.copied, found.head) == (None, tuple(range(5, 21)))


def test_the_last_picture_of_a_file_lasts_as_long_as_the_others() -> None:
    film = a_film()

    assert a_cut(film, 30, 1000).end == len(film.listed)


def test_a_range_between_two_pictures_shows_nothing() -> None:
    assert spliced(a_film(), [(10_000, 30_000)], rate=RATE, reorder=2) == (None,)


def test_without_decode_times_the_usual_delay_is_taken() -> None:
    listed = tuple(Picture(pts=p.pts, dts=None, key=p.key, clean=p.clean) for p in a_film().listed)

    found = a_cut(Pictures(time_base=BASE, start_us=0, listed=listed), 5, 21)

    assert (found.head_delay, found.tail_delay) == (2, 2)
