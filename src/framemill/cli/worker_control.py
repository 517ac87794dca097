"""The part of `framemill worker` that looks at workers and ends them."""

import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli.exit_codes import FAILED, OK
from framemill.cli.opened import opened, operator
from framemill.cli.program import AnyCommand, command
from framemill.cli.terminal import err, harmless, out, out_json, painted
from framemill.cli.wording import about, columns, in_vain

if TYPE_CHECKING:
    from framemill.app import App
    from framemill.services.stats import WorkerRecord

_Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
_LOOK_S = 0.2


def _pids(incomplete: str) -> list[str]:
    with opened() as app:
        return [pid for worker in app.workers.list() if (pid := str(worker.pid)).startswith(incomplete)]


_Workers = Annotated[
    list[str] | None, typer.Argument(metavar="WORKER", help="Pids, or parts of ids.", autocompletion=_pids)
]
_All = Annotated[bool, typer.Option("--all", help="Every worker.")]


def commands() -> tuple[AnyCommand, ...]:
    """The commands of this part."""
    return (
        command(
            "status",
            status,
            summary="Show who works, where, at what, and how much they have done.",
            examples=("framemill worker status", "framemill worker status --all --json"),
        ),
        command(
            "drain",
            drain,
            summary="Let workers finish what they are at and end, on any machine.\n\n"
            "A worker is named by its pid, or by more of its id where two machines have the same.",
            examples=("framemill worker drain 4711", "framemill worker drain --all"),
        ),
        command(
            "undrain",
            undrain,
            summary="Let workers go on that were asked to drain, as long as they are still there.",
            examples=("framemill worker undrain 4711", "framemill worker undrain --all"),
        ),
        command(
            "stop",
            stop,
            summary="End the pools of this machine: running tasks finish first.\n\n"
            "With --now they are handed back at once, and other workers begin them anew.",
            examples=("framemill worker stop", "framemill worker stop --now"),
        ),
    )


def status(
    everyone: Annotated[bool, typer.Option("--all", help="Also workers that are gone.")] = False,
    as_json: _Json = False,
) -> int:
    """One line each."""
    with opened() as app:
        found, waiting = app.workers.list(gone=everyone), app.workers.unserved()
    if as_json:
        out_json([_document(worker) for worker in found])
        return OK
    if not found:
        err("no workers: `framemill worker start`")
        return OK
    head = ("pid", "host", "version", "state", "done", "failed", "seen", "at")
    for line in columns([head, *(_row(worker) for worker in found)]):
        out(line)
    for kind in waiting:
        err(painted(in_vain(kind), "yellow", sys.stderr))
    return OK


def drain(workers: _Workers = None, everyone: _All = False, as_json: _Json = False) -> int:
    """Ask them to."""
    with opened() as app:
        wanted = _chosen(app, workers, everyone=everyone)
        count = app.workers.drain(wanted, actor=operator())
    if as_json:
        out_json({"workers": wanted})
    else:
        out(f"{count} {'worker' if count == 1 else 'workers'} will end when done")
    return OK


def undrain(workers: _Workers = None, everyone: _All = False, as_json: _Json = False) -> int:
    """Take it back."""
    with opened() as app:
        stay = app.workers.undrain(_chosen(app, workers, everyone=everyone), actor=operator())
    if as_json:
        out_json({"workers": stay})
    else:
        out(f"{len(stay)} {'worker goes' if len(stay) == 1 else 'workers go'} on")
    return OK


def stop(
    pool: Annotated[
        str | None, typer.Argument(metavar="PID", help="The pool's process; all pools if not given.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Do not wait for running tasks.")] = False,
    as_json: _Json = False,
) -> int:
    """Tell them to end, and wait until they have."""
    from framemill.engine.identity import process_of

    with opened() as app:
        pools = _pools_here(app.workers.list())
        grace = app.settings.drain_grace.total_seconds()
    if pool is not None and pool not in {str(pid) for pid, _ in pools}:
        there = ", ".join(str(pid) for pid, _ in pools) or "none"
        raise typer.BadParameter(f"no pool here has the pid {pool}; there: {there}", param_hint="PID")
    told = [(pid, began) for pid, began in pools if pool in {None, str(pid)}]
    for times in range(1 + now):
        for pid, _ in told:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if now and not times:
            time.sleep(_LOOK_S)  # two signals at once would be one
    limit = time.monotonic() + grace + 60
    left = told
    while left and time.monotonic() < limit:
        time.sleep(_LOOK_S)
        left = [(pid, began) for pid, began in left if process_of(pid, began) is not None]
    if as_json:
        out_json({"stopped": [pid for pid, _ in told if (pid, _) not in left], "left": [p for p, _ in left]})
    else:
        for pid, began in told:
            out(f"pool {pid} {'is still there' if (pid, began) in left else 'ended'}")
        if not told:
            err("no pool runs here")
    return FAILED if left else OK


def _pools_here(workers: "Iterable[WorkerRecord]") -> list[tuple[int, float]]:
    """Pid and start of the living pools of this machine."""
    from framemill.engine.identity import host, process_of

    found = []
    for pool in dict.fromkeys(worker.pool for worker in workers if worker.pool):
        where, pid, began = pool.rsplit(":", 2)
        if where == host() and process_of(int(pid), float(began)) is not None:
            found.append((int(pid), float(began)))
    return found


def _chosen(app: "App", workers: list[str] | None, *, everyone: bool) -> list[str]:
    """Ids of the workers that were named, or of all."""
    if bool(workers) == everyone:
        raise typer.BadParameter("name workers, or give --all", param_hint="WORKER")
    there = app.workers.list()
    return [worker.id for worker in (there if everyone else _named(workers or (), there))]


def _named(given: Sequence[str], there: "Sequence[WorkerRecord]") -> "list[WorkerRecord]":
    wanted = []
    for word in given:
        near = [w for w in there if word == str(w.pid)] or [w for w in there if word in w.id]
        if len(near) != 1:
            many = f"fits {len(near)} workers" if near else "is no worker that is there"
            raise typer.BadParameter(f"{word!r} {many}: `framemill worker status`", param_hint="WORKER")
        wanted += near
    return wanted


def _row(worker: "WorkerRecord") -> tuple[str, ...]:
    state = "draining" if worker.wanted == "drain" and worker.state == "active" else worker.state
    ago = about(max(0, round((datetime.now(UTC) - worker.seen_at).total_seconds() * 1000)))
    at = ", ".join(f"{harmless(held.title)} {held.progress:.0f}% of {held.job_id}" for held in worker.at)
    return (
        str(worker.pid),
        worker.host.partition("/")[0],
        worker.version,
        state,
        str(worker.done),
        str(worker.failed),
        f"{ago} ago",
        at or "-",
    )


def _document(worker: "WorkerRecord") -> dict[str, object]:
    data = asdict(worker)
    times = {name: data[name].isoformat() for name in ("started_at", "seen_at")}
    return data | times | {"pool": int(worker.pool.rsplit(":", 2)[1]) if worker.pool else None}
