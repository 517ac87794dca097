"""What webhooks are told, in words: made once for each message, and sent as they are however often."""

import json
from datetime import datetime
from typing import Any, Final

from framemill.domain.redaction import discreet
from framemill.domain.webhooks import TEST_EVENT
from framemill.store.event_tables import JobEvent
from framemill.store.tables import Job
from framemill.store.webhook_tables import Webhook

Json = dict[str, Any]  # Any: JSON
_FOR_PEOPLE: Final = ("message", "hint")  # of an error: texts that may name files


def of_event(event: JobEvent, job: Job | None, *, workspace: str) -> str:
    """A change of a job; `job` is None where its record has gone already."""
    told = dict(event.data or {})
    error = {name: _told(name, value) for name, value in told.items()} if event.state == "failed" else None
    data: Json = {
        "event_id": event.id,
        "job_id": event.job_id,
        "workspace_id": event.workspace_id,
        "workspace": workspace,
        "state": event.state,
        "operation": job and job.kind,
        "video_id": job and job.video_id,
        "batch_id": job and job.batch_id,
        "priority": told.get("priority", job and job.priority),
        "submitted_at": job and _written(job.created_at),
        "error": error or None,
    }
    return _message(f"job.{event.type}", event.at, data)


def of_test(hook: Webhook, *, now: datetime) -> str:
    """A message that means nothing."""
    return _message(TEST_EVENT, now, {"webhook_id": hook.id, "workspace_id": hook.workspace_id})


def _message(kind: str, at: datetime, data: Json) -> str:
    return json.dumps({"type": kind, "timestamp": _written(at), "data": data}, separators=(",", ":"))


def _told(name: str, value: object) -> object:
    return discreet(value) if name in _FOR_PEOPLE and isinstance(value, str) else value


def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
