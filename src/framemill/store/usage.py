"""What workspaces use by day: adding what was sent out, writing what is kept, reading both."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import Select, Update, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.store.usage_tables import WorkspaceDay
from framemill.store.video_tables import Video, Workspace


def add_served(session: Session, day: date, served: Mapping[str, int]) -> None:
    """So many bytes more were sent out for each of these workspaces."""
    for workspace_id, count in sorted(served.items()):
        _write(session, day, workspace_id, {"served_bytes": WorkspaceDay.served_bytes + count}, served=count)


def set_stored(session: Session, day: date, stored: Mapping[str, int]) -> None:
    """Each of these workspaces keeps so many bytes now."""
    for workspace_id, count in sorted(stored.items()):
        _write(session, day, workspace_id, {"stored_bytes": count}, stored=count)


def measure_stored(session: Session) -> dict[str, int]:
    """Bytes that each workspace keeps; of one that has gone since it was measured, nothing."""
    kept = {workspace_id: int(count) for workspace_id, count in session.execute(_kept())}
    there = session.scalars(select(Workspace.id))
    latest = session.execute(_latest(None, None)).all()
    gone = {workspace_id: 0 for workspace_id, _, count in latest if count}
    return gone | dict.fromkeys(there, 0) | kept


def days_between(
    session: Session, first: date, last: date, workspaces: Collection[str] | None
) -> Sequence[WorkspaceDay]:
    """What was written of these days, the earliest first."""
    query = select(WorkspaceDay).where(WorkspaceDay.day >= first, WorkspaceDay.day <= last)
    if workspaces is not None:
        query = query.where(WorkspaceDay.workspace_id.in_(list(workspaces)))
    return session.scalars(query.order_by(WorkspaceDay.day, WorkspaceDay.workspace_id)).all()


def stored_before(session: Session, first: date, workspaces: Collection[str] | None) -> dict[str, int]:
    """Bytes that each workspace kept when it was last measured before that day."""
    return {
        workspace_id: count or 0
        for workspace_id, _, count in session.execute(_latest(first, workspaces)).all()
    }


def _kept() -> Select[str, int]:
    return select(Video.workspace_id, func.sum(Video.stored_bytes)).group_by(Video.workspace_id)


def _latest(before: date | None, workspaces: Collection[str] | None) -> Select[str, date, int | None]:
    day, workspace = WorkspaceDay.day, WorkspaceDay.workspace_id
    newest = select(workspace.label("w"), func.max(day).label("d")).where(
        WorkspaceDay.stored_bytes.is_not(None)
    )
    if before is not None:
        newest = newest.where(day < before)
    if workspaces is not None:
        newest = newest.where(workspace.in_(list(workspaces)))
    of = newest.group_by(workspace).subquery()
    return select(workspace, day, WorkspaceDay.stored_bytes).join(of, (of.c.w == workspace) & (of.c.d == day))


def _write(
    session: Session,
    day: date,
    workspace_id: str,
    change: Mapping[str, object],
    *,
    served: int = 0,
    stored: int | None = None,
) -> None:
    changing = (
        update(WorkspaceDay)
        .where(WorkspaceDay.day == day, WorkspaceDay.workspace_id == workspace_id)
        .values(**change)
        .execution_options(synchronize_session=False)
    )
    if _changed(session, changing):
        return
    try:
        with session.begin_nested():
            session.add(
                WorkspaceDay(day=day, workspace_id=workspace_id, served_bytes=served, stored_bytes=stored)
            )
    except IntegrityError:
        # Another process was as quick with the first of the day.
        _changed(session, changing)


def _changed(session: Session, changing: Update) -> bool:
    done = session.execute(changing)
    assert isinstance(done, CursorResult)
    return done.rowcount == 1
