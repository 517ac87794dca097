"""States of jobs and tasks, and what may follow what: the only place that says so."""

from enum import StrEnum

from framemill.errors import IllegalTransition


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True where nothing follows without a retry."""
        return self in {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED}


class TaskState(StrEnum):
    """Where a task stands."""

    BLOCKED = "blocked"
    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


JOB_NEXT: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.PAUSED, JobState.CANCELLED, JobState.FAILED}),
    JobState.RUNNING: frozenset(
        {JobState.QUEUED, JobState.PAUSED, JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED}
    ),
    # What was at its very end when the pause came may still end.
    JobState.PAUSED: frozenset(
        {JobState.QUEUED, JobState.RUNNING, JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED}
    ),
    JobState.COMPLETED: frozenset(),
    # A retry puts an ended job back into the queue; what is done stays done.
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
}

TASK_NEXT: dict[TaskState, frozenset[TaskState]] = {
    TaskState.BLOCKED: frozenset({TaskState.READY, TaskState.CANCELLED}),
    # Blocked again where what it needs has gone.
    TaskState.READY: frozenset({TaskState.LEASED, TaskState.BLOCKED, TaskState.CANCELLED}),
    TaskState.LEASED: frozenset({TaskState.READY, TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED}),
    # Done work whose output has gone is made again.
    TaskState.DONE: frozenset({TaskState.READY, TaskState.BLOCKED}),
    TaskState.FAILED: frozenset({TaskState.READY, TaskState.BLOCKED}),
    TaskState.CANCELLED: frozenset({TaskState.READY, TaskState.BLOCKED}),
}


def next_job_state(now: JobState, then: JobState) -> JobState:
    """`then`; IllegalTransition where no edge leads there."""
    if then not in JOB_NEXT[now]:
        raise IllegalTransition(f"a {now} job cannot become {then}")
    return then


def next_task_state(now: TaskState, then: TaskState) -> TaskState:
    """`then`; IllegalTransition where no edge leads there."""
    if then not in TASK_NEXT[now]:
        raise IllegalTransition(f"a {now} task cannot become {then}")
    return then
