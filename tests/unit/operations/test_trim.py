import json

import pytest

from framemill.domain.media import Chapter, MediaInfo
from framemill.domain.plan import Step
from framemill.domain.units import US
from framemill.errors import InvalidSpec, TimeOutOfRange
from framemill.operations.planning import FactNeeded
from framemill.operations.registry import load_spec
from framemill.operations.trim import Trim, plan
from tests.builders import a_film, a_subtitle, a_video, an_audio, planning_for

KEYFRAMES = {"input": (0, 2 * US, 4 * US, 6 * US, 8 * US)}


def a_trim(**fields: object) -> Trim:
    """As people write it: `start="5s"`."""
    return Trim.model_validate(fields)


def copied(spec: Trim, film: MediaInfo) -> Step:
    (step,) = plan(spec, planning_for(film, name="trim", keyframes=KEYFRAMES)).steps
    return step


def text(step: Step, command: int = 0) -> str:
    return " ".join(step.commands[command].argv)


def test_a_copy_asks_for_the_keyframes_once_and_begins_at_the_one_before() -> None:
    film = a_film(video=(a_video(reorder_us=66_667),))

    with pytest.raises(FactNeeded, match="keyframes"):
        plan(a_trim(start="5s", end="7s"), planning_for(film))

    step = copied(a_trim(start="5s", end="7s"), film)
    # Reading begins before the keyframe at 4 s; what is before it is dropped, and time begins there.
    assert "-ss 3.873333" in text(step)
    assert r"-bsf:a noise=drop=lt(pts*tb\,0.126667)" in text(step)
    assert r"-bsf:v:0 noise=drop=gte(dts*tb\,3.126667)" in text(step)
    assert "-copypriorss 0" in text(step)
    assert "-t 3.226667 -output_ts_offset -0.126667 -avoid_negative_ts disabled" in text(step)
    assert step.outputs[0].promise.duration_us == 3 * US


def test_how_far_a_copy_moves_is_said() -> None:
    moved = plan(a_trim(start="5s", end="7s"), planning_for(a_film(), name="trim", keyframes=KEYFRAMES))
    exact = plan(a_trim(start="6s"), planning_for(a_film(), name="trim", keyframes=KEYFRAMES))

    assert "begins at 00:00:04.000, 1.00 s before 00:00:05.000" in moved.notes[0]
    assert "nothing moves" in exact.notes[0]


def test_a_copy_from_the_start_seeks_nowhere() -> None:
    step = copied(a_trim(end="3s"), a_film())

    assert "-ss" not in step.commands[0].argv
    assert "-output_ts_offset" not in step.commands[0].argv


def test_several_copied_ranges_are_cut_then_joined_by_a_script_of_our_own() -> None:
    step = copied(a_trim(ranges=("1s-2s", "5s-6s")), a_film())

    assert [c.tool for c in step.commands] == ["ffmpeg", "ffmpeg", "builtin", "ffmpeg", *["builtin"] * 3]
    assert step.texts[-1].content == "ffconcat version 1.0\nfile piece0.mp4\nfile piece1.mp4\n"
    assert "-format_whitelist concat,mov" in text(step, 3)
    assert "-i file:out/pieces.txt" in text(step, 3)


def test_an_exact_range_is_a_tap_of_whole_frames() -> None:
    (tap,) = plan(a_trim(start="1.01s", end="2s", mode="encode"), planning_for(a_film())).taps

    assert (tap.start_us, tap.end_us) == (1_032_833, 1_999_500)
    assert tap.video is not None
    assert tap.video.filters[:2] == ("trim=start=0:end=0.966667", "setpts=PTS-0.0005/TB")
    assert tap.audio[0].filters[0] == "atrim=start=0:end=0.966667"
    assert tap.output.promise.duration_us == 966_667


def test_a_source_without_an_index_is_entered_earlier() -> None:
    film = a_film(container="mpegts", duration_us=60 * US, video=(a_video(duration_us=60 * US),))

    (tap,) = plan(a_trim(start="30s", end="40s", mode="encode"), planning_for(film)).taps

    assert tap.start_us == 19_999_500
    assert tap.video is not None
    assert tap.video.filters[:2] == ("trim=start=10:end=20", "setpts=PTS-10.0005/TB")


def test_several_exact_ranges_are_one_process() -> None:
    work = plan(a_trim(ranges=("1s-2s", "5s-6.5s"), mode="encode"), planning_for(a_film()))

    (step,) = work.steps
    assert text(step).count("-i file:in/source") == 2
    assert "concat=n=2:v=1:a=1[v][a0]" in text(step)
    assert step.outputs[0].promise.duration_us == 2_500_000


def test_subtitles_of_joined_ranges_are_left_behind_and_said() -> None:
    film = a_film(subtitles=(a_subtitle(),))

    for mode in ("copy", "encode"):
        work = plan(
            a_trim(ranges=("1s-2s", "5s-6s"), mode=mode), planning_for(film, name="trim", keyframes=KEYFRAMES)
        )
        assert work.dropped is not None
        assert [d.stream for d in work.dropped] == ["#2 subtitle (subrip, eng)"]


def test_a_track_that_is_silent_in_the_range_is_said() -> None:
    late = an_audio(index=2, start_us=8 * US, duration_us=2 * US)

    work = plan(a_trim(end="3s", mode="encode"), planning_for(a_film(audio=(an_audio(), late))))

    assert work.dropped is not None
    assert [(d.stream, d.reason) for d in work.dropped] == [
        ("#2 audio (aac)", "it has nothing in this range")
    ]


def test_chapters_move_with_the_range() -> None:
    film = a_film(chapters=(Chapter(start_us=3 * US, end_us=10 * US, title="Late"),))

    step = copied(a_trim(start="2s", end="6s"), film)

    assert "START=1000000\nEND=4000000\ntitle=Late" in step.texts[0].content


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"end": "2s", "duration": "1s"},
        {"ranges": ["1s-2s"], "start": "1s"},
        {"ranges": ["2s-1s"]},
        {"ranges": ["2s"]},
        {"duration": 0},
    ],
)
def test_a_range_is_said_in_one_way(fields: dict[str, object]) -> None:
    with pytest.raises(InvalidSpec):
        load_spec({"op": "trim", **fields})


def test_a_range_behind_the_end_is_refused() -> None:
    with pytest.raises(TimeOutOfRange):
        plan(a_trim(ranges=("1s-2s", "9s-12s"), mode="encode"), planning_for(a_film()))


def test_a_stored_request_reads_back_as_itself() -> None:
    spec = a_trim(ranges=("00:01:30-00:02:00", "5s-6.5s"), mode="encode")

    assert load_spec(json.loads(spec.model_dump_json())) == spec
