"""Asking for a video from an address: a video whose original is on its way, and the job that brings it.

Nothing is fetched here. What the job does is `engine.bringing`'s, what shelves
say to what came `services.landing`'s.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.domain.sniffing import ENDINGS
from framemill.domain.sources import Url
from framemill.domain.uploads import Limits
from framemill.domain.videos import DEFAULT_COLLECTION, DEFAULT_WORKSPACE, checked_filename
from framemill.engine.accepting import enqueue
from framemill.engine.beginnings import understood, url_facts
from framemill.engine.dispatch import Dispatcher, Unheard, wakes
from framemill.engine.identity import worker_id
from framemill.engine.originals import INPUT
from framemill.errors import IdempotencyConflict, InvalidSpec
from framemill.services import originals
from framemill.services.collections import Collections
from framemill.services.originals import NewOriginal
from framemill.services.shelf_records import CollectionRecord
from framemill.services.workspaces import PIPELINES_OF_NEW
from framemill.store.database import Database
from framemill.store.jobs import keyed_job
from framemill.store.tables import Job
from framemill.store.turns import next_turn

KIND = "download"
_LONGEST_KEY = 255
_NORMAL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A film at an address that somebody wants as a video."""

    url: str
    workspace: str = DEFAULT_WORKSPACE  # name or id
    collection: str = DEFAULT_COLLECTION
    filename: str | None = None  # None: as it is called where it comes from
    title: str | None = None  # None: from the file's name
    recorded_at: datetime | None = None
    notes: str = ""
    pipeline: str | None = None  # what is made of it; None: the workspace's, "none": nothing
    uploader: str = ""
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The video to be, and the job that brings it."""

    job_id: str
    video_id: str  # where the collection had the content: the video that has it, once that is known


class VideoDownloads:
    """The use case around downloads that become videos."""

    def __init__(
        self,
        database: Database,
        collections: Collections,
        *,
        judge: Callable[[str], None],  # what can be said of an address at once; AddressRefused
        limits: Limits,
        dispatcher: Dispatcher | None = None,
        max_attempts: int = 3,
    ) -> None:
        self._database = database
        self._collections = collections
        self._judge = judge
        self._limits = limits
        self._dispatcher = dispatcher or Unheard()
        self._max_attempts = max_attempts

    def begin(self, wanted: Wanted, *, foreground: bool = False) -> Begun:
        """Accept a download; the same idempotency key gives the same one again.

        A `foreground` job is left to this process, which must run it. Raises
        AddressRefused, WorkspaceNotFound, CollectionNotFound, InvalidSpec,
        InvalidUpload, IdempotencyConflict.
        """
        url = understood(Url(wanted.url))
        self._judge(url.text)
        if wanted.idempotency_key is not None and not 1 <= len(wanted.idempotency_key) <= _LONGEST_KEY:
            raise InvalidSpec(f"an idempotency key has 1 to {_LONGEST_KEY} characters")
        if wanted.pipeline is not None and wanted.pipeline not in PIPELINES_OF_NEW:
            raise InvalidSpec(
                f"there is no pipeline {wanted.pipeline!r} for new videos",
                hint=f"one of {', '.join(PIPELINES_OF_NEW)}",
            )
        name = checked_filename(url.name if wanted.filename is None else wanted.filename)
        if name.rpartition(".")[2].lower() in ENDINGS:
            self._limits.check_name(name)
        shelf = self._collections.get(wanted.workspace, wanted.collection)
        try:
            return self._write(wanted, url, name, shelf, foreground=foreground)
        except IntegrityError:
            # Somebody else was as quick with the same key.
            if wanted.idempotency_key is None:
                raise
            return self._write(wanted, url, name, shelf, foreground=foreground)

    def _write(
        self, wanted: Wanted, url: Url, name: str, shelf: CollectionRecord, *, foreground: bool
    ) -> Begun:
        with self._database.write(durable=True) as session:
            asked = _digest(wanted, url, shelf)
            if (known := _known(session, wanted, asked)) is not None:
                return known
            now = self._database.now(session)
            video, _ = originals.begin(
                session,
                NewOriginal(
                    filename=name,
                    bytes=0,
                    title=wanted.title,
                    recorded_at=wanted.recorded_at,
                    notes=wanted.notes,
                    uploader=wanted.uploader,
                    source_url=url.label,
                ),
                workspace=shelf.workspace_id,
                collection=shelf.id,
                now=now,
                accepted=None,
            )
            filename = None if wanted.filename is None else name
            job = Job(
                kind=KIND,
                specs=[{"op": KIND, "filename": filename, "pipeline": wanted.pipeline}],
                # Beside the address and not in the specs, which are shown.
                inputs={INPUT: {**url_facts(url), "asked": asked}},
                destination={
                    "path": f"workspaces/{video.workspace_id}/{video.id}",
                    "overwrite": False,
                    "missing": [],
                },
                owner=video.uploader,
                workspace_id=video.workspace_id,
                video_id=video.id,
                idempotency_key=wanted.idempotency_key,
            )
            tasks = enqueue(
                session,
                job,
                priority=_NORMAL,
                turn=next_turn(session, owner=job.owner, priority=_NORMAL),
                lane=worker_id() if foreground else "",
                max_attempts=self._max_attempts,
                now=now,
            )
            begun = Begun(job_id=job.id, video_id=video.id)
        self._dispatcher.nudge(wakes(tasks))
        return begun


def _known(session: Session, wanted: Wanted, asked: str) -> Begun | None:
    """The download that was begun under the same idempotency key."""
    if wanted.idempotency_key is None:
        return None
    job = keyed_job(session, owner=wanted.uploader, key=wanted.idempotency_key)
    if job is None:
        return None
    if job.kind != KIND or job.video_id is None or job.inputs.get(INPUT, {}).get("asked") != asked:
        raise IdempotencyConflict(wanted.idempotency_key, job_id=job.id)
    return Begun(job_id=job.id, video_id=job.video_id)


def _digest(wanted: Wanted, url: Url, shelf: CollectionRecord) -> str:
    """Tells whether two requests are the same, without the address, which is not kept."""
    said = (
        *(url.text, shelf.workspace_id, shelf.id, wanted.filename, wanted.title, wanted.notes),
        *(wanted.pipeline, wanted.recorded_at and wanted.recorded_at.isoformat()),
    )
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
