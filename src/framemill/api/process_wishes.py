"""Who may ask the job service for what, and whose orders are whose."""

from typing import Final

from framemill.api import videos, workspaces
from framemill.api.dependencies import Action, Caller
from framemill.api.process_messages import StartJob
from framemill.app import App
from framemill.domain.sources import Url
from framemill.errors import JobNotFound
from framemill.operations.registry import load_spec
from framemill.services.order_records import OrderRecord, Sent, Stored, Wanted

_NORMAL: Final = 5


def wanted(app: App, caller: Caller, wish: StartJob) -> Wanted:
    """What a message asks for, as services call it.

    Raises Forbidden, InvalidSpec, VideoNotFound and WorkspaceNotFound, also
    for what does not exist for the caller.
    """
    origins = wish.origins()
    stored = [one for one in origins.values() if isinstance(one, Stored)]
    caller.must_be_allowed(Action.JOBS_SUBMIT)
    if wish.priority > _NORMAL:
        caller.must_be_allowed(Action.JOBS_PRIORITISE)
    if any(isinstance(one, Sent) for one in origins.values()):
        caller.must_be_allowed(Action.UPLOADS_WRITE)
    if any(isinstance(one, Url) for one in origins.values()):
        caller.must_be_allowed(Action.DOWNLOADS_WRITE)
    if stored:
        caller.must_be_allowed(Action.VIDEOS_READ)
    homes = [videos.seen(app, caller, one.video_id).workspace_id for one in stored]
    if len(stored) < len(origins):
        homes = [workspaces.seen(app, caller, wish.workspace).id]
    return Wanted(
        spec=load_spec({**wish.options, "op": wish.operation}),
        inputs=origins,
        results=wish.results,
        detached=wish.detach,
        priority=wish.priority,
        owner=caller.name,
        workspace_id=homes[0],
    )


def owned(app: App, caller: Caller, job_id: str) -> OrderRecord:
    """The order; JobNotFound also where it is not the caller's."""
    record = app.orders.get(job_id)
    if record.owner != caller.name:
        raise JobNotFound(job_id)
    caller.must_see(record.workspace_id, else_=JobNotFound(job_id))
    return record
