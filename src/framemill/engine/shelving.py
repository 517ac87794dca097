"""The last task of a job on a stored video: put its results into the store and record them all at once.

Each attempt has a prefix of its own, so one that lost its lease can neither
replace nor remove what the winner stored. Nothing is visible before it is
recorded, and what is not recorded is swept.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from sqlalchemy.orm import Session

from framemill.domain.plan import Output, Role
from framemill.domain.states import JobState, TaskState
from framemill.engine import outcomes, transfer
from framemill.engine.machine import Machine
from framemill.engine.naming import published_name
from framemill.engine.places import Places, WorkMissing
from framemill.engine.publishing import Published, provenance, results_of
from framemill.engine.stock import Stock, is_whole
from framemill.engine.transfer import Check
from framemill.errors import BlobNotFound, DatabaseUnavailable, FramemillError
from framemill.storage.blobs import BlobStore
from framemill.store.database import Database
from framemill.store.jobs import artifacts_of, get_job, tasks_of
from framemill.store.tables import Job, Task

Json = dict[str, Any]  # Any: JSON as the tables hold it

_MANIFESTS = {Role.HLS: "master.m3u8", Role.DASH: "manifest.mpd"}
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_LONGEST_SEGMENT = 150


def prefix_of(job: Job, token: int) -> str:
    """Where the publication with this token stores: the first at the job's id, later ones with a number."""
    number = "" if token <= 1 else f"-{token}"
    return f"workspaces/{job.workspace_id}/{job.video_id}/{job.id}{number}/"


class Hold(Protocol):
    """A worker's hold on the task."""

    def check(self) -> None:
        """Raise Cancelled or LeaseLost where the work must end."""


def shelve(
    database: Database,
    job: Job,
    claimed: Task,
    tasks: Sequence[Task],
    *,
    machine: Machine,
    places: Places,
    hold: Hold,
) -> None:
    """Store every result of `job`, record each and complete the job.

    Raises WorkMissing where a result is on another machine alone, OutputInvalid
    where it is not what was verified, VideoNotFound where the video has gone.
    """
    stock, prefix = places.stock, prefix_of(job, claimed.lease_token)
    taken: set[str] = set()

    def one(named: tuple[str, str, Task, Output, Json]) -> Published:
        name, key, task, output, made = named
        manifest = _MANIFESTS.get(output.role) if made["folder"] else None
        return Published(
            task_id=task.id,
            role=output.role,
            path=f"{name}/{manifest}" if manifest else name,
            key=key,
            bytes=made["bytes"],
            digest=_store(stock, key, job, task, made, places, hold.check),
            media=made["media"],
            provenance=provenance(job, task, output, made, tasks, machine),
        )

    try:
        results = []
        for task, output, made in _reachable(stock, job, tasks, places):
            name = published_name(output, made["path"])
            key = prefix + free_name(key_name(name), taken) + ("/" if made["folder"] else "")
            results.append((name, key, task, output, made))
        artifacts = transfer.side_by_side(one, results)
        hold.check()
        outcomes.published(database, claimed, artifacts)
    except DatabaseUnavailable:
        raise  # it may be recorded or not; whoever has the task next finds out
    except BaseException:
        # Ctrl-C may come right after the commit. Nobody else stores below this prefix.
        if not _is_recorded(database, job.id, prefix):
            with suppress(FramemillError):
                transfer.remove_prefix(stock.blobs, prefix)
        raise
    with suppress(FramemillError):  # what is left then, the janitor finds
        sweep(stock.blobs, job, range(1, claimed.lease_token))


def sweep(blobs: BlobStore, job: Job, tokens: Sequence[int]) -> int:
    """Remove what publications with these tokens left; returns how many files that were."""
    return sum(transfer.remove_prefix(blobs, prefix_of(job, token)) for token in tokens)


def sweep_unrecorded(database: Database, blobs: BlobStore, job_id: str) -> int:
    """Remove what publications of an ended job stored and did not record; returns how many files that were.

    A job that was queued again meanwhile publishes with later tokens, which are left alone.
    """
    with database.read() as session:
        job = get_job(session, job_id)
        publishing = [task for task in tasks_of(session, job.id) if task.kind == "publish"]
        keys = _keys(session, job.id)
    if not JobState(job.state).ended or not publishing or publishing[0].state == TaskState.LEASED:
        return 0
    tokens = range(1, publishing[0].lease_token + 1)
    return sweep(
        blobs, job, [n for n in tokens if not any(key.startswith(prefix_of(job, n)) for key in keys)]
    )


def _is_recorded(database: Database, job_id: str, prefix: str) -> bool:
    with database.read() as session:
        return any(key.startswith(prefix) for key in _keys(session, job_id))


def _keys(session: Session, job_id: str) -> list[str]:
    return [artifact.key for artifact in artifacts_of(session, job_id) if artifact.key]


def _reachable(
    stock: Stock, job: Job, tasks: Sequence[Task], places: Places
) -> list[tuple[Task, Output, Json]]:
    """The results, all of which can be stored from here; WorkMissing."""
    results = results_of(tasks)
    gone = stock.lost(job.id, list({task.key: task for task, _, _ in results}.values()), places.of(job).root)
    lost = {
        task.key
        for task, _, made in results
        if task.key in gone and not is_whole(places.of(job).root / _below(task, made), made["bytes"])
    }
    if lost:
        raise WorkMissing(lost)
    return results


def _store(stock: Stock, key: str, job: Job, task: Task, made: Json, places: Places, check: Check) -> str:
    """Store one result and return its digest."""
    kept = (task.result or {}).get("stored", {}).get(made["path"])
    local = places.of(job).root / _below(task, made)
    if kept is not None:
        with suppress(BlobNotFound):
            if transfer.copy(stock.blobs, kept["key"], key, check=check) == made["bytes"]:
                return str(kept["digest"])
    found = transfer.put(stock.blobs, local, key, check=check)
    transfer.expect(found, bytes=made["bytes"], digest=made["digest"], name=made["path"])
    return found.digest


def _below(task: Task, made: Json) -> str:
    return f"{(task.result or {})['scratch']}/out/{made['path']}"


def key_name(name: str) -> str:
    """A published name as segments of a key."""
    return "/".join(_segment(part) for part in name.split("/"))


def _segment(part: str) -> str:
    plain = _NOT_IN_KEYS.sub("_", part)
    stem, dot, ending = plain.rpartition(".")
    if not stem or len(ending) > 15:
        stem, dot, ending = plain, "", ""
    stem = stem[:_LONGEST_SEGMENT]
    return ("" if stem and stem[0] != "." else "_") + stem + dot + ending


def free_name(name: str, taken: set[str]) -> str:
    """`name`, with a number where other letters of people became the same ones in a key."""
    free, number = name, 1
    while free in taken:
        number += 1
        head, slash, last = name.rpartition("/")
        stem, dot, ending = last.rpartition(".")
        free = head + slash + (f"{stem}-{number}{dot}{ending}" if stem else f"{last}-{number}")
    taken.add(free)
    return free
