import pytest

from framemill.domain.states import JOB_NEXT, TASK_NEXT, JobState, TaskState, next_job_state, next_task_state
from framemill.errors import IllegalTransition


def test_every_state_has_its_row() -> None:
    assert set(JOB_NEXT) == set(JobState)
    assert set(TASK_NEXT) == set(TaskState)


def test_a_completed_job_stays_completed() -> None:
    with pytest.raises(IllegalTransition, match="completed job cannot become running"):
        next_job_state(JobState.COMPLETED, JobState.RUNNING)


def test_a_lost_task_becomes_ready_again() -> None:
    assert next_task_state(TaskState.LEASED, TaskState.READY) is TaskState.READY


def test_a_blocked_task_cannot_be_leased() -> None:
    with pytest.raises(IllegalTransition, match="blocked task cannot become leased"):
        next_task_state(TaskState.BLOCKED, TaskState.LEASED)
