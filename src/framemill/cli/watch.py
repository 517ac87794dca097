"""`framemill watch`: a folder whose files become jobs as they arrive."""

import json
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli import batch
from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import FAILED, OK
from framemill.cli.job_control import parse_priority
from framemill.cli.opened import NOBODY, nobody_works, opened
from framemill.cli.program import AnyCommand, command
from framemill.cli.spans import span
from framemill.cli.terminal import err, harmless, shown_path
from framemill.errors import InputNotFound
from framemill.interrupts import heeded

if TYPE_CHECKING:
    from framemill.app import App
    from framemill.engine.hands import Hands
    from framemill.services.batch_work import Work
    from framemill.services.watching import News, Watch

_SETTLE = "10s"


def build(entry: Entry) -> AnyCommand:
    """The command."""
    return command(
        entry.name,
        watch,
        summary="Watch a folder and work on every file that arrives, once.\n\n"
        "A file's turn comes when it has stood still for a while and nobody writes into it. What was "
        "submitted is remembered: a restart does nothing twice. Ctrl-C ends it.",
        examples=(
            "framemill watch incoming --pipeline publish -o published",
            "framemill watch incoming --pipeline mine.yaml -o out --recursive --move-done done --run",
            "framemill watch /mnt/cameras --operation proxy -o proxies --once",
        ),
    )


def watch(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="The folder.")],
    pipeline: batch.Pipeline = None,
    operation: batch.Operation = None,
    settings: batch.Settings = None,
    output: batch.Output = None,
    include: batch.Include = None,
    recursive: batch.Recursive = False,
    follow: batch.Follow = False,
    settle: Annotated[
        str,
        typer.Option(
            metavar="TIME", help=f"How long a file must stand still to be complete. Default: {_SETTLE}."
        ),
    ] = _SETTLE,
    move_done: Annotated[
        str | None, typer.Option(metavar="DIR", help="Where files go when their job has completed.")
    ] = None,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="Take what is complete now, and end; exit code 1 where something failed."
        ),
    ] = False,
    here: Annotated[
        bool, typer.Option("--run", help="Run the jobs here, not by `framemill worker`.")
    ] = False,
    side_by_side: Annotated[
        str | None, typer.Option("--jobs", metavar="N", help="How many run at once with --run. Default: 1.")
    ] = None,
    priority: batch.Priority = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", "-y", help="A file that is replaced replaces its results.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document per line on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Errors only.")] = False,
) -> int:
    """Look until it is told to stop."""
    from framemill.cli.chosen_work import work
    from framemill.operations.binding import existing

    place = existing(folder)
    if not place.is_dir():
        raise InputNotFound(f"{folder} (it is no folder)")
    settle_s = span(settle, hint="--settle").total_seconds()
    hands = batch.count(side_by_side, hint="--jobs", most=64) if side_by_side else 1
    what = work(
        pipeline=pipeline,
        operation=operation,
        settings=settings,
        output=output,
        purpose="watch",
        name=str(place),
        overwrite=overwrite,
        priority=parse_priority(priority, hint="--priority") if priority else 5,
    )
    tell = _Teller(place, as_json=as_json, quiet=quiet)
    with opened() as app:
        watching = _watch(
            app,
            what,
            place,
            settle_s=settle_s,
            here=here,
            move_done=move_done,
            include=include,
            recursive=recursive,
            follow=follow,
        )
        if not here and not quiet and nobody_works(app):
            err(NOBODY)
        with _running(app, here=here, size=hands) as running:
            _look(watching, tell, running, once=once, settle_s=settle_s)
    return FAILED if once and tell.failed else OK


def _watch(
    app: "App",
    what: "Work",
    place: Path,
    *,
    settle_s: float,
    here: bool,
    move_done: str | None,
    include: list[str] | None,
    recursive: bool,
    follow: bool,
) -> "Watch":
    from framemill.engine.identity import worker_id
    from framemill.operations.binding import path_of
    from framemill.services.arrivals import Arrivals
    from framemill.services.intake import Sieve
    from framemill.services.watching import Watch

    done = path_of(move_done) if move_done is not None else None
    if done is not None and done.resolve() == place.resolve():
        raise typer.BadParameter("files that are done cannot stay where they are", param_hint="--move-done")
    avoid = (what.destination, *([done] if done is not None else []))
    return Watch(
        folder=place,
        work=what,
        batches=app.batches,
        arrivals=Arrivals(settle_s=settle_s, now=time.monotonic),
        sieve=Sieve(include=tuple(include or ()), recursive=recursive, follow=follow, avoid=avoid),
        lane=worker_id() if here else "",
        move_done=done,
    )


def _look(
    watching: "Watch", tell: "_Teller", running: "Hands | None", *, once: bool, settle_s: float
) -> None:
    pause = settle_s if once else min(5.0, max(0.5, settle_s / 4))
    try:
        with heeded(signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            tell(watching.begin())
            looks = 0
            while not once or looks < 2:
                if looks:
                    time.sleep(pause)
                tell(watching.look())
                looks += 1
                if running is not None:
                    running.ring()
            while running is not None and watching.waiting:
                time.sleep(0.5)
                running.ring()
                tell(watching.ends())
    except KeyboardInterrupt:
        tell.line("stopped watching")


@contextmanager
def _running(app: "App", *, here: bool, size: int) -> "Iterator[Hands | None]":
    if not here:
        yield None
        return
    from framemill.engine.hands import Hands

    hands = Hands(app.worker(), size=size)
    try:
        yield hands
    finally:
        hands.stop()


class _Teller:
    """A line for each thing that happens."""

    def __init__(self, folder: Path, *, as_json: bool, quiet: bool) -> None:
        self._folder = folder
        self._as_json = as_json
        self._quiet = quiet
        self.failed = False  # a file's job failed, or it was refused

    def __call__(self, news: "Iterable[News]") -> None:
        for one in news:
            self.failed = self.failed or one.what in {"failed", "refused"}
            if self._as_json:
                data = {"event": one.what, "input": str(one.path), "job": one.job_id, "said": one.said}
                # Typer's echo flushes: who follows wants each line now.
                typer.echo(json.dumps(data))
            elif not self._quiet or one.what == "failed":
                name = one.path.relative_to(self._folder) if one.path != self._folder else self._folder
                parts = [one.what, str(name), *([one.job_id] if one.job_id else [])]
                said = shown_path(one.said) if one.said.startswith("/") else one.said
                self.line(harmless("  ".join(parts) + (f": {said}" if said else "")))

    def line(self, text: str) -> None:
        """Say it, with the time."""
        if not self._quiet or "failed" in text:
            err(f"{datetime.now().astimezone().strftime('%H:%M:%S')}  {text}")
