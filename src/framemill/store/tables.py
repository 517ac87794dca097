"""The tables as typed models: what the migrations must produce."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]  # Any: stored JSON; its shape is the writer's


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. SQLite has no time zones, so there they are dropped and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To what the database takes; a naive datetime is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a naive datetime reached the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Back to an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What every table shares: names of constraints, and how Python types are stored."""

    # Named constraints, so that a later migration can drop one on either database.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {  # Any: SQLAlchemy's own type here
        datetime: UtcDateTime(),
        Json: JSON(none_as_null=True),
        list[str]: JSON(),
        list[Json]: JSON(),
    }


def _id() -> Mapped[str]:
    return mapped_column(Uuid(as_uuid=False), primary_key=True)


def _size() -> Mapped[int]:
    return mapped_column(BigInteger, default=0)


def _only(condition: str) -> dict[str, Any]:  # Any: arguments of Index
    """For an index over some of the rows.

    The migrations do the same on PostgreSQL; naming its dialect here would
    import it, and its drivers, into every command.
    """
    return {"sqlite_where": text(condition)}


class Job(Base):
    """One submitted request."""

    __tablename__ = "jobs"

    id: Mapped[str] = _id()  # UUIDv7: ids sort by time of submission
    kind: Mapped[str] = mapped_column(String(64))
    specs: Mapped[list[Json]]
    inputs: Mapped[Json]  # name -> path, size, mtime_ns, digest
    destination: Mapped[Json]  # path, overwrite, folders that were missing at submission
    owner: Mapped[str] = mapped_column(String(64), default="")  # "": whoever runs this machine
    batch_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int]
    turn: Mapped[int] = mapped_column(BigInteger, default=0)  # among equal priorities, the lowest goes first
    # The worker that alone may run it, "" for all: a job in the foreground belongs to who waits for it.
    lane: Mapped[str] = mapped_column(String(255), default="")
    progress: Mapped[float] = mapped_column(default=0.0)  # percent
    step: Mapped[str | None] = mapped_column(Text)  # what is being done, for people
    tasks_total: Mapped[int] = mapped_column(default=0)
    tasks_done: Mapped[int] = mapped_column(default=0)
    tasks_failed: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)  # runs of the whole job
    max_attempts: Mapped[int]  # tries of each of its tasks
    error: Mapped[Json | None]
    estimate: Mapped[Json | None]
    actual: Mapped[Json | None]
    plan: Mapped[Json | None]  # fingerprint, notes, warnings, dropped
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]  # while it is paused
    idle_ms: Mapped[int] = _size()  # since it started: paused, or ended and not yet retried
    # Of an ended job: from its start to its end without the idle time, and its cost in millionths.
    processing_ms: Mapped[int | None] = mapped_column(BigInteger)
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index(None, "owner", "idempotency_key", unique=True),
        # Listings ask for one state at a time, so each of these gives the newest at once.
        Index(None, "state", "id"),
        Index(None, "kind", "state", "id"),
        Index(None, "owner", "state", "id"),
        Index(None, "batch_id", "state", "id", **_only("batch_id IS NOT NULL")),
        # All that statistics ask of jobs that have ended.
        Index(
            "ix_jobs_ended",
            *("finished_at", "state", "kind", "processing_ms", "cost_micros"),
            **_only("finished_at IS NOT NULL"),
        ),
        Index(None, "priority", "turn", **_only("state = 'queued'")),
        # With the state, or SQLite would look it up in every row to count them.
        Index(None, "priority", "state", "id", **_only("state = 'queued'")),
        Index(None, "owner", "priority", "turn", **_only("state = 'queued'")),
    )


class Batch(Base):
    """Many inputs, submitted as one."""

    __tablename__ = "batches"

    id: Mapped[str] = _id()
    title: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime]


class Task(Base):
    """A step's run state; the plan itself and the publication are tasks too."""

    __tablename__ = "tasks"

    id: Mapped[str] = _id()
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))  # plan, step, publish
    title: Mapped[str] = mapped_column(Text)
    position: Mapped[int]  # in the plan; names the scratch folder
    step: Mapped[Json | None]
    needs: Mapped[list[str]]  # keys of tasks that must be done first
    state: Mapped[str] = mapped_column(String(16))
    rank: Mapped[int]  # 10 less the job's priority: claims walk one index upwards, the most urgent first
    turn: Mapped[int] = mapped_column(BigInteger, default=0)  # the job's
    lane: Mapped[str] = mapped_column(String(255), default="")  # the job's
    requires: Mapped[str] = mapped_column(String(255), default="")  # what a worker must have, comma-separated
    ready_at: Mapped[datetime | None]  # since when it waits for a worker
    attempt: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    lease_worker: Mapped[str | None] = mapped_column(String(255))
    # Grows with every claim and never falls: whoever lost the lease writes with an old one, in vain.
    lease_token: Mapped[int] = mapped_column(default=0)
    lease_expires: Mapped[datetime | None]
    tool_pid: Mapped[int | None]
    tool_started: Mapped[float | None]  # seconds since 1970, as the system counts process starts
    resource: Mapped[str] = mapped_column(String(8))
    weight: Mapped[int] = mapped_column(BigInteger, default=1)  # share of the job's work
    progress: Mapped[float] = mapped_column(default=0.0)
    speed: Mapped[float | None]  # times real time
    eta_ms: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[Json | None]
    error: Mapped[Json | None]
    wall_ms: Mapped[int] = _size()
    cpu_ms: Mapped[int] = _size()
    peak_memory_bytes: Mapped[int] = _size()
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("job_id", "key"),
        # The rest are read from the index alone, so that passing over work for others costs little.
        Index(
            "ix_tasks_ready",
            *("lane", "rank", "turn", "id", "resource", "requires"),
            **_only("state = 'ready'"),
        ),
        Index("ix_tasks_leased", "lease_expires", **_only("state = 'leased'")),
    )


class Artifact(Base):
    """One published file or folder."""

    __tablename__ = "artifacts"

    id: Mapped[str] = _id()
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    # Indexed, or deleting a task would look through all artifacts for it.
    task_id: Mapped[str | None] = mapped_column(ForeignKey("tasks.id", ondelete="SET NULL"), index=True)
    position: Mapped[int] = mapped_column(Integer)  # order in the plan
    role: Mapped[str] = mapped_column(String(16))
    path: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str | None] = mapped_column(String(96))
    media: Mapped[Json | None]
    provenance: Mapped[Json]
    created_at: Mapped[datetime]


class JobLog(Base):
    """One thing that happened to a job."""

    __tablename__ = "job_logs"

    # SQLite makes ids by itself only for INTEGER keys.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    task_key: Mapped[str | None] = mapped_column(String(255))
    level: Mapped[str] = mapped_column(String(8))
    message: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]

    __table_args__ = (Index(None, "job_id", "id"),)


class Worker(Base):
    """A process that takes tasks, alive or remembered."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)  # host:pid:start, as leases say
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    version: Mapped[str] = mapped_column(String(64))
    engine: Mapped[str] = mapped_column(String(16))  # pool, celery
    resources: Mapped[list[str]]  # classes of tasks that it takes
    capabilities: Mapped[Json]
    state: Mapped[str] = mapped_column(String(16))  # active, draining, gone; what it has, its leases say
    wanted: Mapped[str] = mapped_column(String(16), default="")  # "drain": it should take nothing more
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]

    __table_args__ = (Index(None, "state", "seen_at"),)


class AuditEvent(Base):
    """Something that was decided about a job, a worker, an account: who, what, on which."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(255))  # an owner, or the part of Framemill that acted by itself
    action: Mapped[str] = mapped_column(String(64))  # job.cancelled, task.reaped ...
    subject: Mapped[str] = mapped_column(String(255))  # kind:id
    data: Mapped[Json | None]

    __table_args__ = (Index(None, "subject", "id"), Index(None, "action", "id"))
