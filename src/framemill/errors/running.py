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

    def __init__(self, key: str, *, job_id: str, kind: str = "job") -> None:
        self.key = key
        self.job_id = job_id
        super().__init__(
            f"the idempotency key {key!r} belongs to another request, {kind} {job_id}",
            hint="use a new key for each request, and the same one only to repeat it",
        )


class LeaseLost(FramemillError):
    """Another worker holds the task now."""

    code = "lease_lost"
