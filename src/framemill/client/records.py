"""Jobs as a server's API tells them, as the records that the services of this machine give."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from framemill.domain.states import JobState, TaskState
from framemill.engine.stored import load_media
from framemill.errors import ServerUnavailable
from framemill.services.records import ArtifactRecord, JobDetail, JobRecord, LogRecord, TaskRecord

Json = Mapping[str, Any]  # Any: JSON of another program


def job_of(data: Json) -> JobRecord:
    """A job; ServerUnavailable where that is none."""
    try:
        return _job(data)
    except (KeyError, TypeError, ValueError) as error:
        raise _not_ours(error) from error


def detail_of(data: Json) -> JobDetail:
    """A job with its steps and what it made; ServerUnavailable where that is none."""
    try:
        specs = data["specs"]
        operation = specs[0].get("op") if len(specs) == 1 else None
        return JobDetail(
            job=_job(data),
            tasks=tuple(map(_task, data["tasks"])),
            artifacts=tuple(_artifact(one, operation) for one in data["artifacts"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _not_ours(error) from error


def log_of(data: Json) -> LogRecord:
    """A line of a log; ServerUnavailable where that is none."""
    try:
        return LogRecord(
            id=int(data["id"]),
            task=data["task"],
            level=data["level"],
            message=data["message"],
            at=datetime.fromisoformat(data["at"]),
            correlation_id=data.get("correlation_id"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _not_ours(error) from error


def _job(data: Json) -> JobRecord:
    same = (
        *("id", "kind", "priority", "progress", "step", "tasks_total", "tasks_done", "tasks_failed"),
        *("attempts", "owner", "workspace_id", "video_id", "batch_id", "error", "actual", "processing_ms"),
    )
    return JobRecord(
        **{name: data[name] for name in same},
        state=JobState(data["state"]),
        specs=tuple(data.get("specs", ())),
        inputs={name: {"path": path} for name, path in data.get("inputs", {}).items()},
        # Where a stored video's results are, as the server's own records say.
        destination=Path(f"workspaces/{data['workspace_id']}/{data['video_id']}"),
        overwrite=False,
        # What a server keeps to itself.
        estimate=None,
        fingerprint=None,
        notes=tuple(data.get("notes", ())),
        warnings=tuple(data.get("warnings", ())),
        dropped=tuple(data.get("dropped", ())),
        created_at=datetime.fromisoformat(data["created_at"]),
        started_at=_time(data["started_at"]),
        finished_at=_time(data["finished_at"]),
        updated_at=datetime.fromisoformat(data["updated_at"]),
        correlation_id=data.get("correlation_id"),
    )


def _task(data: Json) -> TaskRecord:
    same = ("key", "title", "attempt", "progress", "speed", "eta_ms", "error", "wall_ms", "cpu_ms")
    return TaskRecord(
        **{name: data[name] for name in same},
        state=TaskState(data["state"]),
        # The engine's own names for its tasks that are no steps.
        kind=data["key"] if data["key"] in {"plan", "publish"} else "step",
        fps=data.get("fps"),
        worker=None,
        commands=(),
        peak_memory_bytes=0,
    )


def _artifact(data: Json, operation: object) -> ArtifactRecord:
    return ArtifactRecord(
        id=str(data["id"]),
        role=str(data["role"]),
        path=Path(data["name"]),
        key=str(data["name"]),  # not on this machine by that name
        bytes=int(data["bytes"]),
        digest=data["digest"],
        media=load_media(data["media"]) if data["media"] else None,
        provenance={"operation": operation},
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _not_ours(error: Exception) -> ServerUnavailable:
    return ServerUnavailable(
        f"the server tells of jobs in another way than this program knows: {type(error).__name__} {error}",
        hint="use the same version of Framemill here and there",
    )
