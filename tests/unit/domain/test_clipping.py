from fractions import Fraction

import pytest

from framemill.domain import clipping
from framemill.domain.media import Chapter
from framemill.errors import InvalidSpec, TimeOutOfRange
from tests.builders import a_film, a_video, an_audio

S = 1_000_000


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [(0, None, (0, 10 * S)), (S, 2 * S, (S, 2 * S)), (S, 10 * S + 400_000, (S, 10 * S))],
)
def test_a_range_inside_the_file(start: int, end: int | None, found: tuple[int, int]) -> None:
    assert clipping.checked(start, end, 10 * S) == found


@pytest.mark.parametrize(("start", "end"), [(10 * S, None), (12 * S, 13 * S), (S, 11 * S)])
def test_a_range_outside_is_refused(start: int, end: int | None) -> None:
    with pytest.raises(TimeOutOfRange, match="lasts 00:00:10"):
        clipping.checked(start, end, 10 * S)


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(InvalidSpec):
        clipping.checked(2 * S, 2 * S, 10 * S)


def test_a_range_begins_just_before_its_first_frame() -> None:
    film = a_film()

    # At 30 frames a second the first frame from 1.01 s on is shown at 1.0333 s.
    assert clipping.on_frames(film, film.video[0], 1_010_000, 2 * S) == (1_032_833, 1_999_500)


def test_a_range_at_an_odd_rate_is_exact() -> None:
    film = a_film(video=(a_video(frame_rate=Fraction(30_000, 1001)),))

    start, end = clipping.on_frames(film, film.video[0], 5_005_000, 10_010_000)

    assert (start, end) == (5_005_000 - 500, 10_010_000 - 500)


def test_irregular_frames_keep_the_times_asked_for() -> None:
    film = a_film(video=(a_video(is_vfr=True),))

    assert clipping.on_frames(film, film.video[0], 1_010_000, 2 * S) == (1_009_500, 1_999_500)


def test_a_range_as_a_file_of_its_own() -> None:
    late = an_audio(index=2, start_us=8 * S, duration_us=2 * S)
    chapters = (
        Chapter(start_us=0, end_us=4 * S, title="a"),
        Chapter(start_us=4 * S, end_us=10 * S, title="b"),
    )

    clip = clipping.clipped(a_film(audio=(an_audio(), late), chapters=chapters), 2 * S, 5 * S)

    assert (clip.duration_us, clip.size) == (3 * S, 1_500_000)
    assert [(v.start_us, v.duration_us) for v in clip.video] == [(0, 3 * S)]
    assert [a.index for a in clip.audio] == [1]
    assert [(c.start_us, c.end_us) for c in clip.chapters] == [(0, 2 * S), (2 * S, 3 * S)]
