"""The log of what became of jobs and videos, and the triggers that write it, as they see every change.

A dozen statements change a job's state, some of them for many jobs at once.
A trigger misses none of them, is part of their transaction, and costs a
claim a few microseconds where a statement of its own would cost a tenth more.

On SQLite writers take turns, so ids grow in the order of commits and triggers
write into the log itself. PostgreSQL gives ids out before transactions commit,
so there they write into a waiting table, from which `store.events` takes rows
into the log in an order that never changes again.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from framemill.store.base import Base, Json


class JobEvent(Base):
    """A job or a video changed its state. Whoever has read up to an id misses nothing by reading on from it.

    There is no index but the key: each would cost every claim another page, and readers go on from an id.
    """

    __tablename__ = "job_events"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    # One of the two; also of those that are forgotten by now.
    job_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    video_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    workspace_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    at: Mapped[datetime]
    type: Mapped[str] = mapped_column(String(16))  # domain.happenings: Happening, or VideoHappening
    state: Mapped[str] = mapped_column(String(16))  # from then on
    data: Mapped[Json | None]  # failed: code, message, hint; reprioritised: priority


class WaitingEvent(Base):
    """One that has no place in the log yet; PostgreSQL only."""

    __tablename__ = "job_events_waiting"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    job_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    video_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    workspace_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    at: Mapped[datetime]
    type: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    data: Mapped[Json | None]


_TYPE = """CASE
    WHEN NEW.state IN ('completed', 'failed', 'cancelled', 'paused') THEN NEW.state
    WHEN OLD.state = 'paused' THEN 'resumed'
    WHEN NEW.state = 'running' THEN 'started'
    ELSE 'retried' END"""
_INTO = (
    "INSERT INTO job_events (job_id, workspace_id, at, type, state, data) VALUES (NEW.id, NEW.workspace_id,"
)
_ERROR = """CASE WHEN NEW.state = 'failed' THEN json_object(
    'code', json_extract(NEW.error, '$.code'),
    'message', json_extract(NEW.error, '$.message'),
    'hint', json_extract(NEW.error, '$.hint')) END"""
SQLITE_TRIGGERS = (
    f"""CREATE TRIGGER job_submitted AFTER INSERT ON jobs
BEGIN {_INTO} NEW.created_at, 'submitted', NEW.state, NULL); END""",
    f"""CREATE TRIGGER job_changed AFTER UPDATE OF state ON jobs WHEN NEW.state <> OLD.state
BEGIN {_INTO} NEW.updated_at, {_TYPE}, NEW.state, {_ERROR}); END""",
    f"""CREATE TRIGGER job_planned AFTER UPDATE OF estimate ON jobs
WHEN OLD.estimate IS NULL AND NEW.estimate IS NOT NULL
BEGIN {_INTO} NEW.updated_at, 'planned', NEW.state, NULL); END""",
    f"""CREATE TRIGGER job_reprioritised AFTER UPDATE OF priority ON jobs WHEN NEW.priority <> OLD.priority
BEGIN {_INTO} NEW.updated_at, 'reprioritised', NEW.state, json_object('priority', NEW.priority)); END""",
    f"""CREATE TRIGGER video_changed AFTER UPDATE OF state ON videos
WHEN NEW.state <> OLD.state AND NEW.state IN ('ready', 'failed', 'deleting')
BEGIN INSERT INTO job_events (video_id, workspace_id, at, type, state, data)
VALUES (NEW.id, NEW.workspace_id, NEW.updated_at,
CASE NEW.state WHEN 'deleting' THEN 'deleted' ELSE NEW.state END, NEW.state, {_ERROR}); END""",  # noqa: S608 - constants
)
