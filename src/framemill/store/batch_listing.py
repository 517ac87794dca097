"""Pages of batches by the time at which they were made, at a cost that does not grow with the table.

Each page walks the index of those times. What no index knows is looked for
among the next few thousand.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Exists, Row, Select, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from framemill.domain.states import JobState
from framemill.store.tables import Batch, Job

# How many batches one page looks at in vain before it hands back where to go on.
_PATIENCE: Final = 10_000
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which batches are listed; what is not said does not matter. Those without jobs never are."""

    states: tuple[JobState, ...] = ()  # one of their jobs is in one of these
    owner: str | None = None
    workspace_id: str | None = None  # one of their jobs is in it
    visible: Collection[str] | None = None  # all of their jobs are in these workspaces, by their ids
    since: datetime | None = None  # made then or later
    until: datetime | None = None  # made before
    oldest_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a page ended."""

    created_at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some batches, and from where the next page goes on: None where there is none."""

    batches: tuple[Batch, ...]
    next: Position | None


def page_of_batches(session: Session, wanted: Wanted, *, after: Position | None, limit: int) -> Page:
    """The first `limit` batches that are wanted, of those that come behind `after` in the order wanted.

    A page may hold fewer though more follow, where most of what it looked at
    was not wanted.
    """
    found, place, seen = list[Batch](), after, 0
    while seen < _PATIENCE:
        near = _near(wanted, place)
        found += _of(session, near, wanted, limit + 1 - len(found))
        if len(found) > limit:
            return Page(batches=tuple(found[:limit]), next=_position(found[limit - 1]))
        last = session.execute(near.offset(_CHUNK - 1).limit(1)).one_or_none()
        if last is None:
            return Page(batches=tuple(found), next=None)
        place, seen = _position(last), seen + _CHUNK
    return Page(batches=tuple(found), next=place)


def count_batches(session: Session, wanted: Wanted) -> int:
    """How many there are in all."""
    query: Select[int] = select(func.count()).select_from(Batch).where(*_times(wanted), *_which(wanted))
    return session.scalars(query).one()


def _near(wanted: Wanted, after: Position | None) -> Select[Any, Any]:  # Any: times and ids
    """The next few, whatever else is wanted."""
    query = select(Batch.created_at, Batch.id).where(*_times(wanted)).order_by(*_order(wanted)).limit(_CHUNK)
    if after is None:
        return query
    place = tuple_(Batch.created_at, Batch.id)
    end = tuple_(after.created_at, after.id, types=[Batch.created_at.type, Batch.id.type])
    return query.where(place > end if wanted.oldest_first else place < end)


def _of(session: Session, near: Select[Any, Any], wanted: Wanted, limit: int) -> Sequence[Batch]:
    looked_at = near.subquery()
    query = select(Batch).join(looked_at, looked_at.c.id == Batch.id).where(*_which(wanted))
    return session.scalars(query.order_by(*_order(wanted)).limit(limit)).all()


def _order(wanted: Wanted) -> list[ColumnElement[Any]]:  # Any: a time, an id
    columns = (Batch.created_at, Batch.id)
    return [column.asc() if wanted.oldest_first else column.desc() for column in columns]


def _position(row: Batch | Row[Any, Any]) -> Position:
    return Position(created_at=row.created_at, id=row.id)


def _times(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(Batch.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Batch.created_at < wanted.until)
    return conditions


def _which(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_has()]
    if wanted.owner is not None:
        conditions.append(Batch.owner == wanted.owner)
    if wanted.states:
        conditions.append(_has(Job.state.in_([str(state) for state in wanted.states])))
    if wanted.workspace_id is not None:
        conditions.append(_has(Job.workspace_id == _id(wanted.workspace_id)))
    if wanted.visible is not None:
        elsewhere = or_(Job.workspace_id.is_(None), Job.workspace_id.not_in(sorted(wanted.visible)))
        conditions.append(~_has(elsewhere))
    return conditions


def _has(*of: ColumnElement[bool]) -> Exists:
    """Whether the batch has such a job."""
    return exists().where(Job.batch_id == Batch.id, *of)


def _id(text: str) -> str:
    # What is no id is nobody's.
    try:
        return str(UUID(text))
    except ValueError:
        return str(UUID(int=0))
