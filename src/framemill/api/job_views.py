"""Jobs as clients see them: nothing of where files lie on this machine."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from framemill.api.discretion import discreet
from framemill.domain.media import as_data
from framemill.domain.states import JobState, TaskState
from framemill.services.records import ArtifactRecord, JobDetail, JobRecord, LogRecord, TaskRecord

Said = Annotated[str, AfterValidator(discreet)]  # by a program or for its operator: paths are cut off


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class ErrorView(_View):
    """Why something failed."""

    code: str
    message: Said
    hint: Said | None = None

    @classmethod
    def of(cls, data: dict[str, Any] | None) -> "ErrorView | None":
        """What a record says."""
        if data is None:
            return None
        return cls(code=data["code"], message=data["message"], hint=data.get("hint"))


class CostView(_View):
    """In the installation's currency, as its prices say."""

    compute: float
    storage: float
    bandwidth: float
    total: float
    currency: str


class ActualView(_View):
    """What a job used."""

    wall_ms: int
    cpu_ms: int
    gpu_ms: int
    output_bytes: int
    peak_memory_bytes: int
    cost: CostView


class JobView(_View):
    """One submitted request and how far it is."""

    id: str
    kind: str = Field(description="An operation, or a pipeline.")
    input_name: str | None = Field(description="What the file is called that it works on.")
    state: JobState
    priority: int = Field(description="10 is the most urgent.")
    progress: float = Field(description="Percent.")
    step: Said | None = Field(description="What is being done, for people.")
    tasks_total: int
    tasks_done: int
    tasks_failed: int
    attempts: int
    owner: str
    workspace_id: str | None
    video_id: str | None
    batch_id: str | None
    error: ErrorView | None
    actual: ActualView | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    processing_ms: int | None
    correlation_id: str | None = Field(description="Of the request that asked for it.")

    @classmethod
    def of(cls, job: JobRecord) -> "JobView":
        """The record for a client."""
        return cls(**_job_fields(job))


class TaskView(_View):
    """One step."""

    key: str
    title: Said
    state: TaskState
    attempt: int
    progress: float
    speed: float | None = Field(description="Times real time.")
    fps: float | None = Field(description="Pictures a second.")
    eta_ms: int | None
    error: ErrorView | None
    wall_ms: int
    cpu_ms: int
    needs: tuple[str, ...] = Field(description="Keys of the steps that are done first.")
    started_at: datetime | None = Field(description="Of a running one: when its present program began.")
    finished_at: datetime | None
    commands: tuple[Said, ...] = Field(description="What was run, once it is done.")

    @classmethod
    def of(cls, task: TaskRecord) -> "TaskView":
        """The record for a client."""
        return cls(
            key=task.key,
            title=task.title,
            state=task.state,
            attempt=task.attempt,
            progress=task.progress,
            speed=task.speed,
            fps=task.fps,
            eta_ms=task.eta_ms,
            error=ErrorView.of(task.error),
            wall_ms=task.wall_ms,
            cpu_ms=task.cpu_ms,
            needs=task.needs,
            started_at=task.started_at,
            finished_at=task.finished_at,
            commands=task.commands,
        )


class ArtifactView(_View):
    """One thing that was made."""

    id: str
    role: str
    name: str
    bytes: int
    digest: str | None
    media: Any = Field(description="What it contains, as `framemill info --json` says it.")

    @classmethod
    def of(cls, artifact: ArtifactRecord) -> "ArtifactView":
        """The record for a client."""
        path = artifact.path
        return cls(
            id=artifact.id,
            role=artifact.role,
            name=path.name if path.is_absolute() else str(path),
            bytes=artifact.bytes,
            digest=artifact.digest,
            media=as_data(artifact.media),
        )


class JobDetailView(JobView):
    """A job with its request, its steps and what it made."""

    specs: tuple[dict[str, Any], ...]
    inputs: dict[str, str] = Field(description="The name of each input's file.")
    videos: dict[str, str] = Field(description="The id of the stored video that each input is.")
    last_words: tuple[Said, ...] = Field(description="Of the program that failed.")
    notes: tuple[Said, ...]
    warnings: tuple[Said, ...]
    dropped: tuple[dict[str, Said], ...] = Field(description="Streams that no result has, and why.")
    tasks: tuple[TaskView, ...]
    artifacts: tuple[ArtifactView, ...]

    @classmethod
    def of_detail(cls, detail: JobDetail) -> "JobDetailView":
        """The records for a client."""
        job = detail.job
        return cls(
            **_job_fields(job),
            specs=job.specs,
            inputs=_input_names(job),
            videos={name: facts["video"] for name, facts in job.inputs.items() if facts.get("video")},
            last_words=tuple((job.error or {}).get("tail", ())),
            notes=job.notes,
            warnings=detail.warnings,
            dropped=tuple({name: str(text) for name, text in one.items()} for one in job.dropped),
            tasks=tuple(TaskView.of(task) for task in detail.tasks),
            artifacts=tuple(ArtifactView.of(artifact) for artifact in detail.artifacts),
        )


class LogView(_View):
    """One thing that happened to a job."""

    id: int
    task: str | None
    level: str
    message: Said
    at: datetime
    correlation_id: str | None = Field(description="Of the request that it belongs to.")

    @classmethod
    def of(cls, record: LogRecord) -> "LogView":
        """The record for a client."""
        return cls(
            id=record.id,
            task=record.task,
            level=record.level,
            message=record.message,
            at=record.at,
            correlation_id=record.correlation_id,
        )


def _job_fields(job: JobRecord) -> dict[str, Any]:  # Any: fields of a view
    same = (
        *("id", "kind", "state", "priority", "progress", "step", "tasks_total", "tasks_done"),
        *("tasks_failed", "attempts", "owner", "workspace_id", "video_id", "batch_id", "created_at"),
        *("started_at", "finished_at", "updated_at", "processing_ms", "correlation_id"),
    )
    return {
        **{name: getattr(job, name) for name in same},
        "input_name": next(iter(_input_names(job).values()), None),
        "error": ErrorView.of(job.error),
        "actual": None if job.actual is None else ActualView.model_validate(job.actual),
    }


def _input_names(job: JobRecord) -> dict[str, str]:
    return {name: str(facts.get("path", "")).rpartition("/")[2] for name, facts in job.inputs.items()}
