import json
from dataclasses import replace

import pytest

from framemill.domain.media import MediaInfo
from framemill.domain.plan import Plan, Step
from framemill.domain.units import US
from framemill.operations.ladder import Ladder
from framemill.operations.planning import FactNeeded
from framemill.operations.transcode import Transcode
from framemill.planner.pipelines import load_pipeline
from tests.builders import a_film
from tests.plans import a_minute, a_plan


def _chunks(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if ":chunk" in step.key]


def test_one_slot_plans_as_ever() -> None:
    plan = a_plan(*load_pipeline("publish"), slots=1, keyframes=None)

    assert _chunks(plan) == []
    assert not any("chunks" in note for note in plan.notes)


def test_each_chunk_feeds_every_rendition_from_one_decode() -> None:
    plan = a_plan(Ladder())

    chunks = _chunks(plan)
    renditions = [[o.path for o in step.outputs if o.path.endswith(".mp4")] for step in chunks]
    assert [len(paths) for paths in renditions] == [3, 3, 3, 3]
    assert all(step.commands[0].argv.count("-i") == 1 for step in chunks)
    assert "ladder: encoded in 4 chunks of about 14 s, 2 side by side, and joined by copy" in plan.notes


def test_sound_is_encoded_once_and_from_nothing_that_is_split() -> None:
    plan = a_plan(*load_pipeline("publish"))

    sounding = [step for step in plan.steps if any("aac" in command.argv for command in step.commands)]
    assert len(sounding) == 1
    assert {output.id for output in sounding[0].outputs} == {"ladder/audio0", "extract_audio/extract_audio"}
    assert "-filter_complex" not in sounding[0].commands[0].argv
    assert not any("-map" in c.argv and "0:1" in c.argv for step in _chunks(plan) for c in step.commands)


def test_what_others_read_of_a_split_encode_is_what_it_was() -> None:
    whole, split = (a_plan(*load_pipeline("publish"), slots=slots) for slots in (1, 2))

    made = {output.id: replace(output, recipe="", fingerprint="") for output in split.outputs()}
    assert all(
        made[output.id] == replace(output, recipe="", fingerprint="")
        for output in whole.outputs()
        if output.id != "none"
    )
    for step in whole.steps[1:]:
        assert step.commands in [other.commands for other in split.steps]


def test_a_join_needs_its_chunks_and_nothing_else() -> None:
    plan = a_plan(Ladder())

    joins = [step for step in plan.steps if step.key.endswith(":join")]
    assert [step.key for step in joins] == ["ladder:720p:join", "ladder:480p:join", "ladder:360p:join"]
    assert all(plan.needs(step) == tuple(chunk.key for chunk in _chunks(plan)) for step in joins)


def test_a_file_with_sound_takes_it_from_the_source_while_it_is_joined() -> None:
    plan = a_plan(Transcode(profile="web_720p"))

    (join,) = (step for step in plan.steps if step.key.endswith(":join"))
    assert next(item.ref for item in join.inputs) == "input"
    argv = join.commands[1].argv
    assert argv[argv.index("1:v:0") - 1 :][:4] == ("-map", "1:v:0", "-c:v:0", "copy")
    assert "0:1" in argv


def test_every_join_looks_at_both_sides_of_each_border_and_has_another_way() -> None:
    plan = a_plan(Ladder(qualities=("480p",)))

    whole = a_plan(Ladder(qualities=("480p",)), slots=1).steps[0].commands[0]
    (join,) = (step for step in plan.steps if step.key.endswith(":join"))
    check, copy, again = join.commands
    assert check.argv[:2] == ("chunks_fit", "apart.txt")
    assert list(json.loads(check.argv[2])["meet"]) == [
        ["behind001.txt", "begin002.txt"],
        ["behind002.txt", "begin003.txt"],
        ["behind003.txt", "begin004.txt"],
    ]
    assert copy.only_if_missing == "apart.txt"
    assert again.only_if_missing == join.outputs[0].path
    assert again.argv[-1] == copy.argv[-1]
    assert set(again.argv) < set(whole.argv)  # which has the sound as well


def test_keyframes_are_asked_for_only_where_splitting_may_pay() -> None:
    with pytest.raises(FactNeeded):
        a_plan(Ladder(), keyframes=None)

    assert _chunks(a_plan(Ladder(qualities=("240p",), preset="ultrafast"), keyframes=None)) == []


@pytest.mark.parametrize(
    ("media", "reason"),
    [
        (a_minute(container="mpegts"), "the source has no whole index to seek by"),
        (a_minute(declared_duration_us=120 * US), "the source has no whole index to seek by"),
        (a_film(), "there is too little to encode"),
    ],
)
def test_a_plan_says_why_it_is_not_split(media: MediaInfo, reason: str) -> None:
    assert f"ladder: not in chunks: {reason}" in a_plan(Ladder(), media=media).notes


def test_a_plan_says_when_the_keyframes_of_a_source_are_too_far_apart() -> None:
    sparse = a_plan(Ladder(), keyframes=(0,))

    assert "ladder: not in chunks: the source's keyframes are too far apart to begin at" in sparse.notes
