"""The API on a database of its own, with two workspaces that know nothing of each other."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.access import Scope
from framemill.domain.states import JobState
from framemill.fetch.guard import Guard
from framemill.services.upload_records import Announced
from framemill.services.webhook_secrets import Sealed
from framemill.settings import Settings
from framemill.store.access_tables import ApiKey
from framemill.store.jobs import new_id
from framemill.store.tables import Artifact, Batch, Job
from framemill.store.video_tables import Collection, Video, Workspace
from framemill.store.webhook_tables import Delivery, Webhook

BASE = "http://127.0.0.1:8000"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A workspace with something in it, and a key for each scope that is bound to it."""

    workspace: str
    collection: str
    video: str
    job: str
    batch: str
    artifact: str
    upload: str
    webhook: str
    delivery: str
    read: str
    write: str


@pytest.fixture(name="app")
def _app(tmp_path: Path) -> Iterator[App]:
    app = open_app(Settings(data_dir=tmp_path / "data"))
    yield app
    app.close()


@pytest.fixture(name="api")
def _api(app: App) -> FastAPI:
    return create_app(app)


@pytest.fixture(name="client")
def _client(api: FastAPI) -> TestClient:
    return TestClient(api, base_url=BASE, client=("127.0.0.1", 50000))


@pytest.fixture(name="here")
def _here(app: App) -> Place:
    return a_place(app, "here")


@pytest.fixture(name="elsewhere")
def _elsewhere(app: App) -> Place:
    return a_place(app, "elsewhere")


@pytest.fixture(name="admin")
def _admin(app: App) -> str:
    return app.access.create_key("admin", scope=Scope.ADMIN).secret


@pytest.fixture(name="expired")
def _expired(app: App) -> str:
    new = app.access.create_key("old", scope=Scope.ADMIN, lifetime=timedelta(days=1))
    with app.database.write() as session:
        session.get_one(ApiKey, new.key.id).expires_at = app.database.now(session)
    return new.secret


def bearer(key: str | None) -> dict[str, str]:
    """The header of whoever has this key."""
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def a_job(app: App, *, workspace: str | None = None, video: str | None = None, **changes: object) -> str:
    """A job's row that no worker knows."""
    with app.database.write() as session:
        now = app.database.now(session)
        row = Job(
            id=new_id(),
            kind="trim",
            specs=[{"op": "trim"}],
            inputs={"input": {"path": "/srv/films/film.mp4"}},
            destination={"path": "/srv/results", "overwrite": False, "missing": []},
            workspace_id=workspace,
            video_id=video,
            state=JobState.QUEUED,
            priority=5,
            max_attempts=3,
            created_at=now,
            updated_at=now,
        )
        for name, value in changes.items():
            setattr(row, name, value)
        session.add(row)
        return row.id


def a_place(app: App, name: str) -> Place:
    """A workspace of this name, with one of everything in it."""
    workspace, collection, video = new_id(), new_id(), new_id()
    with app.database.write() as session:
        now = app.database.now(session)
        times = {"created_at": now, "updated_at": now}
        session.add(Workspace(id=workspace, name=name, title=name, **times))
        session.flush()
        session.add(Collection(id=collection, workspace_id=workspace, name="cameras", **times))
        session.flush()
        session.add(
            Video(
                id=video,
                workspace_id=workspace,
                collection_id=collection,
                title=f"a film {name}",
                filename="film.mp4",
                state="ready",
                key=f"workspaces/{workspace}/{video}/original.mp4",
                bytes=1000,
                **times,
            )
        )
    app.blobs.put(f"workspaces/{workspace}/{video}/original.mp4", [b"x" * 1000])
    upload = app.uploads.begin(
        Announced(filename="next.mp4", bytes=1000, workspace=workspace, collection=collection)
    )
    assert upload.id is not None
    batch, artifact = new_id(), new_id()
    job = a_job(app, workspace=workspace, video=video, batch_id=batch)
    with app.database.write() as session:
        now = app.database.now(session)
        session.add(Batch(id=batch, title="clips", created_at=now))
        session.add(
            Artifact(
                id=artifact,
                job_id=job,
                video_id=video,
                position=0,
                role="clip",
                path="film-1.mp4",
                key=f"workspaces/{workspace}/{video}/{job}/film-1.mp4",
                bytes=9,
                provenance={},
                created_at=now,
            )
        )
    app.blobs.put(f"workspaces/{workspace}/{video}/{job}/film-1.mp4", [b"a picture"])
    webhook, delivery = _a_webhook(app, workspace)
    return Place(
        workspace=workspace,
        collection=collection,
        video=video,
        job=job,
        batch=batch,
        artifact=artifact,
        upload=upload.id,
        webhook=webhook,
        delivery=delivery,
        read=app.access.create_key(f"{name}-read", scope=Scope.READ, workspace=name).secret,
        write=app.access.create_key(f"{name}-write", scope=Scope.WRITE, workspace=name).secret,
    )


def _nowhere(_host: str) -> Sequence[str]:
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def _a_webhook(app: App, workspace: str) -> tuple[str, str]:
    """One that is told nothing, as its address may not be reached, and a message to it."""
    webhook, delivery = new_id(), new_id()
    vars(app)["_webhook_guard"] = Guard(resolver=_nowhere, setting="FRAMEMILL_WEBHOOK_ALLOW")
    with app.database.write() as session:
        now = app.database.now(session)
        session.add(
            Webhook(
                id=webhook,
                workspace_id=workspace,
                url="http://127.0.0.1/",
                events=["job.completed"],
                note="",
                secret=Sealed(app.secrets).seal("whsec_dGhlIHNlY3JldCBvZiB0ZXN0cw==", owner=webhook),
                cursor=0,
                created_at=now,
                updated_at=now,
            )
        )
        session.flush()
        session.add(
            Delivery(
                id=delivery,
                webhook_id=webhook,
                event_id=1,
                type="job.completed",
                body="{}",
                state="failed",
                created_at=now,
                tried_since=now,
                ended_at=now,
            )
        )
    return webhook, delivery
