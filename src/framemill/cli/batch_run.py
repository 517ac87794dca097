"""`framemill batch run`: many files, each a job; here, several side by side, or in the queue."""

import gc
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from framemill.cli.batch_board import Board, board
from framemill.cli.complaint import complain, document_of
from framemill.cli.exit_codes import INTERRUPTED, OK, TERMINATED, exit_code
from framemill.cli.opened import NOBODY, nobody_works, opened, operator
from framemill.cli.terminal import err, harmless, out, out_json, painted, shown_path
from framemill.cli.wording import columns
from framemill.domain.sources import Source, Url
from framemill.domain.states import JobState
from framemill.interrupts import Terminated, heeded

if TYPE_CHECKING:
    from framemill.app import App
    from framemill.errors import FramemillError
    from framemill.services.batch_work import Accepted, Item, Work
    from framemill.services.records import JobDetail

_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is told of a batch."""

    quiet: bool
    as_json: bool


@dataclass(slots=True)
class Tally:
    """How the inputs ended, in the order in which they did."""

    documents: list[dict[str, object]] = field(default_factory=list)
    failed: list[tuple[str, str, str]] = field(default_factory=list)  # input, code, message
    done: int = 0

    @property
    def code(self) -> int:
        """The exit code: the first failure's."""
        return exit_code(self.failed[0][1]) if self.failed else OK


def submit(work: "Work", files: "Iterable[Item]", telling: Telling) -> int:
    """Leave the work to the workers; returns when all of it is in the queue."""
    tally, fresh, known = Tally(), 0, 0
    with opened() as app:
        for one in app.batches.submit(work, files, again=True, actor=operator()):
            fresh, known = fresh + one.fresh, known + (not one.fresh and one.error is None)
            if telling.as_json:
                tally.documents.append(_document(one))
            if one.error is not None:
                _count_refused(tally, one)
        idle = nobody_works(app) if fresh or known else False
    if telling.as_json:
        out_json({"batch": work.batch_id, "jobs": tally.documents})
        return tally.code
    out(work.batch_id)
    if not telling.quiet:
        before = f", {known} known from before" if known else ""
        err(f"{fresh} submitted{before}: `framemill batch show {work.batch_id}`")
        if idle:
            err(NOBODY)
    _table(tally.failed)
    return tally.code


def run(work: "Work", files: "Iterable[Item]", telling: Telling, *, side_by_side: int) -> int:
    """Do the work here; returns the exit code of the first that failed."""
    from framemill.engine.crew import Crew
    from framemill.engine.events import Callback

    listed = tuple(files)
    gc.freeze()
    gc.enable()
    code = OK
    with opened() as app, board(len(listed), quiet=telling.quiet, as_json=telling.as_json) as shown:
        worker = app.worker(Callback(shown), foreground=True)
        here = _Here(app, work, telling, shown)
        crew = Crew(worker, size=side_by_side, cancel=partial(app.jobs.cancel, actor=operator()))
        try:
            with heeded(signal.SIGHUP):
                crew.run(here.jobs(listed, lane=worker.name), here.ended)
        except KeyboardInterrupt as interrupt:
            code = TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED
    tally = here.tally
    if telling.as_json:
        out_json({"batch": work.batch_id, "jobs": tally.documents})
        return code or tally.code
    if not telling.quiet:
        err(f"{painted('done', 'green', sys.stderr)}: {tally.done} of {len(listed)}, batch {work.batch_id}")
    _table(tally.failed)
    if code != OK:
        hint = "the same command again goes on with what is left"
        complain(code="cancelled", message="cancelled; what is done stays done", hint=hint)
    return code or tally.code


class _Here:
    """Submits one job after the other as hands get free, and writes down how each ended."""

    def __init__(self, app: "App", work: "Work", telling: Telling, shown: Board) -> None:
        self._app = app
        self._work = work
        self._telling = telling
        self._board = shown
        self._accepted: dict[str, Accepted] = {}
        self.tally = Tally()

    def jobs(self, files: "Sequence[Item]", *, lane: str) -> Iterator[str]:
        """Ids of jobs to run. Only as many are submitted as can run: Ctrl-C leaves no queue behind."""
        batches = self._app.batches
        for one in batches.submit(self._work, files, lane=lane, again=True, at_once=1, actor=operator()):
            if one.error is not None:
                _count_refused(self.tally, one)
                self._over(one, f"{painted('refused', 'red', sys.stderr)}  {_name(one)}: {one.error.message}")
            elif one.state is JobState.COMPLETED:
                self.tally.done += 1
                made = self._app.jobs.show(str(one.job_id)) if self._telling.as_json else None
                self._over(one, f"was done  {_name(one)}", made)
            elif one.job_id is not None and one.job_id not in self._accepted:
                self._accepted[one.job_id] = one
                self._board.begins(one.job_id, _name(one))
                yield one.job_id

    def ended(self, job_id: str, problem: "FramemillError | None") -> None:
        """A job has ended, or another process has it."""
        one, detail = self._accepted[job_id], self._app.jobs.show(job_id)
        if detail.job.state is JobState.COMPLETED:
            self.tally.done += 1
            line = f"{painted('done', 'green', sys.stderr)}  {_name(one)}"
        elif problem is not None:
            line = f"{painted('elsewhere', 'yellow', sys.stderr)}  {_name(one)}: {problem.message}"
        else:
            error = detail.job.error or {"code": str(detail.job.state), "message": str(detail.job.state)}
            code, message = str(error["code"]), str(error["message"])
            self.tally.failed.append((_name(one), code, message))
            line = f"{painted(str(detail.job.state), 'red', sys.stderr)}  {_name(one)}: {harmless(message)}"
        self._over(one, line, detail)

    def _over(self, one: "Accepted", line: str, detail: "JobDetail | None" = None) -> None:
        self._board.ends(one.job_id, line)
        if self._telling.as_json:
            self.tally.documents.append(_document(one, detail))


def _count_refused(tally: Tally, one: "Accepted") -> None:
    assert one.error is not None
    tally.failed.append((_name(one), one.error.code, one.error.message))


def _document(one: "Accepted", detail: "JobDetail | None" = None) -> dict[str, object]:
    error: object = None
    if one.error is not None:
        error = document_of(code=one.error.code, message=one.error.message, hint=one.error.hint)["error"]
    elif detail is not None and detail.job.error:
        error = {name: detail.job.error.get(name) for name in ("code", "message", "hint")}
    return {
        "input": _shown(one.path),
        "job": one.job_id,
        "state": str(detail.job.state if detail else one.state) if one.job_id else None,
        "destination": str(one.place),
        "artifacts": [
            {"role": made.role, "path": str(made.path), "bytes": made.bytes}
            for made in (detail.artifacts if detail else ())
        ],
        "error": error,
    }


def _name(one: "Accepted") -> str:
    return harmless(one.path.label if isinstance(one.path, Url) else shown_path(one.path))


def _shown(source: Source) -> str:
    return source.label if isinstance(source, Url) else str(source)


def _table(failed: Sequence[tuple[str, str, str]]) -> None:
    """What failed and why."""
    if not failed:
        return
    err(f"{painted('failed:', 'red', sys.stderr)} {len(failed)}")
    for line in columns([(name, code, harmless(text)) for name, code, text in failed[:_MOST_SHOWN]]):
        err(f"  {line}")
    if len(failed) > _MOST_SHOWN:
        err(f"  and {len(failed) - _MOST_SHOWN} more")
