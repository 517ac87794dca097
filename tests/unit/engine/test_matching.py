from dataclasses import replace

import pytest

from framemill.domain.plan import Command
from framemill.domain.states import JobState
from framemill.engine.machine import Machine
from framemill.engine.matching import can, needed
from framemill.store.claiming import Wanted
from tests.engines import Bench, a_copy, a_machine, a_plan

HEVC = Command(
    tool="ffmpeg",
    argv=("-i", "x", "-c:v", "hevc_nvenc", "-c:a:0", "aac", "out"),
    otherwise=("-i", "x", "-c:v:0", "libx265", "-c:a:0", "aac", "-c:s", "copy", "out"),
)


def _with(*encoders: str) -> Machine:
    machine = a_machine()
    return replace(machine, capabilities=replace(machine.capabilities, encoders=frozenset(encoders)))


def test_a_step_needs_the_encoders_that_it_calls_without_a_device() -> None:
    step = replace(a_copy(), commands=(HEVC,))

    assert needed(step, encoders=frozenset({"libx264", "libx265", "aac", "hevc_nvenc"})) == "aac,libx265"


@pytest.mark.parametrize(
    ("requires", "expected"), [("", True), ("aac", True), ("aac,libx265", True), ("aac,libsvtav1", False)]
)
def test_a_machine_can_what_it_has_all_encoders_for(requires: str, expected: bool) -> None:
    assert can(requires, encoders=frozenset({"aac", "libx265"})) is expected


def test_a_worker_leaves_what_it_cannot_do_to_others_and_goes_on(bench: Bench) -> None:
    plan = a_plan(a_copy("special", commands=(HEVC,), publish=None), a_copy("plain"))
    job = bench.submit()
    able, poor = bench.worker(plan, machine=_with("libx265", "aac")), bench.worker(plan, machine=_with("aac"))
    assert able.run_one(Wanted()) is True

    assert poor.run_one(Wanted()) is True  # the other step
    assert poor.run_one(Wanted()) is None

    states = {task.key: (str(task.state), task.attempt) for task in bench.jobs.show(job).tasks}
    assert states == {
        "plan": ("done", 1),
        "special": ("ready", 0),
        "plain": ("done", 1),
        "publish": ("blocked", 0),
    }
    assert bench.jobs.get(job).state is JobState.RUNNING
