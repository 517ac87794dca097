"""`framemill download --into`: films from addresses become videos, fetched here or by the workers."""

import getpass
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framemill.cli.complaint import complain, complain_about, document_of, error_of_job
from framemill.cli.exit_codes import OK, exit_code
from framemill.cli.opened import NOBODY, nobody_works, opened
from framemill.cli.progress import watcher
from framemill.cli.terminal import err, harmless, out, out_json
from framemill.domain.states import JobState
from framemill.engine.events import Callback
from framemill.errors import FramemillError
from framemill.interrupts import heeded
from framemill.services.video_downloads import Wanted

if TYPE_CHECKING:
    from framemill.app import App


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where the videos go, and what is made of each."""

    workspace: str
    collection: str
    pipeline: str | None


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How it is done, and told."""

    queued: bool
    quiet: bool
    as_json: bool


def download_into(urls: Sequence[str], shelf: Shelf, manner: Manner) -> int:
    """Download each; returns the exit code of the last that failed."""
    code, documents = OK, []
    with opened() as app, heeded(signal.SIGHUP):
        for url in urls:
            try:
                document = _one(app, url, shelf, manner)
            except FramemillError as error:
                if len(urls) == 1:
                    raise
                code = complain_about(error, as_json=False)
                continue
            except KeyboardInterrupt:
                if not manner.quiet and not manner.queued:
                    err("interrupted; nothing of this film is kept")
                raise
            documents.append(document)
            if isinstance(said := document.get("error"), Mapping):
                code = exit_code(str(said["code"]))
        if not manner.quiet and (manner.queued or sys.stderr.isatty()) and nobody_works(app):
            err(NOBODY)
    if manner.as_json:
        out_json(documents[0] if len(urls) == 1 and documents else {"downloads": documents})
    return code


def _one(app: "App", url: str, shelf: Shelf, manner: Manner) -> Mapping[str, object]:
    wanted = Wanted(
        url=url,
        workspace=shelf.workspace,
        collection=shelf.collection,
        pipeline=shelf.pipeline,
        uploader=getpass.getuser(),
    )
    begun = app.video_downloads.begin(wanted, foreground=not manner.queued)
    if manner.queued:
        if not manner.as_json:
            out(begun.job_id)
        return {"job": begun.job_id, "video": begun.video_id, "state": str(JobState.QUEUED)}
    with watcher(quiet=manner.quiet, only_bars=manner.as_json) as watching:
        job = app.run_job(begun.job_id, Callback(watching)).job
    if job.state is not JobState.COMPLETED or job.video_id is None:
        said = error_of_job(job.error or {}, job_id=job.id)
        if not manner.as_json:
            complain(**said)
        return {"job": job.id, "video": None, "state": str(job.state), **document_of(**said)}
    if not manner.as_json:
        for line in () if manner.quiet else (*job.notes, *job.warnings):
            err(harmless(line))
        out(f"{job.video_id}  {harmless(app.videos.get(job.video_id).filename)}")
    return {"job": job.id, "video": job.video_id, "state": str(job.state)}
