"""What planning makes of a smart cut; real pictures are tests/media's."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from framemill.domain.media import MediaInfo
from framemill.domain.plan import Command
from framemill.domain.smart import Picture, Pictures
from framemill.errors import InvalidSpec, NotSupported
from framemill.operations import cut, trim
from framemill.operations.cut import Cut
from framemill.operations.planning import FactNeeded, Planning, Question
from framemill.operations.registry import load_spec
from framemill.operations.trim import Trim
from tests.builders import CAPABILITIES, a_film, a_video, planning_for

BASE = Fraction(1, 15360)
TICKS = 512  # a picture at 30 a second


def listed(*, clean: bool = True, keys: int = 60) -> Pictures:
    """Ten seconds without B-frames, a keyframe every two seconds."""
    return Pictures(
        time_base=BASE,
        start_us=0,
        listed=tuple(
            Picture(pts=n * TICKS, dts=n * TICKS, key=n % keys == 0, clean=clean and n % keys == 0)
            for n in range(300)
        ),
    )


def a_planning(
    film: MediaInfo, pictures: Pictures, *ranges: tuple[int, int], explaining: bool = False
) -> Planning:
    planning = planning_for(film, name="trim")
    details = (None, tuple(ranges) or None)
    answers = {Question("pictures", "input", detail): pictures for detail in details}
    return replace(planning, facts=replace(planning.facts, answers=answers, explaining=explaining))


def h264(**changes: object) -> MediaInfo:
    return a_film(video=(a_video(profile="High", level=40, time_base=BASE, **changes),))


RANGE = (1_000_000, 7_000_000)
SPEC = Trim.model_validate({"start": "1s", "end": "7s", "mode": "smart"})


def commands(film: MediaInfo, **fields: object) -> tuple[Command, ...]:
    spec = Trim.model_validate({"start": "1s", "end": "7s", "mode": "smart", **fields})
    (step,) = trim.plan(spec, a_planning(film, listed(), RANGE)).steps
    return step.commands


def test_pictures_are_asked_for_once_for_all_ranges() -> None:
    spec = Cut.model_validate({"ranges": ["1s-2s", "3s-4s"], "mode": "smart"})

    with pytest.raises(FactNeeded) as asked:
        cut.plan(spec, planning_for(h264()))

    assert asked.value.question.detail == ((1_000_000, 2_000_000), (3_000_000, 4_000_000))


def test_the_head_is_encoded_like_the_source_and_the_rest_copied() -> None:
    head, last, copied, *_ = (" ".join(c.argv) for c in commands(h264()))

    assert "trim=start_pts=15360:end_pts=30720,setpts=PTS-15360" in head
    assert "-c:v libx264 -crf 14 -preset veryfast -bf 0 -profile:v high -level:v 40" in head
    assert "-enc_time_base:v:0 1/15360" in head
    assert "-c:v libx264" not in last  # without B-frames the end is copied to its last picture
    assert rf"noise=drop=lt(pts\,30720)+gt(pts\,{209 * TICKS}),setts=pts=PTS-30720:dts=DTS-30720" in copied


def test_the_proof_knows_every_count_and_stands_before_the_commands_that_make_up_for_it() -> None:
    made = commands(h264())
    place = next(n for n, c in enumerate(made) if c.argv[0] == "smart_proof")
    wish = json.loads(made[place].argv[1])

    assert wish["count"] == 180
    assert wish["spans"][0]["copied"] == [30720, 209 * TICKS]
    assert not wish["strict"]
    assert all(c.forgiven for c in made[:place])
    assert all(c.only_if_missing == "trim.mp4" for c in made[place + 1 : -1])
    assert len(made[place + 1 : -1]) == 3


def test_strict_forgives_nothing() -> None:
    made = commands(h264(), strict=True)

    assert not any(c.forgiven or c.only_if_missing for c in made)
    assert json.loads(next(c for c in made if c.argv[0] == "smart_proof").argv[1])["strict"]


def test_the_promise_counts_the_pictures() -> None:
    (step,) = trim.plan(SPEC, a_planning(h264(), listed(), RANGE)).steps

    promise = step.outputs[0].promise
    assert (promise.frames, promise.duration_us, promise.video_codec) == (180, 6_000_000, "h264")


@pytest.mark.parametrize(
    ("film", "pictures", "reason"),
    [
        (h264(), listed(clean=False), "groups of pictures are open"),
        (h264(), Pictures(time_base=BASE, start_us=0, listed=()), "does not say when each picture is shown"),
        (h264(codec="vp8"), listed(), "pieces of vp8 cannot be joined here"),
        (h264(codec="mpeg4"), listed(), "no encoder here for mpeg4"),
        (h264(pixel_format="yuv411p"), listed(), "cannot make yuv411p"),
        (h264(dolby_vision=True), listed(), "Dolby Vision"),
        (replace(h264(), declared_duration_us=20_000_000), listed(), "cut short"),
    ],
)
def test_what_cannot_be_cut_so_is_encoded_with_the_reason_or_refused(
    film: MediaInfo, pictures: Pictures, reason: str
) -> None:
    planning = a_planning(film, pictures, RANGE)

    work = trim.plan(SPEC, planning)

    assert reason in work.notes[0]
    assert "encoded, not cut smartly" in work.notes[0]
    assert work.taps
    with pytest.raises(NotSupported, match=reason):
        trim.plan(SPEC.model_copy(update={"strict": True}), planning)


def test_an_encoder_that_is_not_there_is_a_reason() -> None:
    planning = a_planning(h264(), listed(), RANGE)
    lacking = replace(CAPABILITIES, encoders=CAPABILITIES.encoders - {"libx264"} | {"libx265"})

    with pytest.raises(NotSupported, match="no encoder 'libx264'"):
        trim.plan(SPEC.model_copy(update={"strict": True}), replace(planning, capabilities=lacking))


def test_a_copy_from_keyframe_to_keyframe_needs_no_encoder() -> None:
    film = h264(codec="mpeg4")
    spec = Trim.model_validate({"start": "2s", "end": "6s", "mode": "smart", "strict": True})

    (step,) = trim.plan(spec, a_planning(film, listed(), (2_000_000, 6_000_000))).steps

    assert not any("-crf" in c.argv for c in step.commands)


def test_a_profile_and_a_largest_size_are_refused() -> None:
    with pytest.raises(InvalidSpec, match="smart keeps the streams"):
        trim.plan(SPEC.model_copy(update={"profile": "web_720p"}), planning_for(h264()))
    with pytest.raises(InvalidSpec, match="nothing to encode"):
        load_spec({"op": "cut", "max_size": "10M", "mode": "smart"})
    with pytest.raises(InvalidSpec, match="one of every"):
        load_spec({"op": "cut", "every": "10s", "ranges": ["1s-2s"]})


def test_a_plan_that_is_shown_says_where_each_mode_would_cut() -> None:
    spec = Trim.model_validate({"start": "1.01s", "end": "7s"})
    planning = a_planning(h264(), listed(), (1_010_000, 7_000_000), explaining=True)
    known = {**planning.facts.answers, Question("keyframes", "input"): (0, 2_000_000)}

    (found,) = trim.plan(spec, replace(planning, facts=replace(planning.facts, answers=known))).boundaries

    assert found.copy_us == (0, 7_000_000)
    assert found.exact_us == (1_033_333, 7_000_000)
    assert (found.frames, found.smart_encodes) == (179, 29)


def test_what_runs_asks_for_no_more_than_it_needs() -> None:
    planning = planning_for(h264(), name="trim", keyframes={"input": (0, 2_000_000)})

    assert trim.plan(Trim.model_validate({"start": "1s", "end": "7s"}), planning).boundaries == ()
