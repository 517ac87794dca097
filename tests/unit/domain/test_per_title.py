from itertools import pairwise

from framemill.domain.ladder import RUNGS, Rung
from framemill.domain.per_title import Tried, choose


def tried(**points: tuple[float, int] | tuple[float, int, float, int]) -> dict[Rung, list[Tried]]:
    """`r720=(VMAF at crf 23, bps at crf 23, VMAF at 29, bps at 29)`, the latter falling by itself."""
    found: dict[Rung, list[Tried]] = {}
    for name, point in points.items():
        score, bps, *more = point
        coarse = (more[0], int(more[1])) if more else (score - 8, bps // 2)
        found[RUNGS[f"{name[1:]}p"]] = [
            Tried(crf=23, score=score, bps=int(bps)),
            Tried(crf=29, score=coarse[0], bps=coarse[1]),
        ]
    return found


def names(trials: dict[Rung, list[Tried]], *, heard: bool = True) -> list[str]:
    return [step.rung.name for step in choose(trials, heard=heard).steps]


def test_a_film_with_detail_keeps_every_rung() -> None:
    film = tried(r1080=(95, 4_000_000), r720=(89, 2_000_000), r480=(79, 1_000_000), r360=(66, 600_000))

    assert names(film) == ["1080p", "720p", "480p", "360p"]


def test_a_soft_film_needs_no_rung_that_looks_like_the_one_below() -> None:
    soft = tried(r1080=(94, 3_000_000), r720=(93, 1_500_000), r480=(86, 800_000))

    choice = choose(soft, heard=True)

    assert [s.rung.name for s in choice.steps] == ["720p", "480p"]
    assert "left out 1080p: VMAF 94.0, 720p has 93.0 for less" in choice.reasons


def test_a_slide_needs_no_smaller_rungs_that_save_nothing_beside_the_sound() -> None:
    slide = tried(r1080=(96, 60_000, 95.5, 40_000), r720=(88, 40_000), r480=(75, 25_000))

    assert names(slide) == ["1080p"]
    assert names(slide, heard=False) == ["1080p", "720p", "480p"]


def test_a_rung_too_near_to_its_neighbour_is_left_out() -> None:
    film = tried(r720=(94, 2_000_000), r480=(92.5, 1_000_000), r360=(90.5, 600_000), r240=(84, 300_000))

    choice = choose(film, heard=False)

    # 480p looks like 720p for half the bytes, so it is the top.
    assert [s.rung.name for s in choice.steps] == ["480p", "240p"]
    assert "left out 360p: VMAF 90.5, too near to 480p" in choice.reasons


def test_caps_come_from_the_film_within_four_times_the_tables() -> None:
    easy = choose(tried(r720=(94, 400_000)), heard=False)
    hard = choose(tried(r720=(90, 9_000_000)), heard=False)

    assert easy.steps[0].rung.video_bps == 800_000
    assert hard.steps[0].rung.video_bps == 10_000_000


def test_what_looks_perfect_is_encoded_coarser() -> None:
    (step,) = choose(tried(r720=(98, 4_000_000, 92, 1_000_000)), heard=False).steps
    (easy,) = choose(tried(r720=(99, 400_000, 97, 200_000)), heard=False).steps

    assert (step.crf, step.score, step.bps) == (26, 95.0, 2_000_000)
    assert easy.crf == 29


def test_smaller_rungs_are_as_coarse_as_the_tallest() -> None:
    film = tried(r360=(99.9, 900_000, 99.5, 500_000), r240=(93, 480_000, 86, 250_000))

    steps = choose(film, heard=False).steps

    assert [(s.rung.name, s.crf, s.score) for s in steps] == [("360p", 29, 99.5), ("240p", 29, 86)]


def test_every_neighbour_differs_by_a_step_that_can_be_seen() -> None:
    film = tried(
        r1080=(96, 5_000_000),
        r720=(94.5, 2_500_000),
        r480=(90, 1_200_000),
        r360=(88, 700_000),
        r240=(70, 300_000),
    )

    steps = choose(film, heard=True).steps

    scores = [s.score for s in steps]
    assert [s.rung.name for s in steps] == ["720p", "480p", "240p"]
    assert all(a - b >= 3 for a, b in pairwise(scores))
