from framemill.domain.plan import Output, Plan
from framemill.operations.ladder import Ladder
from framemill.operations.thumbnails import Thumbnails
from tests.plans import a_plan


def _outputs(plan: Plan) -> dict[str, Output]:
    return {output.id: output for output in plan.outputs()}


def test_equal_work_on_equal_content_has_equal_fingerprints() -> None:
    one, other = a_plan(Ladder()), a_plan(Ladder())

    assert [step.fingerprint for step in one.steps] == [step.fingerprint for step in other.steps]
    assert all(step.fingerprint for step in one.steps)
    assert len({step.fingerprint for step in one.steps}) == len(one.steps)


def test_other_content_is_other_work_everywhere() -> None:
    one, other = a_plan(Ladder()), a_plan(Ladder(), digest="d2")

    assert not {step.fingerprint for step in one.steps} & {step.fingerprint for step in other.steps}


def test_where_content_is_unknown_nothing_has_a_fingerprint() -> None:
    plan = a_plan(Ladder(), digest="")

    assert {step.fingerprint for step in plan.steps} == {""}
    assert {output.fingerprint for output in plan.outputs()} == {""}


def test_one_more_rendition_leaves_the_others_what_they_are() -> None:
    few, more = a_plan(Ladder(qualities=("720p", "480p"))), a_plan(Ladder(qualities=("720p", "480p", "360p")))

    known = {output.fingerprint for output in few.outputs()}
    new = {output.id for output in more.outputs() if output.fingerprint not in known}
    assert new
    assert all("360p" in name for name in new)


def test_another_setting_is_other_work_for_its_outputs_only() -> None:
    one, other = (_outputs(a_plan(Ladder(crf=crf), Thumbnails())) for crf in (23, 24))

    changed = {name for name in one if one[name].fingerprint != other[name].fingerprint}
    assert changed == {name for name in one if "0p" in name and not name.endswith(("begin", "behind"))}


def test_where_a_result_is_published_does_not_count() -> None:
    one, other = a_plan(Ladder()), a_plan(Ladder(output="folder"))

    assert [step.fingerprint for step in one.steps] == [step.fingerprint for step in other.steps]
