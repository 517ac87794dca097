"""A ladder that samples decide: what planning asks, and what it makes of the answer."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest

from framemill.domain.cuts import Mark, Weights
from framemill.domain.media import VideoStream
from framemill.domain.trials import Trial, Tryout
from framemill.domain.work import Work
from framemill.errors import NotSupported
from framemill.operations import ladder
from framemill.operations.ladder import Ladder
from framemill.operations.planning import FactNeeded, Planning, Question
from tests.builders import CAPABILITIES, a_film, a_video, an_audio, planning_for

WEIGHTS = Weights(
    marks=tuple(Mark(time_us=n * 2_000_000, bytes_before=n * 9, packets_before=n) for n in range(30)),
    total_bytes=270,
    total_packets=30,
)
ABLE = replace(CAPABILITIES, filters=CAPABILITIES.filters | {"libvmaf", "psnr"})
# (VMAF at crf 23, bits per second at crf 23) by rung.
Curve = Mapping[str, tuple[float, int]]
DETAILED: Curve = {
    "1080p": (94, 4_000_000),
    "720p": (88, 2_000_000),
    "480p": (78, 1_000_000),
    "360p": (66, 600_000),
    "240p": (50, 300_000),
}
SOFT: Curve = {
    "1080p": (94.2, 900_000),
    "720p": (93.8, 500_000),
    "480p": (92.5, 300_000),
    "360p": (85, 200_000),
    "240p": (70, 120_000),
}


def a_minute(**changes: object) -> Planning:
    video = a_video(duration_us=60_000_000, **changes)
    film = a_film(duration_us=60_000_000, video=(video,), audio=(an_audio(),))
    return planning_for(film, name="ladder", capabilities=ABLE, weights={"input": WEIGHTS})


def asked(spec: Ladder, planning: Planning) -> Tryout:
    """What planning wants to have tried."""
    with pytest.raises(FactNeeded) as needed:
        ladder.plan(spec, planning)
    question = needed.value.question
    assert question.kind == "tryout"
    assert isinstance(question.detail, Tryout)
    return question.detail


def answered(spec: Ladder, planning: Planning, curve: Curve) -> Work:
    """The plan, once the trials gave `curve`; six crf more cost 8 VMAF and half the bytes."""
    wish = asked(spec, planning)
    seconds = sum(take.length_us for take in wish.takes) / 1_000_000
    answer = {
        setting.name: tuple(
            Trial(
                crf=crf,
                score=curve[setting.name][0] - 8 * n,
                bytes=round(curve[setting.name][1] * seconds / 8 / 2**n),
                cpu_ms=0,
            )
            for n, crf in enumerate(setting.crfs)
        )
        for setting in wish.settings
    }
    facts = planning.facts
    known = {**facts.answers, Question("tryout", "input", wish): answer}
    return ladder.plan(spec, replace(planning, facts=replace(facts, answers=known)))


def rungs(work: Work) -> list[str]:
    return [tap.title for tap in work.taps if tap.video is not None]


def test_every_rung_that_the_source_is_large_enough_for_is_tried() -> None:
    wish = asked(Ladder(quality="auto"), a_minute())

    assert [s.name for s in wish.settings] == ["1080p", "720p", "480p", "360p", "240p"]
    assert {s.crfs for s in wish.settings} == {(23.0, 29.0)}
    assert 1 <= len(wish.takes) <= 5
    encode = " ".join(wish.settings[1].encode)
    assert "w=1280:h=720" in encode
    assert "-crf {crf}" in encode
    # A cap would hide what the film needs.
    assert "-maxrate" not in encode
    # What is compared is what a large screen shows.
    assert "w=1920:h=1080:flags=bicubic" in " ".join(wish.settings[1].compare)


def test_rungs_that_are_named_are_the_only_ones_tried() -> None:
    wish = asked(Ladder(quality="auto", qualities=("720p", "360p")), a_minute())

    assert [s.name for s in wish.settings] == ["720p", "360p"]


def test_a_spec_that_was_stored_still_leaves_the_rungs_open() -> None:
    stored = Ladder.model_validate(Ladder(quality="auto").model_dump(mode="json"))

    assert len(asked(stored, a_minute()).settings) == 5


def test_a_film_with_detail_gets_a_tall_ladder() -> None:
    work = answered(Ladder(quality="auto"), a_minute(), DETAILED)

    assert rungs(work) == ["1080p", "720p", "480p", "360p", "240p"]
    assert "ladder: 1080p: about 4000k bit/s" not in work.notes
    assert any(n.startswith("ladder: 1080p: about 4000kbit/s, VMAF 94.0 at crf 23") for n in work.notes)


def test_a_soft_film_gets_fewer_and_lower_rungs_and_is_told_why() -> None:
    work = answered(Ladder(quality="auto"), a_minute(), SOFT)

    assert rungs(work) == ["480p", "360p", "240p"]
    assert "ladder: left out 1080p: VMAF 94.2, 480p has 92.5 for less" in work.notes
    assert [o.publish for step in work.steps for o in step.outputs] == ["480p.mp4", "360p.mp4", "240p.mp4"]


def test_caps_are_the_films_own() -> None:
    # 240p has 24 frames a second and needs less than the trial at 30 did.
    work = answered(Ladder(quality="auto"), a_minute(), SOFT)

    caps = [a.video.args[a.video.args.index("-maxrate") + 1] for a in work.taps if a.video]
    assert caps == ["600k", "400k", "210k"]


def test_a_rate_that_the_ladder_halves_is_counted_for_less() -> None:
    slow, fast = (
        answered(Ladder(quality="auto"), a_minute(frame_rate=Fraction(rate)), DETAILED) for rate in (30, 60)
    )

    def cap(work: Work) -> int:
        video = work.taps[3].video
        assert video is not None
        return int(video.args[video.args.index("-maxrate") + 1].removesuffix("k"))

    assert cap(fast) == pytest.approx(cap(slow) * 0.5**0.6, rel=0.02)


def test_the_fixed_ladder_asks_nothing() -> None:
    assert rungs(ladder.plan(Ladder(), a_minute())) == ["720p", "480p", "360p"]


def test_a_source_below_every_rung_keeps_its_own_size() -> None:
    wish = asked(Ladder(quality="auto"), a_minute(width=256, height=144))

    assert [s.name for s in wish.settings] == ["144p"]


def test_a_picture_too_small_to_be_measured_is_refused() -> None:
    with pytest.raises(NotSupported, match="16x16"):
        ladder.plan(Ladder(quality="auto"), a_minute(width=16, height=16))


def test_portrait_is_tried_in_portrait() -> None:
    upright: VideoStream = a_video(width=1080, height=1920)

    wish = asked(Ladder(quality="auto"), a_minute(width=upright.width, height=upright.height))

    assert "w=720:h=1280" in " ".join(wish.settings[1].encode)
