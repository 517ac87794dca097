"""Picking up a job whose worker died, and clearing up after one that ended.

Finished steps stay done where their files are still there; everything else
starts again. A dead worker on this host is known at once by its process, so
nobody waits for its lease to run out.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from framemill.domain.states import JobState, TaskState, next_job_state
from framemill.engine import endings
from framemill.engine.accounting import count_idle, unsettle
from framemill.engine.beginnings import facts_now, first_tasks
from framemill.engine.digests import size_of
from framemill.engine.dispatch import Wake, wakes
from framemill.engine.identity import end_leftover, is_gone
from framemill.engine.originals import is_forgotten
from framemill.engine.places import PLAIN, Places
from framemill.engine.publication import Publication
from framemill.engine.workspace import PREFIX, Workspace
from framemill.errors import IllegalTransition, JobNotFound
from framemill.store.database import Database
from framemill.store.jobs import add_log, count_tasks, forget_plan, get_job, tasks_of
from framemill.store.listing import Wanted, page_of_jobs
from framemill.store.tables import Job, Task
from framemill.store.tasks import again, hold_back, release
from framemill.store.turns import next_turn
from framemill.store.workers import audit

Json = dict[str, Any]  # Any: JSON as the tables hold it


def reopen(
    database: Database, job_id: str, *, lane: str = "", actor: str = "", places: Places = PLAIN
) -> list[Wake]:
    """Put an ended or abandoned job back into the queue; what is done and still there stays done.

    It is the worker's that `lane` names, or everyone's. Returns whom to wake.
    Raises IllegalTransition for a completed job and for one that a living
    worker runs, InputNotFound where an input has gone.
    """
    take_over(database, job_id, lane=lane, places=places)
    with database.write(durable=True) as session:
        job, now = get_job(session, job_id, lock=True), database.now(session)
        tasks = tasks_of(session, job.id, lock=True)
        if job.state == JobState.RUNNING:
            audit(session, at=now, actor=actor, action="job.retried", subject=f"job:{job.id}")
            return wakes(_ready(tasks))  # taken over a moment ago: it goes on
        if is_forgotten(job):
            raise IllegalTransition(
                "the address was forgotten when the job ended, as it may have held a secret",
                hint="ask for the download again",
            )
        if job.state != JobState.QUEUED:
            job.state = next_job_state(JobState(job.state), JobState.QUEUED)
            data = {"before": job.error["code"]} if job.error else None
            audit(session, at=now, actor=actor, action="job.retried", subject=f"job:{job.id}", data=data)
            add_log(session, job_id=job.id, at=now, message="queued again")
        count_idle(job, now=now)
        job.error = job.finished_at = None
        unsettle(job)
        job.attempts += 1
        job.updated_at = now
        ended = {t.key for t in tasks if t.state in {TaskState.FAILED, TaskState.CANCELLED}}
        job.turn = next_turn(session, owner=job.owner, priority=job.priority)
        again(tasks, ended, now=now)
        count_tasks(session, job)
        for task in tasks:
            task.turn = job.turn
        return wakes(_ready(tasks))


def find_abandoned(session: Session, *, specs: list[Json], inputs: Json, destination: Path) -> str | None:
    """A running job that asks for the same and whose worker on this host is dead, if there is one."""
    sought = [_same_file(facts) for facts in inputs.values()]
    running = Wanted(states=(JobState.RUNNING,))
    for job in page_of_jobs(session, running, before=None, limit=50).jobs:
        same = job.specs == specs and list(job.inputs) == list(inputs) and job.video_id is None
        if not same or job.destination["path"] != str(destination):
            continue
        leased = _leased(tasks_of(session, job.id))
        dead = [task for task in leased if task.lease_worker and is_gone(task.lease_worker)]
        if [_same_file(f) for f in job.inputs.values()] == sought and dead and len(dead) == len(leased):
            return job.id
    return None


def _same_file(facts: Json) -> tuple[object, ...]:
    return (facts["url"],) if facts.get("url") else (facts["path"], facts["size"], facts["mtime_ns"])


def take_over(database: Database, job_id: str, *, lane: str = "", places: Places = PLAIN) -> None:
    """Make the rows and the working folder of a job agree, whatever died in the middle of it.

    Its tasks are the worker's that `lane` names from then on, or everyone's.

    Raises IllegalTransition where a living worker holds one of its tasks.
    """
    with database.read() as session:
        job, now = get_job(session, job_id), database.now(session)
        tasks = tasks_of(session, job.id)
    for task in _leased(tasks):
        if _is_held(task, now):
            raise IllegalTransition(f"job {job_id} is being run by {task.lease_worker}")
        _end_tool(task)
    workspace = places.of(job)
    if job.state == JobState.COMPLETED:
        places.clear(job)
        return
    stored = job.video_id is not None
    done = [task for task in tasks if task.state == TaskState.DONE]
    lost = places.stock.lost(job.id, done, workspace.root) if stored else _lost(workspace, done)
    changed = not stored and _inputs_changed(job)
    if lost or changed:
        _undo(workspace)
    keep = {t.result["scratch"] for t in tasks if t.result and t.key not in lost} if not changed else set()
    workspace.keep_only(keep)
    with database.write(durable=True) as session:
        job, now = get_job(session, job_id, lock=True), database.now(session)
        tasks = tasks_of(session, job.id, lock=True)
        for task in _leased(tasks):
            if _is_held(task, now):  # somebody was quicker
                raise IllegalTransition(f"job {job_id} is being run by {task.lease_worker}")
            add_log(
                session,
                job_id=job.id,
                at=now,
                message=f"the worker {task.lease_worker} went away",
                level="warning",
                task=task.key,
            )
            release(task, TaskState.READY, now=now)
        if changed:
            forget_plan(session, job.id)
            job.inputs = {name: facts_now(facts) for name, facts in job.inputs.items()}
            session.add_all(first_tasks(job, now=now))
        elif lost:
            again(tasks, lost, now=now)
        _into_lane(session, job, lane)
        if job.state == JobState.PAUSED:
            hold_back(tasks_of(session, job.id))
        count_tasks(session, job)


def _into_lane(session: Session, job: Job, lane: str) -> None:
    job.lane = lane
    session.flush()
    for task in tasks_of(session, job.id, lock=True):
        task.lane = lane


def clear_completed(database: Database, destination: Path) -> None:
    """Remove working folders in `destination` that completed jobs left because they were killed just then."""
    with database.read() as session:
        for path in destination.glob(f"{PREFIX}*"):
            with suppress(JobNotFound):
                job = get_job(session, path.name.removeprefix(PREFIX))
                if job.state == JobState.COMPLETED and job.video_id is None:
                    PLAIN.of(job).remove()


def clear_up(database: Database, job_id: str, *, keep_work: bool = False, places: Places = PLAIN) -> None:
    """Take back what was published of an unfinished job and remove its working folder."""
    with database.read() as session:
        job = get_job(session, job_id)
    _undo(places.of(job))
    if not keep_work:
        places.clear(job)


def clear_up_cancelled(database: Database, job_id: str, *, places: Places = PLAIN) -> None:
    """Clear up a cancelled job that no living worker holds; a living one does so itself."""
    with database.read() as session:
        tasks, now = tasks_of(session, get_job(session, job_id).id), database.now(session)
    leased = _leased(tasks)
    if any(_is_held(task, now) for task in leased):
        return
    for task in leased:
        _end_tool(task)
    clear_up(database, job_id, places=places)
    endings.cancelled(database, job_id)


def _leased(tasks: Iterable[Task]) -> list[Task]:
    return [task for task in tasks if task.state == TaskState.LEASED]


def _ready(tasks: Iterable[Task]) -> list[Task]:
    return [task for task in tasks if task.state == TaskState.READY]


def _is_held(task: Task, now: datetime) -> bool:
    """True while a worker that may be alive holds the task."""
    worker, expires = task.lease_worker, task.lease_expires
    return bool(worker and not is_gone(worker) and expires and expires > now)


def _end_tool(task: Task) -> None:
    if task.tool_pid is not None and task.tool_started is not None:
        end_leftover(task.tool_pid, task.tool_started)


def _undo(workspace: Workspace) -> None:
    if (begun := Publication.begun(workspace)) is not None:
        begun.undo()


def _lost(workspace: Workspace, tasks: Iterable[Task]) -> set[str]:
    """Keys of done steps whose files are not there any more, in the working folder or published."""
    begun = Publication.begun(workspace)
    arrived = {move.source for move in begun.moves if begun.has_arrived(move)} if begun else set[str]()
    lost = set()
    for task in tasks:
        if not task.result:
            continue
        out = f"{task.result['scratch']}/out"
        files = [made for several in task.result["outputs"].values() for made in several]
        if not all(
            f"{out}/{made['path']}" in arrived
            or _is_there(workspace.root / out / made["path"], made["bytes"])
            for made in files
        ):
            lost.add(task.key)
    return lost


def _is_there(path: Path, size: int) -> bool:
    return path.exists() and size_of(path) == size


def _inputs_changed(job: Job) -> bool:
    return any(facts_now(facts) != facts for facts in job.inputs.values())
