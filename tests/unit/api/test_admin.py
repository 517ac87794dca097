"""What operators and users ask over HTTP about numbers, costs, the queue and what was done."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.states import JobState
from framemill.errors import DatabaseUnavailable
from framemill.services.usage import Served
from framemill.settings import Settings
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.tables import Artifact, AuditEvent, Job, Worker
from framemill.store.usage import days_between
from framemill.store.video_tables import Upload, Video
from framemill.store.workers import audit
from tests.serving import served_asgi
from tests.unit.api.conftest import Place, a_job, bearer

Ask = Callable[..., Any]  # Any: JSON
_SECRET = "correct horse battery staple"


@pytest.fixture(name="app")
def _app(tmp_path: Path) -> Iterator[App]:
    settings = Settings(
        data_dir=tmp_path / "data", secret_key=SecretStr(_SECRET), price_gb_egress=Decimal(1), currency="EUR"
    )
    app = open_app(settings, in_memory=True)
    yield app
    app.close()


@pytest.fixture(name="get")
def _get(client: TestClient, admin: str) -> Ask:
    def get(path: str, key: str = admin, **params: str | int) -> Any:  # noqa: ANN401 - JSON
        answer = client.get(f"/api/v1{path}", params=params, headers=bearer(key))
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


@pytest.fixture(name="post")
def _post(client: TestClient, admin: str) -> Ask:
    def post(path: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        answer = client.post(f"/api/v1{path}", json=body, headers=bearer(admin))
        assert answer.status_code in {200, 202}, answer.text
        return answer.json()

    return post


def _ended(app: App, **columns: object) -> str:
    with app.database.read() as session:
        now = app.database.now(session)
    job = a_job(app, state=JobState.COMPLETED)
    with app.database.write() as session:
        row = session.get_one(Job, job)
        row.finished_at, row.processing_ms = now - timedelta(minutes=1), 2000
        for name, value in columns.items():
            setattr(row, name, value)
    return job


def _audited(app: App, action: str) -> list[tuple[str, str]]:
    with app.database.read() as session:
        rows = session.query(AuditEvent).filter_by(action=action).all()
        return [(row.actor, row.subject) for row in rows]


def test_a_user_sees_the_numbers_of_their_workspaces_only(
    app: App, get: Ask, here: Place, elsewhere: Place
) -> None:
    for place in (here.workspace, elsewhere.workspace, None):
        _ended(app, workspace_id=place, owner="ann", cost_micros=1_000_000)

    mine = get("/stats", here.read, by="workspace")
    asked = get("/stats", by="workspace", workspace="here")
    every = get("/stats", by="workspace")
    costs = get("/stats/costs", here.read, by="user")

    assert [(group["name"], group["ended"]) for group in mine["groups"]] == [("here", 1)]
    assert (mine["all"]["ended"], mine["now"]["queued"]) == (1, 1)
    assert asked["groups"] == mine["groups"]
    assert (every["all"]["ended"], every["now"]["queued"]) == (3, 2)
    assert [(line["id"], line["spent"]["total"]) for line in costs["lines"]] == [("ann", 1.0)]


def test_others_workspaces_and_the_names_of_machines_are_private(
    client: TestClient, here: Place, elsewhere: Place
) -> None:
    there = {"workspace": elsewhere.workspace}

    answers = [
        client.get("/api/v1/stats", params=params, headers=bearer(here.read)).status_code
        for params in (there, {"by": "worker"})
    ]

    assert answers == [404, 403]


def test_ranges_of_time(client: TestClient, admin: str) -> None:
    january, february = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    asked = {
        200: [
            {"last": "7d"},
            {"last": "1d12h"},
            {"last": "ever", "by": "day"},
            {"since": january, "until": february},
        ],
        409: [{"since": february, "until": january}, {"last": "400d", "by": "hour"}],
        422: [
            {"last": "soon"},
            {"last": "99999999d"},
            {"last": "1h30d"},
            {"since": "2026-01-01T00:00:00"},
            {"by": "moon"},
        ],
    }

    for status, questions in asked.items():
        for params in questions:
            answer = client.get("/api/v1/stats", params=params, headers=bearer(admin))
            assert answer.status_code == status, (params, answer.text)


def test_of_several_times_the_latest_begins_the_range(client: TestClient, admin: str) -> None:
    def begin(**params: str) -> datetime:
        answer = client.get("/api/v1/stats", params=params, headers=bearer(admin)).json()
        return datetime.fromisoformat(answer["since"])

    january = datetime(2026, 1, 1, tzinfo=UTC)
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)

    assert begin(last="9999d", since=january.isoformat()) == january
    assert begin(last="1h", since=january.isoformat()) > january
    assert begin(last="1h", until=in_an_hour.isoformat()) < datetime.now(UTC)
    assert begin(last="ever", since=january.isoformat()) == january


def test_what_was_played_is_counted_and_billed(app: App, client: TestClient, get: Ask, here: Place) -> None:
    url = app.playback.stream_url(here.video).url

    whole, part = client.get(url), client.get(url, headers={"range": "bytes=0-99"})
    refused = client.get(url.replace("original", "other"))
    app.served.flush()

    with app.database.read() as session:
        today = app.database.now(session).date()
        rows = days_between(session, today - timedelta(days=1), today, None)
    assert (len(whole.content), len(part.content), refused.status_code) == (1000, 100, 403)
    assert [(row.workspace_id, row.served_bytes) for row in rows] == [(here.workspace, 1100)]
    (line,) = [line for line in get("/stats/costs")["lines"] if line["name"] == "here"]
    assert (line["egress_bytes"], line["spent"]["bandwidth"]) == (1100, 1e-06)


def test_what_the_kernel_copies_is_counted_too(app: App, here: Place) -> None:
    address = urlsplit(app.playback.stream_url(here.video).url)

    with served_asgi(create_app(app)) as url:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        connection.request("GET", address.path)
        content = connection.getresponse().read()
        connection.close()
    app.served.flush()

    with app.database.read() as session:
        today = app.database.now(session).date()
        rows = days_between(session, today - timedelta(days=1), today, None)
    assert len(content) == 1000
    assert [(row.workspace_id, row.served_bytes) for row in rows] == [(here.workspace, 1000)]


def test_what_was_counted_is_written_when_the_server_ends(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "served")
    serving = open_app(settings)
    serving.served.add(new_id(), 7)

    serving.close()

    later = open_app(settings)
    with later.database.read() as session:
        today = later.database.now(session).date()
        counts = [row.served_bytes for row in days_between(session, today - timedelta(days=1), today, None)]
    later.close()
    assert counts == [7]


def test_counts_that_could_not_be_written_are_kept(app: App) -> None:
    workspace, away = new_id(), [True]

    def database() -> Database:
        if away[0]:
            raise DatabaseUnavailable("it is away")
        return app.database

    served = Served(database)
    first, second = served.add(workspace, 5), served.add(workspace, 2)
    with pytest.raises(DatabaseUnavailable):
        served.flush()
    away[0] = False
    served.flush()
    served.flush()

    with app.database.read() as session:
        today = app.database.now(session).date()
        rows = days_between(session, today - timedelta(days=1), today, [workspace])
    assert (first, second, [row.served_bytes for row in rows]) == (True, False, [7])


def test_room_is_told_by_kind(app: App, get: Ask, here: Place) -> None:
    with app.database.write() as session:
        row = Artifact(
            id=here.job,
            video_id=here.video,
            position=0,
            role="hls",
            path="hls/",
            key=f"workspaces/{here.workspace}/{here.video}/1/hls/",
            bytes=500,
            provenance={},
            created_at=app.database.now(session),
        )
        session.add(row)

    found = get("/admin/storage")

    assert (found["objects"], found["bytes"]) == (3, 1509)
    assert found["workspaces"][0]["name"] == "here"
    assert [(kind["role"], kind["bytes"]) for kind in found["workspaces"][0]["roles"]] == [
        ("original", 1000),
        ("hls", 500),
        ("clip", 9),
    ]


def test_settings_are_told_without_secrets(client: TestClient, admin: str, get: Ask) -> None:
    found = {setting["name"]: setting for setting in get("/admin/settings")}

    text = client.get("/api/v1/admin/settings", headers=bearer(admin)).text
    assert _SECRET not in text
    secret, currency = found["secret_key"], found["currency"]
    assert (secret["secret"], secret["is_set"], secret["value"]) == (True, True, None)
    assert (found["broker_url"]["is_set"], found["broker_url"]["value"]) == (False, None)
    assert (currency["value"], currency["origin"], currency["secret"]) == ("EUR", "default", False)


def test_workers_are_listed_and_drained(app: App, get: Ask, post: Ask) -> None:
    with app.database.write() as session:
        now = app.database.now(session)
        row = Worker(
            id="h/1:7:1.00",
            host="h",
            pid=7,
            version="1",
            engine="pool",
            resources=[],
            capabilities={},
            state="active",
            started_at=now,
            seen_at=now,
        )
        session.add(row)

    drained = post("/admin/workers/drain", workers=["h/1:7:1.00", "nobody"])
    (there,) = get("/admin/workers")
    stays = post("/admin/workers/undrain")

    assert drained == stays == {"workers": ["h/1:7:1.00"]}
    assert (there["drained"], there["at"]) == (True, [])
    assert _audited(app, "worker.drained") == [("key:admin", "worker:h/1:7:1.00")]


def test_the_queue_says_what_waits(get: Ask, here: Place) -> None:
    found = get("/admin/queue")

    assert found["jobs"]["queued"] == 1
    assert [(depth["priority"], depth["waiting"]) for depth in found["priorities"]] == [(5, 1)]


def test_stuck_jobs_are_looked_at_and_reset(app: App, get: Ask, post: Ask, here: Place) -> None:
    with app.database.write() as session:
        row = session.get_one(Job, here.job)
        row.state, row.updated_at = JobState.RUNNING, row.updated_at - timedelta(hours=1)

    early, late = get("/admin/stuck"), get("/admin/stuck", silent="30m")
    others = post("/admin/stuck/reset", jobs=["another"], silent="30m")
    reset = post("/admin/stuck/reset", silent="30m")

    assert (early, [one["job"]["id"] for one in late]) == ([], [here.job])
    assert (others, reset) == ({"jobs": []}, {"jobs": [here.job]})
    assert _audited(app, "job.unstuck") == [("key:admin", f"job:{here.job}")]
    # Nothing of it could be done any more.
    assert app.jobs.get(here.job).state is JobState.FAILED


def test_a_job_that_is_well_cannot_be_reset(client: TestClient, admin: str) -> None:
    answer = client.post("/api/v1/admin/stuck/reset", json={"silent": "5s"}, headers=bearer(admin))

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_spec")


def test_clearing_up_says_first_what_would_go(app: App, post: Ask, here: Place) -> None:
    old = _ended(app)
    with app.database.write() as session:
        session.get_one(Job, old).finished_at = app.database.now(session) - timedelta(days=40)
        upload = session.get_one(Upload, here.upload)
        upload.expires_at = app.database.now(session) - timedelta(hours=1)
    everything = ["stuck", "uploads", "jobs"]

    dry = post("/admin/cleanup", what=everything)
    still = app.jobs.get(old).id
    done = post("/admin/cleanup", what=everything, dry_run=False)
    again = post("/admin/cleanup", what=everything)

    assert (dry["dry_run"], dry["jobs"], dry["uploads"], dry["stuck"]) == (True, 1, 1, [])
    assert ([one["id"] for one in dry["left"]], still) == ([here.upload], old)
    assert (done["dry_run"], done["jobs"], done["uploads"]) == (False, 1, 1)
    assert (again["jobs"], again["uploads"]) == (0, 0)
    assert _audited(app, "jobs.cleaned") == [("key:admin", "jobs:ended")]


def test_retention_says_first_what_would_go(app: App, get: Ask, post: Ask, here: Place) -> None:
    rules = {"videos_days": 10}
    with app.database.write() as session:
        row = session.get_one(Video, here.video)
        row.created_at -= timedelta(days=20)
    app.jobs.cancel(here.job)
    tried = post("/admin/retention", workspace="here", rules=rules)
    app.workspaces.edit(here.workspace, {"retention": rules})

    kept = [one["rules"] for one in get("/admin/retention") if one["workspace"] == "here"]
    dry = post("/admin/retention")
    done = post("/admin/retention", dry_run=False)
    again = post("/admin/retention")

    assert kept == [{"videos_days": 10}]
    assert [one["video_id"] for one in tried["removals"]] == [here.video]
    assert (dry["removals"], dry["dry_run"]) == (tried["removals"], True)
    assert [(one["what"], one["kept"]) for one in done["removals"]] == [("video", None)]
    assert again["removals"] == []


def test_who_steers_a_job_is_written_down(app: App, post: Ask, here: Place) -> None:
    post(f"/jobs/{here.job}/cancel")
    post(f"/jobs/{here.job}/cancel")
    post(f"/jobs/{here.job}/retry")

    for action in ("job.cancelled", "job.retried"):
        assert _audited(app, action) == [("key:admin", f"job:{here.job}")]


def test_the_trail_is_filtered_and_paged(app: App, get: Ask, post: Ask, here: Place) -> None:
    for job in (here.job, a_job(app), a_job(app)):
        post(f"/jobs/{job}/cancel")

    first = get("/admin/audit", action="job.cancelled", limit=2, total="true")
    rest = get("/admin/audit", action="job.cancelled", limit=2, cursor=first["next_cursor"])
    of_one = get("/admin/audit", subject=f"job:{here.job}", actor="key:admin")

    assert (len(first["items"]), first["total"], len(rest["items"])) == (2, 3, 1)
    assert rest["next_cursor"] is None
    assert [event["action"] for event in of_one["items"]] == ["job.cancelled"]
    event = of_one["items"][0]
    assert (event["address"], event["outcome"]) == ("127.0.0.1", "ok")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_trail_is_exported_and_holds_no_formulas(
    app: App, client: TestClient, admin: str, form: str
) -> None:
    with app.database.write() as session:
        for number in range(1100):  # several pages of what is read at a time
            at = app.database.now(session)
            audit(session, at=at, actor="=1+1", action="x.done", subject=f"x:{number}", data={"n": number})

    answer = client.get(
        "/api/v1/admin/audit/export",
        params={"format": form, "action": "x.done"},
        headers=bearer(admin),
    )

    if form == "csv":
        rows = list(csv.DictReader(answer.text.splitlines()))
        actor = "'=1+1"
    else:
        rows = [json.loads(line) for line in answer.text.splitlines()]
        actor = "=1+1"
    assert [row["subject"] for row in rows] == [f"x:{number}" for number in reversed(range(1100))]
    assert {row["actor"] for row in rows} == {actor}
    assert answer.headers["content-disposition"] == f'attachment; filename="audit.{form}"'
    assert [actor for actor, _ in _audited(app, "audit.exported")] == ["key:admin"]


def test_every_endpoint_is_described(app: App) -> None:
    paths = create_app(app).openapi()["paths"]

    described = [
        operation
        for path, methods in paths.items()
        if path.startswith(("/api/v1/admin", "/api/v1/stats"))
        for operation in methods.values()
    ]
    assert len(described) == 15
    assert all(operation["summary"] for operation in described)
