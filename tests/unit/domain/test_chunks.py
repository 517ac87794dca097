from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framemill.domain.chunks import LEAST_US, Chunk, split
from framemill.domain.units import US

_FILM = 25 * 60 * US


def _keyframes(every_us: int, until_us: int) -> list[int]:
    return list(range(0, until_us, every_us))


def test_one_slot_gains_nothing_by_chunks() -> None:
    assert split(_FILM, keyframes=_keyframes(2 * US, _FILM), slots=1) == (
        Chunk(number=1, start_us=0, end_us=None, length_us=_FILM),
    )


def test_a_minute_is_split_evenly_over_two_slots() -> None:
    found = split(60 * US, keyframes=_keyframes(US, 60 * US), slots=2, grid_us=2 * US)

    assert [chunk.start_us // US for chunk in found] == [0, 14, 30, 44]
    assert found[-1].end_us is None


def test_borders_prefer_where_decoding_can_begin() -> None:
    found = split(_FILM, keyframes=_keyframes(8 * US, _FILM), slots=2, grid_us=2 * US)

    assert {chunk.start_us % (8 * US) for chunk in found} == {0}


def test_keyframes_too_far_apart_leave_it_whole() -> None:
    assert len(split(_FILM, keyframes=[0], slots=4, grid_us=2 * US)) == 1


def test_without_a_grid_borders_are_keyframes_of_the_source() -> None:
    keyframes = _keyframes(7 * US + 1234, _FILM)

    found = split(_FILM, keyframes=keyframes, slots=2)

    assert len(found) > 40
    assert {chunk.start_us for chunk in found} <= set(keyframes)


def test_a_day_is_no_more_chunks_than_a_job_should_have() -> None:
    day = 24 * 3600 * US

    assert len(split(day, keyframes=_keyframes(2 * US, day), slots=2, grid_us=2 * US)) <= 200


@settings(deadline=None)
@given(
    length=st.integers(0, 3 * 3600 * US),
    every=st.integers(US // 2, 90 * US),
    wobble=st.integers(0, 10),
    slots=st.integers(1, 64),
    grid=st.sampled_from([None, US, 2 * US, 2_002_000]),
)
def test_chunks_cover_everything_once(
    length: int, every: int, wobble: int, slots: int, grid: int | None
) -> None:
    keyframes = [at + at // 7 % (1 + every * wobble // 20) for at in range(0, length, every)]

    found = split(length, keyframes=keyframes, slots=slots, grid_us=grid)

    assert found[0].start_us == 0
    assert found[-1].end_us is None
    assert sum(chunk.length_us for chunk in found) == length
    assert all(a.end_us == b.start_us for a, b in pairwise(found))
    if len(found) > 1:
        assert all(chunk.length_us >= LEAST_US // 2 for chunk in found[:-1])
        ends = [*(chunk.end_us for chunk in found[:-1]), length]
        # ffmpeg makes no file of no pictures.
        for chunk, end in zip(found, ends, strict=True):
            assert any(chunk.start_us - 500 <= at < (end or 0) for at in keyframes)


@pytest.mark.parametrize("slots", [2, 3, 8])
def test_a_short_video_keeps_every_slot_busy_to_the_end(slots: int) -> None:
    length = 160 * US

    found = split(length, keyframes=_keyframes(US, length), slots=slots, grid_us=2 * US)

    assert len(found) % slots == 0
