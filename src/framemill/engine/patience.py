"""Waiting for a database that is away or has no room: a moment must not throw hours of work away."""

import time
from collections.abc import Callable, Iterator
from functools import wraps
from random import random
from typing import Concatenate, ParamSpec, TypeVar

from framemill.domain.states import TaskState
from framemill.errors import DatabaseUnavailable, DiskFull, LeaseLost
from framemill.store.database import Database
from framemill.store.tables import Task

_P = ParamSpec("_P")
_T = TypeVar("_T")

_FIRST_S, _LONGEST_S, _IN_ALL_S = 0.1, 5.0, 600.0


def patiently(call: Callable[[], _T], *, wait: Callable[[float], object] = time.sleep) -> _T:
    """What `call` returns, once the database answers; DatabaseUnavailable after ten minutes.

    `call` must be right to make twice, e.g. because it only reads.
    """
    for pause in _pauses():
        try:
            return call()
        except DatabaseUnavailable:
            wait(pause)
    return call()


def patient(
    settled: Callable[[], _T],
) -> Callable[[Callable[Concatenate[Database, Task, _P], _T]], Callable[Concatenate[Database, Task, _P], _T]]:
    """Decorates what ends a claim in one transaction: it is made again while the database is away.

    Where the disk is full, it is made once more in the room that was kept for that.

    The claim's token guards it, so its effect comes once. Where a commit got no
    answer and the task turns out to be done by this very claim, it had arrived,
    and what `settled` makes is returned.
    """

    def decorate(
        settle: Callable[Concatenate[Database, Task, _P], _T],
    ) -> Callable[Concatenate[Database, Task, _P], _T]:
        @wraps(settle)
        def until_known(database: Database, claimed: Task, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
            doubt = False

            def once() -> _T:
                nonlocal doubt
                try:
                    return settle(database, claimed, *args, **kwargs)
                except DatabaseUnavailable as error:
                    doubt = doubt or not error.undone
                    raise
                except DiskFull:
                    database.make_room()
                    return settle(database, claimed, *args, **kwargs)
                except LeaseLost:
                    if doubt and _is_done(database, claimed):
                        return settled()
                    raise

            return patiently(once)

        return until_known

    return decorate


def _is_done(database: Database, claimed: Task) -> bool:
    with database.read() as session:
        task = session.get_one(Task, claimed.id)
    return task.state == TaskState.DONE and task.lease_token == claimed.lease_token


def _pauses() -> Iterator[float]:
    spent, pause = 0.0, _FIRST_S
    while spent < _IN_ALL_S:
        yield pause * (0.5 + random() / 2)  # noqa: S311 - so that not all come back at once
        spent += pause
        pause = min(_LONGEST_S, 2 * pause)
