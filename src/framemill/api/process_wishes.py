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
    needed = {
        Action.JOBS_SUBMIT: True,
        Action.JOBS_PRIORITISE: wish.priority > _NORMAL,
        Action.UPLOADS_WRITE: any(isinstance(one, Sent) for one in origins.values()),
        Action.DOWNLOADS_WRITE: any(isinstance(one, Url) for one in origins.values()),
        Action.VIDEOS_READ: bool(stored),
    }
    actions = [action for action, really in needed.items() if really]
    for action in actions:
        caller.must_be_allowed(action)
    homes = [videos.seen(app, caller, one.video_id).workspace_id for one in stored]
    if len(stored) < len(origins):
        homes = [workspaces.seen(app, caller, wish.workspace).id]
    for home in homes:
        for action in actions:
            caller.must_be_allowed_in(home, action)
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
