"""A database with as many jobs as are wanted, as the API finds one that is years old.

A thousand jobs are written as the product writes them, each with a task and
an artifact. The rest are copies that the database makes by itself.
"""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import psycopg
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from framemill.app import App
from framemill.domain.access import Caller, Role, Scope
from framemill.domain.states import JobState, TaskState
from framemill.store.jobs import new_id
from framemill.store.tables import Artifact, Job, Task
from framemill.store.video_tables import Collection, Video, Workspace

_BASE = 1000
_WORKSPACES = 4  # so that a thousand jobs have enough of each sort for a page
_MEMBER_OF = 2
_OWNERS = 40
_KINDS = ("publish", "transcode", "trim", "thumbnails")
_STATES = (JobState.COMPLETED,) * 8 + (JobState.FAILED, JobState.CANCELLED)
# The first twelve digits of an id are its milliseconds; the job's number is in the column `{at}`.
_NUMBER = ":since + :base * copies.n + base.{at}"
_SHIFTED = {
    "sqlite": f"printf('%012x', {_NUMBER}) || substr(base.{{id}}, 13)",
    "postgresql": f"(lpad(to_hex({_NUMBER}), 12, '0')"
    " || substr(replace(base.{id}::text, '-', ''), 13))::uuid",
}
_COPIES = {
    "sqlite": "WITH RECURSIVE copies(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < :most)",
    "postgresql": "WITH copies AS (SELECT generate_series(1, CAST(:most AS bigint)) AS n)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a client needs to know."""

    key: str  # of an operator in some of the workspaces
    jobs: tuple[str, ...]  # some ids, spread over all there are
    middle: str  # the id of a job in the middle
    video: str  # a film of one of them, of which jobs may be made
    workspace: str


def fill(app: App, *, rows: int) -> Filled:
    """Write that many jobs, a multiple of a thousand, to an empty database."""
    workspaces, videos = [new_id() for _ in range(_WORKSPACES)], [new_id() for _ in range(_WORKSPACES)]
    with app.database.write() as session:
        now = app.database.now(session)
        since = int(now.timestamp() * 1000) - rows
        _shelves(session, workspaces, videos, now=now)
        _base(session, workspaces, videos, since=since, now=now)
    with app.database.write() as session:
        for table, at in ((Job, "turn"), (Task, "turn"), (Artifact, "position")):
            _copy(session, table, at=at, copies=rows // _BASE - 1, since=since)
    with app.database.write() as session:
        # What happened so long ago is forgotten.
        session.execute(text("DELETE FROM job_events"))
        session.execute(text("DELETE FROM job_events_waiting"))
    if app.database.tells:
        with closing(cast("psycopg.Connection", app.database.own_connection())) as connection:
            connection.execute("VACUUM ANALYZE")
    return Filled(
        key=_key(app),
        jobs=tuple(_job_id(since, number, workspaces) for number in _seen(rows)),
        middle=_job_id(since, rows // 2, workspaces),
        video=videos[0],
        workspace=workspaces[0],
    )


def _key(app: App) -> str:
    user = app.users.create("ada")
    for number in range(_MEMBER_OF):
        app.members.put(f"place{number}", "ada", Role.OPERATOR)
    owner = Caller(id="", name="ada", scope=Scope.ADMIN, user_id=user.id)
    return app.access.create_key("bench", scope=Scope.WRITE, owner=owner).secret


def _seen(rows: int) -> list[int]:
    """Numbers of jobs in workspaces that the user is a member of, spread over all."""
    return [number - number % _WORKSPACES for number in range(0, rows, max(1, rows // 500))]


def _job_id(since: int, number: int, workspaces: list[str]) -> str:
    """As UUIDv7: milliseconds, and then what is the same for all jobs of a place in a thousand."""
    return str(UUID(f"{since + number:012x}7000" + workspaces[number % _WORKSPACES].replace("-", "")[16:]))


def _shelves(session: Session, workspaces: list[str], videos: list[str], *, now: datetime) -> None:
    times = {"created_at": now, "updated_at": now}
    session.execute(
        insert(Workspace),
        [
            {"id": one, "name": f"place{number}", "title": f"Place {number}", **times}
            for number, one in enumerate(workspaces)
        ],
    )
    collections = [new_id() for _ in workspaces]
    session.execute(
        insert(Collection),
        [
            {"id": one, "workspace_id": workspace, "name": "cameras", **times}
            for one, workspace in zip(collections, workspaces, strict=True)
        ],
    )
    session.execute(
        insert(Video),
        [
            {
                "id": video,
                "workspace_id": workspace,
                "collection_id": collection,
                "title": "A film",
                "filename": "film.mp4",
                "state": "ready",
                "key": f"workspaces/{workspace}/{video}/original.mp4",
                "bytes": 1_000_000,
                "sha256": "0" * 64,
                **times,
            }
            for workspace, collection, video in zip(workspaces, collections, videos, strict=True)
        ],
    )


def _base(session: Session, workspaces: list[str], videos: list[str], *, since: int, now: datetime) -> None:
    jobs, tasks, artifacts = [], [], []
    for number in range(_BASE):
        place, kind = number % _WORKSPACES, _KINDS[number // 7 % len(_KINDS)]
        job_id = _job_id(since, number, workspaces)
        task_id = str(UUID(f"{since + number:012x}7001" + job_id.replace("-", "")[16:]))
        facts = {"path": "film.mp4", "key": "original.mp4", "bytes": 1_000_000, "video": videos[place]}
        state = _STATES[number // _WORKSPACES % len(_STATES)]
        failed = state is JobState.FAILED
        jobs.append(
            {
                "id": job_id,
                "kind": kind,
                "specs": [{"op": kind, "version": 1, "source": "input"}],
                "inputs": {"input": facts},
                "destination": {
                    "path": f"workspaces/{workspaces[place]}/{videos[place]}",
                    "overwrite": False,
                    "missing": [],
                },
                "owner": f"owner{number // 3 % _OWNERS}",
                "workspace_id": workspaces[place],
                "video_id": videos[place],
                "state": state,
                "priority": 5,
                "turn": number,
                "progress": 100.0,
                "tasks_total": 1,
                "tasks_done": 1 - failed,
                "tasks_failed": int(failed),
                "attempts": 1,
                "max_attempts": 3,
                "error": {"code": "tool_failed", "message": "it did not work"} if failed else None,
                "created_at": now,
                "started_at": now,
                "finished_at": now,
                "updated_at": now,
                "processing_ms": 1000,
                "cost_micros": 10,
            }
        )
        tasks.append(
            {
                "id": task_id,
                "job_id": job_id,
                "key": "step",
                "kind": "step",
                "title": "encode film.mp4",
                "position": 0,
                "needs": [],
                "state": TaskState.FAILED if failed else TaskState.DONE,
                "rank": 5,
                "turn": number,
                "resource": "cpu",
                "progress": 100.0,
                "updated_at": now,
            }
        )
        artifacts.append(
            {
                "id": str(UUID(f"{since + number:012x}7002" + job_id.replace("-", "")[16:])),
                "job_id": job_id,
                "video_id": videos[place],
                "task_id": task_id,
                "position": number,
                "role": "clip",
                "path": "clip.mp4",
                "key": f"workspaces/{workspaces[place]}/{videos[place]}/{job_id}/clip.mp4",
                "bytes": 100_000,
                "provenance": {},
                "created_at": now,
            }
        )
    for table, values in ((Job, jobs), (Task, tasks), (Artifact, artifacts)):
        session.execute(insert(table), values)


def _copy(session: Session, table: type[Job | Task | Artifact], *, at: str, copies: int, since: int) -> None:
    if copies < 1:
        return
    kind = session.connection().dialect.name
    columns = [column.name for column in table.__table__.columns]
    values = [
        _SHIFTED[kind].format(at=at, id=name) if name in {"id", "job_id", "task_id"} else f"base.{name}"
        for name in columns
    ]
    # Names of columns, and no more, go into the text.
    copied = text(
        f"INSERT INTO {table.__tablename__} ({', '.join(columns)}) {_COPIES[kind]}"  # noqa: S608
        f" SELECT {', '.join(values)} FROM copies CROSS JOIN {table.__tablename__} base"
    )
    session.execute(copied, {"since": since, "base": _BASE, "most": copies})
