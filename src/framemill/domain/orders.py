"""Rules of orders: how their inputs are called, which files are taken as what, and when one is over.

An order is a job whose files come over a connection. What is said over that,
`api.process_messages` knows.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from framemill.domain.sniffing import MOST_OTHER, OTHERS, check_fits, other_ending_of
from framemill.domain.states import JobState
from framemill.domain.uploads import Limits
from framemill.errors import LimitExceeded

NAME: Final = r"^[a-z][a-z0-9_]{0,47}$"  # of an input; on this machine its file is called so too


class Next(StrEnum):
    """What is to be done with an order."""

    STAY = "stay"
    CANCEL = "cancel"
    REMOVE = "remove"


class Taken:
    """What is taken for one input: its ending, how long it may be, how it must begin."""

    def __init__(self, filename: str, kind: str, *, limits: Limits) -> None:
        """Raises InvalidUpload where files of that name are not taken."""
        self.filename = filename
        if kind in OTHERS:
            self.ending = other_ending_of(filename, kind)
            self.most = min(MOST_OTHER, limits.max_bytes)
        else:
            self.ending = limits.check_name(filename)
            self.most = limits.max_bytes
        self._sniffed = kind not in OTHERS

    def check_size(self, size: int) -> None:
        """LimitExceeded where a file of `size` bytes is too large."""
        if size > self.most:
            raise LimitExceeded(
                f"{self.filename[:200]!r} has more than {self.most:,} bytes",
                hint="send a smaller file, or have the operator raise FRAMEMILL_UPLOAD_MAX_BYTES",
            )

    def check_head(self, head: bytes) -> None:
        """InvalidUpload where a file that begins so is not what its name says."""
        if self._sniffed:
            check_fits(head, self.ending)


def next_of(
    *,
    now: datetime,
    held_until: datetime,
    state: JobState | None,
    busy: bool,
    finished_at: datetime | None,
    detached: bool,
    urls: bool,
    keep: timedelta,
) -> Next:
    """What is to be done with an order whose job is in `state`; None: its files are still coming.

    `busy` says that a worker still has something of the job. Nobody's order is
    given up, unless its client detached it or still has the addresses of its
    results: these are kept for `keep` from the end of the job on.
    """
    if held_until > now:
        return Next.STAY
    if state is None:
        return Next.REMOVE
    if not state.ended:
        return Next.STAY if detached else Next.CANCEL
    kept = detached or (urls and state is JobState.COMPLETED)
    if busy or (kept and finished_at is not None and finished_at + keep > now):
        return Next.STAY
    return Next.REMOVE
