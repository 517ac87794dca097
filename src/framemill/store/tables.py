"""The tables of jobs and workers as typed models: what the migrations must produce."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from framemill.store.base import Base, Json, only, row_id, size
from framemill.store.video_tables import Video


class Job(Base):
    """One submitted request."""

    __tablename__ = "jobs"

    id: Mapped[str] = row_id()  # UUIDv7: ids sort by time of submission
    kind: Mapped[str] = mapped_column(String(64))
    specs: Mapped[list[Json]]
    # name -> path, size, mtime_ns, digest; of a stored video: path (its name), key, bytes, sha256, video
    inputs: Mapped[Json]
    destination: Mapped[Json]  # path, overwrite, folders that were missing at submission
    owner: Mapped[str] = mapped_column(String(64), default="")  # "": whoever runs this machine
    batch_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    # Whose members may see it, and the video whose artifacts it makes; none of a job on plain files.
    workspace_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    video_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    correlation_id: Mapped[str | None] = mapped_column(String(64))  # of the request that asked for it
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
    idle_ms: Mapped[int] = size()  # since it started: paused, or ended and not yet retried
    # Of an ended job: from its start to its end without the idle time, and its cost in millionths.
    processing_ms: Mapped[int | None] = mapped_column(BigInteger)
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)
    # Parts of that cost; the rest is computing.
    storage_micros: Mapped[int | None] = mapped_column(BigInteger)
    bandwidth_micros: Mapped[int | None] = mapped_column(BigInteger)
    worker: Mapped[str | None] = mapped_column(String(255))  # of an ended job: who worked longest for it

    __table_args__ = (
        Index(None, "owner", "idempotency_key", unique=True),
        # Listings ask for one state at a time, so each of these gives the newest at once.
        Index(None, "state", "id"),
        Index(None, "kind", "state", "id"),
        Index(None, "owner", "state", "id"),
        Index(None, "batch_id", "state", "id", **only("batch_id IS NOT NULL")),
        Index(None, "batch_id", "workspace_id", **only("batch_id IS NOT NULL")),
        Index(None, "workspace_id", "state", "id", **only("workspace_id IS NOT NULL")),
        Index(None, "video_id", "id", **only("video_id IS NOT NULL")),
        # All that statistics ask of jobs that have ended.
        Index(
            "ix_jobs_ended",
            *("finished_at", "state", "kind", "owner", "workspace_id", "worker"),
            *("processing_ms", "cost_micros", "storage_micros", "bandwidth_micros"),
            **only("finished_at IS NOT NULL"),
        ),
        Index(None, "priority", "turn", **only("state = 'queued'")),
        # With the state, or SQLite would look it up in every row to count them.
        Index(None, "priority", "state", "id", **only("state = 'queued'")),
        Index(None, "owner", "priority", "turn", **only("state = 'queued'")),
    )


class Batch(Base):
    """Many inputs, submitted as one."""

    __tablename__ = "batches"

    id: Mapped[str] = row_id()
    title: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "created_at", "id"),)


class Task(Base):
    """A step's run state; the plan itself and the publication are tasks too."""

    __tablename__ = "tasks"

    id: Mapped[str] = row_id()
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))  # fetch, plan, step, publish; or bring, alone
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
    worker: Mapped[str | None] = mapped_column(String(255))  # who had it last, also when the lease has ended
    # Grows with every claim and never falls: whoever lost the lease writes with an old one, in vain.
    lease_token: Mapped[int] = mapped_column(default=0)
    lease_expires: Mapped[datetime | None]
    tool_pid: Mapped[int | None]
    tool_started: Mapped[float | None]  # seconds since 1970, as the system counts process starts
    resource: Mapped[str] = mapped_column(String(8))
    weight: Mapped[int] = mapped_column(BigInteger, default=1)  # share of the job's work
    progress: Mapped[float] = mapped_column(default=0.0)
    speed: Mapped[float | None]  # times real time
    fps: Mapped[float | None]  # pictures a second, as the program that works says
    eta_ms: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[Json | None]
    error: Mapped[Json | None]
    wall_ms: Mapped[int] = size()
    cpu_ms: Mapped[int] = size()
    peak_memory_bytes: Mapped[int] = size()
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("job_id", "key"),
        # The rest are read from the index alone, so that passing over work for others costs little.
        Index(
            "ix_tasks_ready",
            *("lane", "rank", "turn", "id", "resource", "requires"),
            **only("state = 'ready'"),
        ),
        Index("ix_tasks_leased", "lease_expires", **only("state = 'leased'")),
    )


class Artifact(Base):
    """One published file or folder. A video's stays when the record of its job goes."""

    __tablename__ = "artifacts"

    id: Mapped[str] = row_id()
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    video_id: Mapped[str | None] = mapped_column(ForeignKey(Video.id, ondelete="CASCADE"), index=True)
    # Indexed, or deleting a task would look through all artifacts for it.
    task_id: Mapped[str | None] = mapped_column(ForeignKey("tasks.id", ondelete="SET NULL"), index=True)
    position: Mapped[int] = mapped_column(Integer)  # order in the plan
    role: Mapped[str] = mapped_column(String(16))
    path: Mapped[str] = mapped_column(Text)  # of a video's: its name, such as hls/master.m3u8
    key: Mapped[str | None] = mapped_column(Text)  # of a video's: where it is stored; a folder's ends in "/"
    bytes: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str | None] = mapped_column(String(96))
    media: Mapped[Json | None]
    provenance: Mapped[Json]
    created_at: Mapped[datetime]

    # What of each kind takes how much room is read from the index alone.
    __table_args__ = (Index("ix_artifacts_use", "video_id", "role", "bytes", **only("video_id IS NOT NULL")),)


class JobLog(Base):
    """One thing that happened to a job."""

    __tablename__ = "job_logs"

    # SQLite makes ids by itself only for INTEGER keys.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    task_key: Mapped[str | None] = mapped_column(String(255))
    level: Mapped[str] = mapped_column(String(8))
    message: Mapped[str] = mapped_column(Text)  # without secrets
    correlation_id: Mapped[str | None] = mapped_column(String(64))  # of the request that it belongs to
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
    address: Mapped[str | None] = mapped_column(String(64))  # the client's; None: this machine's operator
    outcome: Mapped[str] = mapped_column(String(16), default="ok")  # ok, refused
    data: Mapped[Json | None]

    __table_args__ = (
        Index(None, "subject", "id"),
        Index(None, "action", "id"),
        Index(None, "actor", "id"),
        Index(None, "at", "id"),
    )
