"""Turning whatever went wrong into an error with a code, and deciding what follows from it."""

import errno
from collections.abc import Callable
from datetime import timedelta

from framemill.errors import DestinationUnwritable, DiskFull, FramemillError

_FIRST_WAIT_S = 2
_LONGEST_WAIT_S = 300
# Finished steps are kept for a retry after these: the work was fine, the machine was not.
KEEPS_WORK = frozenset({"worker_lost", "timeout"})


def as_error(problem: Exception) -> FramemillError:
    """The error that `problem` means."""
    if isinstance(problem, FramemillError):
        return problem
    if isinstance(problem, OSError):
        if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
            return DiskFull("the disk is full", hint="free some space, then try again")
        if problem.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ENOTDIR}:
            return DestinationUnwritable(str(problem.filename))
    return FramemillError(
        f"something unexpected happened: {type(problem).__name__}: {problem}",
        hint="this is a defect of Framemill; please report it with `framemill jobs show ID`",
    )


def keeps_work(error: FramemillError) -> bool:
    """True where a retry of the failed job would go on with what there is."""
    return error.code in KEEPS_WORK or (error.code == "download_failed" and error.transient)


def forgivable(error: FramemillError) -> bool:
    """True for failures that say something about a file, not about the machine or the job."""
    return not error.transient and error.code not in {"cancelled", "disk_full", "destination_unwritable"}


def backoff(attempt: int, *, spread: Callable[[], float]) -> timedelta:
    """How long to wait before trying again: 2 s, doubling, at most 5 min, with up to a quarter of jitter."""
    wait = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (attempt - 1))
    return timedelta(seconds=wait * (1 + spread() / 4))
