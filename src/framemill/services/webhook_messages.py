"""What webhooks are told, in words: made once for each message, and sent as they are however often."""

import json
from datetime import datetime
from typing import Any, Final

from framemill.domain.redaction import discreet
from framemill.domain.webhooks import TEST_EVENT
from framemill.store.event_tables import JobEvent
from framemill.store.tables import Job
from framemill.store.video_tables import Video
from framemill.store.webhook_tables import Webhook

Json = dict[str, Any]  # Any: JSON
_FOR_PEOPLE: Final = ("message", "hint")  # of an error: texts that may name files


def of_event(event: JobEvent, about: Job | Video | None, *, workspace: str) -> str:
    """A change of a job or a video; `about` is None where its record has gone already."""
    place = {"workspace_id": event.workspace_id, "workspace": workspace, "state": event.state}
    if event.video_id is not None:
        video = about if isinstance(about, Video) else None
        ids = {"event_id": event.id, "video_id": event.video_id}
        return _message(kind_of(event), event.at, ids | place | _of_video(event, video))
    job = about if isinstance(about, Job) else None
    ids = {"event_id": event.id, "job_id": event.job_id}
    return _message(kind_of(event), event.at, ids | place | _of_job(event, job))


def kind_of(event: JobEvent) -> str:
    """As webhooks call it: job.completed, video.ready."""
    return f"{'job' if event.video_id is None else 'video'}.{event.type}"


def _of_job(event: JobEvent, job: Job | None) -> Json:
    told = event.data or {}
    return {
        "operation": job and job.kind,
        "video_id": job and job.video_id,
        "batch_id": job and job.batch_id,
        "priority": told.get("priority", job and job.priority),
        "submitted_at": job and _written(job.created_at),
        "error": _error(event),
    }


def _of_video(event: JobEvent, video: Video | None) -> Json:
    same = ("collection_id", "title", "filename", "bytes", "sha256", "uploader")
    return {**{name: video and getattr(video, name) for name in same}, "error": _error(event)}


def _error(event: JobEvent) -> Json | None:
    if event.state != "failed":
        return None
    return {name: _told(name, value) for name, value in (event.data or {}).items()} or None


def of_test(hook: Webhook, *, now: datetime) -> str:
    """A message that means nothing."""
    return _message(TEST_EVENT, now, {"webhook_id": hook.id, "workspace_id": hook.workspace_id})


def _message(kind: str, at: datetime, data: Json) -> str:
    return json.dumps({"type": kind, "timestamp": _written(at), "data": data}, separators=(",", ":"))


def _told(name: str, value: object) -> object:
    return discreet(value) if name in _FOR_PEOPLE and isinstance(value, str) else value


def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
