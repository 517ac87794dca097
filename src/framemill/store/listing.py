"""Pages of jobs, by the time of their submission, at a cost that does not grow with the table.

Every walk is along an index that ends in (state, id), one walk for each
state, and the page is merged of them; so no order is ever made by sorting.
What no index knows is looked for among the newest few thousand.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from math import ceil
from pathlib import PurePath
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import Session

from framemill.domain.states import JobState
from framemill.store.tables import Job

# How many jobs one page looks at in vain before it hands back where to go on.
_PATIENCE = 10_000
_CHUNK = 500
_AT_ONCE = 100  # walks in one question: SQLite joins 500 at most
_SHORT_IDS = 1000  # the newest so many are found by the end of their ids
_LAST = 2**128 - 1
_TIME_BITS = 80  # an id begins with its milliseconds since 1970; these many bits follow
# Those with an index, the most telling first.
_COLUMNS = ("batch_id", "video_id", "workspace_id", "owner", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which jobs are listed; what is not said does not matter."""

    states: tuple[JobState, ...] = ()
    kind: str | None = None
    owner: str | None = None
    batch_id: str | None = None
    workspace_id: str | None = None
    video_id: str | None = None
    name: str | None = None  # part of an input's file name, in any case
    visible: frozenset[str] | None = None  # only those of these workspaces, by their ids
    since: datetime | None = None  # submitted then or later
    until: datetime | None = None  # submitted before, to the millisecond
    oldest_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some jobs, and from where the next page goes on: None where there is none."""

    jobs: tuple[Job, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Indexed:
    """What an index answers."""

    column: str | None
    values: Sequence[str | None]
    states: tuple[JobState, ...]
    low: int  # ids from here
    high: int  # to here
    oldest_first: bool


def page_of_jobs(session: Session, wanted: Wanted, *, before: str | None, limit: int) -> Page:
    """The first `limit` jobs that are wanted, of those that come behind `before` in the order wanted.

    A page may hold fewer though more follow, where most of what it looked at
    was not wanted.
    """
    if (understood := _understood(wanted)) is None:
        return Page(jobs=(), next=None)
    wanted = understood
    indexed, loose = _split(wanted)
    if not loose:
        ids = list(islice(_walk(session, indexed, before, limit + 1), limit + 1))
        more = len(ids) > limit
        found = _load(session, ids[:limit])
        return Page(jobs=tuple(found), next=found[-1].id if more else None)
    found, last, seen = [], before, 0
    while seen < _PATIENCE:
        ids = list(islice(_walk(session, indexed, last, _CHUNK), _CHUNK))
        for job in _load(session, [i for i, *facts in _facts(session, ids) if _fits(facts, wanted)]):
            found.append(job)
            if len(found) == limit:
                return Page(jobs=tuple(found), next=job.id)
        if len(ids) < _CHUNK:
            return Page(jobs=tuple(found), next=None)
        last, seen = ids[-1], seen + len(ids)
    return Page(jobs=tuple(found), next=last)


def count_jobs(session: Session, wanted: Wanted) -> int:
    """How many there are in all; whatever `wanted.name` says."""
    if (understood := _understood(wanted)) is None:
        return 0
    wanted = understood
    query = select(func.count()).select_from(Job)
    if wanted.states:
        query = query.where(Job.state.in_([str(state) for state in wanted.states]))
    for column in _COLUMNS:
        if (value := getattr(wanted, column)) is not None:
            query = query.where(getattr(Job, column) == value)
    if wanted.visible is not None:
        query = query.where(Job.workspace_id.in_(sorted(wanted.visible)))
    if wanted.since is not None:
        query = query.where(Job.id >= first_id(wanted.since))
    if wanted.until is not None:
        query = query.where(Job.id < first_id(wanted.until))
    return session.scalars(query).one()


def ids_like(session: Session, part: str, *, limit: int = 10) -> list[str]:
    """Ids that begin with `part`, or that end with it and are among the newest."""
    digits = part.replace("-", "").lower()
    if not digits or len(digits) > 32 or set(digits) - set("0123456789abcdef"):
        return []
    low, high = (str(UUID(digits.ljust(32, fill))) for fill in "0f")
    begin = session.scalars(select(Job.id).where(Job.id >= low, Job.id <= high).limit(limit))
    newest = session.scalars(
        select(Job.id).where(Job.id <= _as_id(_LAST)).order_by(Job.id.desc()).limit(_SHORT_IDS)
    )
    end = (i for i in newest if i.replace("-", "").endswith(digits))
    return list(dict.fromkeys([*begin, *islice(end, limit)]))[:limit]


def _walk_query(
    indexed: _Indexed, *, value: str | None, state: str | None, before: str | None, limit: int
) -> Select[str]:
    """The first ids behind `before` with `value` in one column and in one state; without a state, in any."""
    low, high = indexed.low, indexed.high
    if before is not None and indexed.oldest_first:
        low = max(low, UUID(before).int + 1)
    elif before is not None:
        high = min(high, UUID(before).int - 1)
    query = select(Job.id).where(Job.id >= _as_id(low), Job.id <= _as_id(high)).limit(limit)
    query = query.order_by(Job.id if indexed.oldest_first else Job.id.desc())
    if state is not None:
        query = query.where(Job.state == state)
    if indexed.column is None:
        return query
    return query.where(getattr(Job, indexed.column) == value)


def first_id(moment: datetime) -> str:
    """No job of that millisecond has a lower id."""
    return _as_id(_first(moment))


def _first(moment: datetime) -> int:
    return max(0, ceil(moment.timestamp() * 1000)) << _TIME_BITS


def _as_id(number: int) -> str:
    return str(UUID(int=max(0, min(number, _LAST))))


def _understood(wanted: Wanted) -> Wanted | None:
    """The same with ids as they are written here; None where one is no id, so that no job has it."""
    try:
        return replace(
            wanted,
            batch_id=_id(wanted.batch_id),
            workspace_id=_id(wanted.workspace_id),
            video_id=_id(wanted.video_id),
        )
    except ValueError:
        return None


def _id(text: str | None) -> str | None:
    return None if text is None else str(UUID(text))


def _split(wanted: Wanted) -> tuple[_Indexed, bool]:
    """What an index answers, and whether there is more to look at."""
    columns: list[tuple[str, Sequence[str]]] = [
        (column, (value,)) for column in _COLUMNS if (value := getattr(wanted, column)) is not None
    ]
    if wanted.visible is not None:
        columns.append(("workspace_id", sorted(wanted.visible)))
    column, values = columns[0] if columns else (None, (None,))
    indexed = _Indexed(
        column=column,
        values=values,
        states=wanted.states,
        low=0 if wanted.since is None else _first(wanted.since),
        high=_LAST if wanted.until is None else _first(wanted.until) - 1,
        oldest_first=wanted.oldest_first,
    )
    return indexed, len(columns) > 1 or wanted.name is not None


def _walk(session: Session, indexed: _Indexed, before: str | None, limit: int) -> Iterator[str]:
    states: Sequence[str | None] = [str(state) for state in indexed.states]
    if not states:
        states = [None] if indexed.column is None else [str(state) for state in JobState]
    queries = [
        _walk_query(indexed, value=value, state=state, before=before, limit=limit)
        for value in indexed.values
        for state in states
    ]
    newest_first = not indexed.oldest_first
    walks = [
        _ids(session, queries[at : at + _AT_ONCE], newest_first=newest_first)
        for at in range(0, len(queries), _AT_ONCE)
    ]
    return heapq.merge(*walks, reverse=newest_first)


def _ids(session: Session, queries: Sequence[Select[str]], *, newest_first: bool) -> Sequence[str]:
    """What all of them find, in order, for one question to the database."""
    if len(queries) == 1:
        return session.scalars(queries[0]).all()
    found = session.scalars(union_all(*(query.subquery().select() for query in queries)))
    return sorted(found, reverse=newest_first)


def _load(session: Session, ids: Sequence[str]) -> list[Job]:
    found = {job.id: job for job in session.scalars(select(Job).where(Job.id.in_(ids)))} if ids else {}
    return [found[job_id] for job_id in ids if job_id in found]


def _facts(session: Session, ids: Sequence[str]) -> list[Any]:  # Any: rows of an id, inputs and _COLUMNS
    if not ids:
        return []
    columns = [getattr(Job, column) for column in _COLUMNS]
    rows = session.execute(select(Job.id, Job.inputs, *columns).where(Job.id.in_(ids)))
    by_id = {row[0]: row for row in rows}
    return [by_id[job_id] for job_id in ids if job_id in by_id]


def _fits(facts: Sequence[Any], wanted: Wanted) -> bool:  # Any: as `_facts` says
    inputs, *values = facts
    known = dict(zip(_COLUMNS, values, strict=True))
    if any(getattr(wanted, column) not in {None, value} for column, value in known.items()):
        return False
    if wanted.visible is not None and known["workspace_id"] not in wanted.visible:
        return False
    if wanted.name is None:
        return True
    sought = wanted.name.casefold()
    return any(sought in PurePath(str(item.get("path", ""))).name.casefold() for item in inputs.values())
