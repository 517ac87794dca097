from dataclasses import replace

import pytest

from framemill.domain.plan import Output, Plan
from framemill.operations.extract_audio import ExtractAudio
from framemill.operations.ladder import Ladder
from framemill.operations.thumbnails import Thumbnails
from framemill.operations.transcode import Transcode
from framemill.planner.reuse import TAKEN, Reuse
from tests.builders import CAPABILITIES
from tests.plans import a_plan

CONTENT = {"input": "sha256:d1"}
NEWER = replace(CAPABILITIES, ffmpeg_version="9.1")
FEW, MORE = Ladder(qualities=("720p", "480p")), Ladder(qualities=("720p", "480p", "360p"))


def _reuse(*kept: str, scope: str = "owner-1", content: str = "sha256:d1") -> Reuse:
    return Reuse(scope=scope, contents={"input": content}, kept=frozenset(kept))


def _keys(plan: Plan) -> dict[str, str]:
    """Output -> key, of what is not a chunk."""
    return {o.id: o.kept_as for o in plan.outputs() if o.kept_as and ":chunk" not in o.id}


def _rungs(plan: Plan) -> set[str]:
    """The sizes that anything is scaled to."""
    words = " ".join(
        word for s in plan.steps if not s.title.startswith(TAKEN) for c in s.commands for word in c.argv
    )
    return {
        rung for rung, size in (("720p", "1280"), ("480p", "854"), ("360p", "640")) if f"w={size}" in words
    }


@pytest.mark.parametrize("slots", [1, 2])
def test_one_more_rung_encodes_only_that_one(slots: int) -> None:
    first = _keys(a_plan(FEW, reuse=_reuse(), slots=slots))

    plan = a_plan(MORE, reuse=_reuse(*first.values()), slots=slots)

    taken = [step for step in plan.steps if step.title.startswith(TAKEN)]
    assert {o.id for step in taken for o in step.outputs} == set(first)
    assert _rungs(a_plan(MORE, reuse=_reuse(), slots=slots)) == {"720p", "480p", "360p"}
    assert _rungs(plan) == {"360p"}
    assert any("720p, 480p: taken from an earlier job" in note for note in plan.notes)
    assert all(step.estimate.cpu_ms < 1000 and step.estimate.wall_ms == 0 for step in taken)


def test_what_was_made_in_chunks_is_the_same_work_as_in_one() -> None:
    whole, split = (_keys(a_plan(FEW, reuse=_reuse(), slots=slots)) for slots in (1, 2))

    assert whole
    assert whole == split


def test_chunks_and_what_shows_that_they_meet_are_kept_too() -> None:
    plan = a_plan(FEW, reuse=_reuse(), slots=2)

    chunks = [step for step in plan.steps if ":chunk" in step.key]
    assert chunks
    keys = [output.kept_as for step in chunks for output in step.outputs]
    assert all(keys)
    assert len(set(keys)) == len(keys)


def test_taken_or_not_what_others_read_is_the_same() -> None:
    made = a_plan(MORE, ExtractAudio(), reuse=_reuse(), slots=1)

    plan = a_plan(MORE, ExtractAudio(), reuse=_reuse(*_keys(made).values()), slots=1)

    assert _as_read(plan) == _as_read(made)


def _as_read(plan: Plan) -> dict[str, Output]:
    return {output.id: replace(output, fingerprint="", recipe="") for output in plan.outputs()}


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (a_plan(FEW, reuse=_reuse(content="sha256:d2")), "source"),
        (a_plan(Ladder(qualities=("720p", "480p"), crf=24), reuse=_reuse()), "option"),
        (a_plan(FEW, reuse=_reuse(), capabilities=NEWER), "tool"),
        (a_plan(FEW, reuse=_reuse(scope="owner-2")), "owner"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_something_else_has_no_key_in_common(other: Plan, why: str) -> None:
    one = a_plan(FEW, reuse=_reuse())

    assert _keys(one).keys() & _keys(other).keys(), why
    assert not set(_keys(one).values()) & set(_keys(other).values())


def test_another_framemill_has_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    one = _keys(a_plan(FEW, reuse=_reuse()))

    monkeypatch.setattr("framemill.planner.reuse.version", lambda _name: "99.0")

    assert not set(one.values()) & set(_keys(a_plan(FEW, reuse=_reuse())).values())


def test_where_nothing_may_be_used_again_nothing_has_a_key() -> None:
    plans = (a_plan(FEW), a_plan(FEW, reuse=_reuse(content="")))

    assert [_keys(plan) for plan in plans] == [{}, {}]


def test_pictures_copies_and_small_work_are_not_kept() -> None:
    plan = a_plan(Thumbnails(), Transcode(), reuse=_reuse())

    assert not [o for o in plan.outputs() if o.kept_as and o.promise.kind == "image"]
    assert set(_keys(plan)) == {"transcode/transcode"} or len(_keys(plan)) == 1


def test_keys_change_nothing_about_what_was_asked_for() -> None:
    assert a_plan(FEW, reuse=_reuse()).fingerprint == a_plan(FEW).fingerprint
