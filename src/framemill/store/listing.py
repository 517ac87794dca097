"""Pages of jobs, by the time of their submission, at a cost that does not grow with the table.

Every walk is along an index that ends in (state, id), one walk for each
state, and the page is merged of them; so nothing is sorted but what it is
merged of.
What no index knows is looked for among the newest few thousand.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from math import ceil
from pathlib import PurePath
from uuid import UUID

from sqlalchemy import Integer, Select, and_, bindparam, case, func, select, union_all
from sqlalchemy.orm import Session

from framemill.domain.states import JobState
from framemill.store.base import Json
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
    text: str | None = None  # the same, or part of the kind, or how the id begins or ends
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
    found, last, seen = list[Job](), before, 0
    while seen < _PATIENCE:
        ids = list(islice(_walk(session, indexed, last, _CHUNK), _CHUNK))
        found += _load(session, _fitting(session, ids, wanted)[: limit - len(found)])
        if len(found) == limit:
            return Page(jobs=tuple(found), next=found[-1].id)
        if len(ids) < _CHUNK:
            return Page(jobs=tuple(found), next=None)
        last, seen = ids[-1], seen + len(ids)
    return Page(jobs=tuple(found), next=last)


def count_jobs(session: Session, wanted: Wanted) -> int:
    """How many there are in all; whatever `wanted.name` and `wanted.text` say."""
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


@lru_cache(maxsize=256)
def _walk_query(column: str | None, *, walks: int, of_states: bool, oldest_first: bool) -> Select[str]:
    """The first ids of so many walks together. Made once: to make one takes longer than to answer it."""
    order = Job.id.asc() if oldest_first else Job.id.desc()
    most = bindparam("most", type_=Integer)
    query = select(Job.id).where(Job.id >= bindparam("low"), Job.id <= bindparam("high"))
    found = []
    for number in range(walks):
        walk = query.order_by(order).limit(most)
        if of_states:
            walk = walk.where(Job.state == bindparam(f"state{number}"))
        if column is not None:
            walk = walk.where(getattr(Job, column) == bindparam(f"value{number}"))
        found.append(walk)
    if walks == 1:
        return found[0]
    together = union_all(*(walk.subquery().select() for walk in found)).subquery()
    there = together.c.id
    return select(there).order_by(there.asc() if oldest_first else there.desc()).limit(most)


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
    return indexed, len(columns) > 1 or wanted.name is not None or wanted.text is not None


def _walk(session: Session, indexed: _Indexed, before: str | None, limit: int) -> Iterator[str]:
    states: Sequence[str | None] = [str(state) for state in indexed.states]
    if not states:
        states = [None] if indexed.column is None else [str(state) for state in JobState]
    low, high = indexed.low, indexed.high
    if before is not None and indexed.oldest_first:
        low = max(low, UUID(before).int + 1)
    elif before is not None:
        high = min(high, UUID(before).int - 1)
    bounds: dict[str, str | int] = {"low": _as_id(low), "high": _as_id(high), "most": limit}
    pairs = [(value, state) for value in indexed.values for state in states]
    walks = [
        _ids(session, indexed, pairs[at : at + _AT_ONCE], bounds) for at in range(0, len(pairs), _AT_ONCE)
    ]
    return heapq.merge(*walks, reverse=not indexed.oldest_first)


def _ids(
    session: Session,
    indexed: _Indexed,
    pairs: Sequence[tuple[str | None, str | None]],
    bounds: Mapping[str, str | int],
) -> Sequence[str]:
    """What the walks of these values and states find, in order, for one question to the database."""
    query = _walk_query(
        indexed.column,
        walks=len(pairs),
        of_states=pairs[0][1] is not None,
        oldest_first=indexed.oldest_first,
    )
    sought = {
        **{f"value{number}": value for number, (value, _) in enumerate(pairs) if value is not None},
        **{f"state{number}": state for number, (_, state) in enumerate(pairs) if state is not None},
    }
    return session.scalars(query, {**bounds, **sought}).all()


def _load(session: Session, ids: Sequence[str]) -> list[Job]:
    found = {job.id: job for job in session.scalars(select(Job).where(Job.id.in_(ids)))} if ids else {}
    return [found[job_id] for job_id in ids if job_id in found]


def _fitting(session: Session, ids: Sequence[str], wanted: Wanted) -> list[str]:
    """Those that are wanted by all that `Wanted` says but states and times, in the same order."""
    if not ids:
        return []
    fits = [
        getattr(Job, column) == value for column in _COLUMNS if (value := getattr(wanted, column)) is not None
    ]
    if wanted.visible is not None:
        fits.append(Job.workspace_id.in_(wanted.visible))
    by_words = wanted.name is not None or wanted.text is not None
    # Inputs are much to read.
    query = select(Job.id, Job.kind, Job.inputs) if by_words else select(Job.id)
    if fits:
        # As plain conditions they would tempt SQLite to walk an index of theirs, however many rows that has.
        query = query.where(case((and_(*fits), 1), else_=0) == 1)
    rows = session.execute(query.where(Job.id.in_(ids)))
    fitting = {row[0] for row in rows if not by_words or _is_said(wanted, *row)}
    return [job_id for job_id in ids if job_id in fitting]


def _is_said(wanted: Wanted, job_id: str, kind: str, inputs: Mapping[str, Json]) -> bool:
    if wanted.name is not None and not _is_named(inputs, wanted.name):
        return False
    if wanted.text is None:
        return True
    sought = wanted.text.strip().casefold()
    kinds = {kind, kind.replace("_", " ")}
    return (
        job_id.startswith(sought)
        or job_id.endswith(sought)
        or any(sought in one for one in kinds)
        or _is_named(inputs, sought)
    )


def _is_named(inputs: Mapping[str, Json], part: str) -> bool:
    sought = part.casefold()
    return any(sought in PurePath(str(item.get("path", ""))).name.casefold() for item in inputs.values())
