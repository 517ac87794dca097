"""What the doors get to see of jobs: frozen values, made from rows within a transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from framemill.domain.media import MediaInfo
from framemill.domain.sources import Url
from framemill.domain.states import JobState, TaskState
from framemill.engine.stored import load_media
from framemill.store.jobs import WORK
from framemill.store.tables import Artifact, Batch, Job, JobLog, Task

Json = dict[str, Any]  # Any: JSON as the tables hold it
_ENDED = frozenset({TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRecord:
    """One published file or folder."""

    id: str
    role: str
    path: Path  # of a video's: its name
    key: str | None  # of a video's: where it is stored; a folder's ends in "/"
    bytes: int
    digest: str | None
    media: MediaInfo | None
    provenance: Json

    @classmethod
    def of(cls, row: Artifact) -> "ArtifactRecord":
        """The row as a value."""
        return cls(
            id=row.id,
            role=row.role,
            path=Path(row.path),
            key=row.key,
            bytes=row.bytes,
            digest=row.digest,
            media=load_media(row.media) if row.media else None,
            provenance=row.provenance,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """One step's state."""

    key: str
    kind: str  # plan, step, publish
    title: str
    state: TaskState
    attempt: int
    worker: str | None
    progress: float
    speed: float | None  # times real time
    fps: float | None  # pictures a second
    eta_ms: int | None
    commands: tuple[str, ...]
    error: Json | None
    wall_ms: int
    cpu_ms: int
    peak_memory_bytes: int
    needs: tuple[str, ...] = ()  # keys of tasks that are done first
    started_at: datetime | None = None  # of a running one: when its present program began
    finished_at: datetime | None = None

    @property
    def counts(self) -> bool:
        """True where the job's progress counts it: planning and publishing are not what was asked for."""
        return self.kind in WORK

    @classmethod
    def of(cls, row: Task) -> "TaskRecord":
        """The row as a value."""
        return cls(
            key=row.key,
            kind=row.kind,
            title=row.title,
            state=TaskState(row.state),
            attempt=row.attempt,
            worker=row.lease_worker,
            progress=row.progress,
            speed=row.speed,
            fps=row.fps,
            eta_ms=row.eta_ms,
            commands=tuple((row.result or {}).get("commands", ())),
            error=row.error,
            wall_ms=row.wall_ms,
            cpu_ms=row.cpu_ms,
            peak_memory_bytes=row.peak_memory_bytes,
            needs=tuple(row.needs),
            started_at=_started(row),
            finished_at=row.updated_at if row.attempt and row.state in _ENDED else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """One submitted request and how far it is."""

    id: str
    kind: str
    specs: tuple[Json, ...]
    inputs: Json  # name -> path, size, mtime_ns, digest; of a stored video: path, key, bytes, sha256, video
    destination: Path  # of a job on a stored video: where in the store
    overwrite: bool
    state: JobState
    priority: int
    progress: float  # percent
    step: str | None  # what is being done, for people
    tasks_total: int
    tasks_done: int
    tasks_failed: int
    attempts: int
    owner: str  # "": whoever runs this machine
    batch_id: str | None
    workspace_id: str | None  # whose members may see it
    video_id: str | None  # None: it works on plain files
    error: Json | None  # code, message, hint; where known the task, the command and its last words
    estimate: Json | None
    actual: Json | None
    fingerprint: str | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    dropped: tuple[Json, ...]  # source, stream, reason
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    processing_ms: int | None  # of an ended job: from its start to its end, less what it stood still
    correlation_id: str | None  # of the request that asked for it

    @classmethod
    def of(cls, row: Job) -> "JobRecord":
        """The row as a value."""
        plan = row.plan or {}
        return cls(
            id=row.id,
            kind=row.kind,
            specs=tuple(row.specs),
            inputs={name: _without_secret(facts) for name, facts in row.inputs.items()},
            destination=Path(row.destination["path"]),
            overwrite=row.destination["overwrite"],
            state=JobState(row.state),
            priority=row.priority,
            progress=row.progress,
            step=row.step,
            tasks_total=row.tasks_total,
            tasks_done=row.tasks_done,
            tasks_failed=row.tasks_failed,
            attempts=row.attempts,
            owner=row.owner,
            batch_id=row.batch_id,
            workspace_id=row.workspace_id,
            video_id=row.video_id,
            error=row.error,
            estimate=row.estimate,
            actual=row.actual,
            fingerprint=plan.get("fingerprint"),
            notes=tuple(plan.get("notes", ())),
            warnings=tuple(plan.get("warnings", ())),
            dropped=tuple(plan.get("dropped", ())),
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            updated_at=row.updated_at,
            processing_ms=row.processing_ms,
            correlation_id=row.correlation_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """Some jobs, and where the next page goes on: None where there is none."""

    jobs: tuple[JobRecord, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDetail:
    """A job with everything that belongs to it."""

    job: JobRecord
    tasks: tuple[TaskRecord, ...]
    artifacts: tuple[ArtifactRecord, ...]
    unserved: tuple[str, ...] = ()  # what it waits for in vain at this moment

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was warned of when it was planned and done, and what there is to warn of now."""
        return (*self.job.warnings, *self.unserved)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """One thing that happened to a job."""

    id: int
    task: str | None
    level: str
    message: str
    at: datetime
    correlation_id: str | None  # of the request that it belongs to

    @classmethod
    def of(cls, row: JobLog) -> "LogRecord":
        """The row as a value."""
        return cls(
            id=row.id,
            task=row.task_key,
            level=row.level,
            message=row.message,
            at=row.at,
            correlation_id=row.correlation_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """Many inputs submitted as one, and how far they are."""

    id: str
    title: str
    owner: str
    created_at: datetime
    counts: dict[JobState, int]
    progress: float  # percent; what ended badly counts as over

    @property
    def total(self) -> int:
        """How many jobs there are."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """How many of them have ended."""
        return sum(count for state, count in self.counts.items() if state.ended)

    @classmethod
    def of(cls, row: Batch, counts: Iterable[tuple[str | None, str, int, float]]) -> "BatchRecord":
        """The row as a value, with what was counted for it."""
        found = {JobState(state): (count, done) for _, state, count, done in counts}
        total = sum(count for count, _ in found.values())
        over = sum(100.0 * count if state.ended else done for state, (count, done) in found.items())
        return cls(
            id=row.id,
            title=row.title,
            owner=row.owner,
            created_at=row.created_at,
            counts={state: count for state, (count, _) in found.items()},
            progress=round(over / total, 2) if total else 0.0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run of the library made."""

    job_id: str
    artifacts: tuple[ArtifactRecord, ...]
    notes: tuple[str, ...]  # what was copied, what was encoded and why
    warnings: tuple[str, ...]
    dropped: tuple[Json, ...]  # source, stream, reason: what no result carries
    wall_ms: int
    cpu_ms: int

    @property
    def path(self) -> Path:
        """Where the first result is; most operations make one."""
        return self.artifacts[0].path


def _started(row: Task) -> datetime | None:
    """When the work began that `wall_ms` counts, or the program that runs now."""
    if row.state == TaskState.DONE:
        return row.updated_at - timedelta(milliseconds=row.wall_ms)
    return datetime.fromtimestamp(row.tool_started, UTC) if row.tool_started is not None else None


def _without_secret(facts: Json) -> Json:
    """An input's facts; of its address only what may be shown."""
    return {**facts, "url": Url(facts["url"]).label} if facts.get("url") else facts
