"""Jobs on stored videos: what they read is in the store, and so is what they make."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from framemill.domain.videos import VideoState
from framemill.errors import IllegalTransition, InvalidSpec, VideoNotFound
from framemill.operations.spec import Spec
from framemill.services.jobs import Jobs
from framemill.services.workspaces import NO_PIPELINE
from framemill.store.database import Database
from framemill.store.tables import Job
from framemill.store.video_tables import Video, Workspace

Json = dict[str, Any]  # Any: JSON as the tables hold it

_NORMAL = 5
_LONGEST_KIND = 64


class VideoJobs:
    """The use cases around jobs on stored videos."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs

    def submit(
        self,
        specs: Sequence[Spec],
        *,
        video: str,
        inputs: Mapping[str, str] | None = None,
        priority: int = _NORMAL,
        kind: str | None = None,
        owner: str = "",
        idempotency_key: str | None = None,
        reuse: bool = True,
        job_id: str | None = None,
    ) -> str:
        """Accept a job whose results become the video's artifacts; returns its id, `job_id` where given.

        `inputs` gives the ids of all videos that it reads, by the names which
        the specs use; without them it reads the video itself as `input`. All
        are in the video's workspace. Without `reuse` everything is made anew,
        whatever earlier jobs on the video made. Raises VideoNotFound, IllegalTransition
        where an original has not arrived, InvalidSpec, IdempotencyConflict.
        """
        with self._database.read() as session:
            request = request_on(
                session, specs, video=video, inputs=inputs, kind=kind, owner=owner, reuse=reuse
            )
        if job_id is not None:
            request.id = job_id
        request.idempotency_key = idempotency_key
        return self._jobs.accept(request, priority=priority)

    def original(self, video: str) -> Json:
        """What a job knows of the video's original: its name, where it is stored, its length.

        Raises VideoNotFound, and IllegalTransition where it has not arrived.
        """
        with self._database.read() as session:
            return _facts(_video(session, video))

    def start_default(self, video: str, *, pipeline: str | None = None) -> str | None:
        """Begin what is done with every new video, once; returns the job, None where nothing is to be done.

        Asked again for the same video, the same job is returned. `pipeline` is
        the name of a pipeline instead of the workspace's own. Raises as
        `submit`, and IdempotencyConflict where it began with another pipeline.
        """
        with self._database.read() as session:
            found = _video(session, video)
            name = pipeline or session.get_one(Workspace, found.workspace_id).pipeline
        if name == NO_PIPELINE:
            return None
        from framemill.planner.pipelines import named_pipeline

        return self.submit(
            named_pipeline(name),
            video=found.id,
            kind=name,
            owner=found.uploader,
            idempotency_key=f"new-video:{found.id}",
        )


def request_on(
    session: Session,
    specs: Sequence[Spec],
    *,
    video: str,
    inputs: Mapping[str, str] | None,
    kind: str | None,
    owner: str,
    sees: Callable[[str | None], bool] = lambda _: True,
    reuse: bool = True,
) -> Job:
    """A job to be on stored videos, as `VideoJobs.submit` says; VideoNotFound also where nobody `sees` it."""
    if not specs:
        raise InvalidSpec("there is nothing to do", hint="give at least one operation")
    found = _video(session, video)
    if not sees(found.workspace_id):
        raise VideoNotFound(video)
    named = {
        name: _video(session, one, workspace_id=found.workspace_id)
        for name, one in (inputs or {"input": found.id}).items()
    }
    return Job(
        kind=(kind or (specs[0].op if len(specs) == 1 else "pipeline"))[:_LONGEST_KIND],
        specs=[spec.model_dump(mode="json") for spec in specs],
        inputs={name: _facts(one) for name, one in named.items()},
        destination={
            "path": f"workspaces/{found.workspace_id}/{found.id}",
            "overwrite": False,
            "missing": [],
            **({} if reuse else {"reuse": False}),
        },
        owner=owner,
        workspace_id=found.workspace_id,
        video_id=found.id,
    )


def _video(session: Session, video_id: str, *, workspace_id: str | None = None) -> Video:
    try:
        wanted = str(UUID(video_id))
    except ValueError:
        raise VideoNotFound(video_id) from None
    video = session.get(Video, wanted)
    if video is None or video.state == VideoState.DELETING or workspace_id not in {None, video.workspace_id}:
        raise VideoNotFound(video_id)
    # Without bytes it is going, by a rule of retention.
    if video.state != VideoState.READY or video.key is None or not video.bytes:
        raise IllegalTransition(f"the original of video {video_id} is not there: it is {video.state}")
    return video


def _facts(video: Video) -> Json:
    return {
        "path": video.filename,
        "key": video.key,
        "bytes": video.bytes,
        "sha256": video.sha256,
        "video": video.id,
    }
