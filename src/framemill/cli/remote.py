"""Work that a server does: files go there, a job is followed, results come here. Told as if it ran here."""

import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from framemill.cli.asking import Asked
from framemill.cli.complaint import complain, document_of, error_of_interruption
from framemill.cli.exit_codes import INTERRUPTED, OK, TERMINATED
from framemill.cli.progress import watcher
from framemill.cli.remote_inputs import Inputs
from framemill.cli.running import End, Request, end_of
from framemill.cli.server_choice import Choice, connected
from framemill.cli.terminal import err, harmless, out, out_json
from framemill.cli.upload_progress import meter
from framemill.client.following import follow
from framemill.client.jobs import Jobs
from framemill.client.results import fetch, size_of
from framemill.domain.plan import Plan
from framemill.domain.states import JobState
from framemill.errors import FramemillError, OutputExists, ServerUnavailable
from framemill.interrupts import Terminated, heeded, held_off

if TYPE_CHECKING:
    from framemill.client.connection import Server
    from framemill.services.records import JobDetail

_NORMAL = 5
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(requests: Sequence[Request], wish: Asked, choice: Choice) -> int:
    """Have it done, one job after the other; returns the exit code of the first that failed."""
    if wish.verify is not None:
        raise typer.BadParameter("the server checks as its own settings say", param_hint="--verify")
    with heeded(*_SIGNALS), connected(choice) as server:
        _say_versions(server, wish)
        mill = _Mill(server, wish, Inputs(server, choice, wish))
        if wish.explain:
            return mill.explain(requests)
        ends: list[End] = []
        for request in requests:
            ends.append(mill.queue(request) if wish.queued else mill.run(request))
            if ends[-1].code in {INTERRUPTED, TERMINATED}:
                break
    if wish.as_json:
        documents = [end.document for end in ends]
        out_json(documents[0] if len(requests) == 1 else {"jobs": documents})
    return next((end.code for end in ends if end.code != OK), OK)


def watch(
    server: "Server", job_id: str, *, quiet: bool, as_json: bool, folder: Path | None, overwrite: bool
) -> "JobDetail":
    """A job's end, with its results in `folder` where there is one."""
    with watcher(quiet=quiet, only_bars=as_json) as watching:
        follow(server, job_id, watching, lost=_once(quiet=quiet))
    detail = Jobs(server).show(job_id)
    if folder is None or detail.job.state is not JobState.COMPLETED:
        return detail
    return _fetched(server, detail, folder, quiet=quiet, as_json=as_json, overwrite=overwrite)


@dataclass(frozen=True, slots=True)
class _Mill:
    """One server, and how it is to be told of."""

    server: "Server"
    wish: Asked
    inputs: Inputs

    def explain(self, requests: Sequence[Request]) -> int:
        """Show what the server would do."""
        from pydantic import TypeAdapter

        from framemill.cli import explained

        documents = []
        for number, request in enumerate(requests):
            body = self._body(request, priority=False)
            found = self.server.ask("POST", "/api/v1/plans", body, again=True)
            if self.wish.as_json:
                named = {name: str(source) for name, source in request.inputs.items()}
                place = {"inputs_from": named, "destination": str(request.destination)}
                documents.append({**place, "estimate": found["estimate"], **found["plan"]})
                continue
            if number:
                out()
            for line in explained.told(
                TypeAdapter(Plan).validate_python(found["plan"]),
                title=request.title,
                inputs=request.inputs,
                destination=request.destination,
                verbose=self.wish.verbose,
            ):
                out(line)
        if self.wish.as_json:
            out_json(documents[0] if len(requests) == 1 else {"plans": documents})
        return OK

    def queue(self, request: Request) -> End:
        """Submit it, and leave it there."""
        job_id = Jobs(self.server).submit(self._body(request))
        if not self.wish.as_json:
            out(job_id)
        return End(code=OK, document={"job": job_id, "state": str(JobState.QUEUED)})

    def run(self, request: Request) -> End:
        """Submit it, follow it to its end, and bring what it made."""
        job_id: str | None = None
        self._must_be_free(request)
        try:
            body = self._body(request)
            with held_off():  # so that nobody leaves between the job and its id
                job_id = Jobs(self.server).submit(body)
            detail = watch(
                self.server,
                job_id,
                quiet=self.wish.quiet,
                as_json=self.wish.as_json,
                folder=None,
                overwrite=False,
            )
            if detail.job.state is JobState.COMPLETED:
                detail = _fetched(
                    self.server,
                    detail,
                    request.destination,
                    quiet=self.wish.quiet,
                    as_json=self.wish.as_json,
                    overwrite=self.wish.overwrite,
                    called=self.inputs.called,
                )
        except KeyboardInterrupt as interrupt:
            return self._interrupted(interrupt, job_id)
        except FramemillError as error:
            if job_id is not None:
                error.hint = _where_it_is(error, job_id)
            raise
        return end_of(detail, quiet=self.wish.quiet, as_json=self.wish.as_json, verbose=self.wish.verbose)

    def _must_be_free(self, request: Request) -> None:
        """OutputExists where a name that was chosen is taken; other names only the job tells."""
        names = [name for spec in request.specs if (name := getattr(spec, "output", None))]
        for path in (request.destination / name for name in names):
            if path.is_file() and not self.wish.overwrite:
                raise OutputExists(str(path))

    def _body(self, request: Request, *, priority: bool = True) -> Mapping[str, Any]:  # Any: JSON
        videos = self.inputs.videos(request)
        specs = [spec.model_dump(mode="json") for spec in request.specs]
        work = {"operation": specs[0]} if len(specs) == 1 else {"operations": specs}
        urgent = {"priority": self.wish.priority} if priority and self.wish.priority != _NORMAL else {}
        first = videos.get("input") or next(iter(videos.values()))
        return {"video": first, "inputs": videos, "reuse": self.wish.reuse, **work, **urgent}

    def _interrupted(self, interrupt: KeyboardInterrupt, job_id: str | None) -> End:
        """Nobody waits for the job now, so it is cancelled."""
        end = error_of_interruption(job_id or "ID")
        if job_id is None:
            end["message"] = "cancelled; nothing was submitted"
            end["hint"] = "the same command goes on where it was: what was sent is kept for some hours"
        else:
            try:
                self.server.once("POST", f"/api/v1/jobs/{job_id}/cancel")
            except FramemillError as error:
                end["message"] = f"interrupted, and the job could not be cancelled: {error.message}"
                end["hint"] = f"`framemill jobs cancel {job_id}`"
        if not self.wish.as_json:
            with suppress(OSError):  # the terminal may be gone
                complain(**end)
        code = TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED
        return End(code=code, document=document_of(**end))


def _fetched(
    server: "Server",
    detail: "JobDetail",
    folder: Path,
    *,
    quiet: bool,
    as_json: bool,
    overwrite: bool,
    called: Callable[[str], str] = lambda name: name,
) -> "JobDetail":
    with meter("results", size_of(detail), quiet=quiet, only_bars=as_json) as moved:
        return fetch(server, detail, folder, overwrite=overwrite, moved=moved, called=called)


def _where_it_is(error: FramemillError, job_id: str) -> str:
    """The results stay with the server, and can be had once more."""
    again = f"the job is there: `framemill jobs watch {job_id} -o FOLDER` brings its results"
    return f"{error.hint}; {again}" if error.hint else again


def _once(*, quiet: bool) -> Callable[[ServerUnavailable], None]:
    """Says the first break only."""
    said: list[str] = []

    def lost(error: ServerUnavailable) -> None:
        if not (said or quiet):
            err(f"{harmless(error.message)}; the job goes on there, and so do we when it answers")
        said.append(error.message)

    return lost


def _say_versions(server: "Server", wish: Asked) -> None:
    """Tell where the two are likely not to understand each other."""
    there, here = server.version(), version("framemill")
    if there is not None and there.split(".")[:2] != here.split(".")[:2] and not wish.quiet:
        err(f"note: the server is version {harmless(there)}, and this is {here}")
