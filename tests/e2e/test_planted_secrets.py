"""An installation full of secrets works, fails and refuses, and tells nobody any of them.

The same run shows that the id of a request is on every line of its job.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import UUID

import pytest

from framemill.domain.access import Scope
from tests.conftest import Clip
from tests.servers.serving import Serving

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_PATIENCE_S = 120
_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.pLaNtEd-signature-0123456789"
PLANTED = {
    "FRAMEMILL_SECRET_KEY": "pLaNtEd-signing-key-0123456789",
    "FRAMEMILL_STORAGE_KEYS": "cExhTnRFZC1rZXktMDEyMzQ1Njc4OS1hYmNkZWZnaGk=",
    "FRAMEMILL_S3_SECRET_KEY": "pLaNtEd/s3/secret+0123456789",
    "FRAMEMILL_S3_SSE_KEY": "pLaNtEd-sse-key-0123456789",
    "AWS_SECRET_ACCESS_KEY": "pLaNtEd/aws/secret+0123456789",
    "MAIL_PASSWORD": "pLaNtEd-mail-Password",
    "OTHER_DATABASE_URL": "postgresql://mill:pLaNtEd-db-p@ss@db/mill",
    "FRAMEMILL_BROKER_URL": "redis://:pLaNtEd-redis-pass@127.0.0.1:1/0",
}  # fmt: skip
# What must be nowhere: what is planted above, and what requests bring.
_SECRETS = [
    *(value for name, value in PLANTED.items() if not name.endswith("_URL")),
    *("pLaNtEd-db-p@ss", "pLaNtEd-redis-pass", _JWT, "pLaNtEd-query-sig", "pLaNtEd-user-pass"),
]


@dataclass
class Run:
    """What an installation was asked, and everything that it wrote and answered."""

    server: Serving
    key: str
    read_key: str
    link: str
    good: dict[str, Any]
    bad: dict[str, Any]
    answers: str

    @property
    def log(self) -> str:
        return (self.server.folder / "serve.log").read_text()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]

    def rows(self, query: str) -> list[Any]:
        with sqlite3.connect(self.server.folder / "data" / "framemill.db") as database:
            database.row_factory = sqlite3.Row
            return database.execute(query).fetchall()

    @property
    def records(self) -> str:
        tables = ("jobs", "tasks", "job_logs", "artifacts", "audit_events", "workers", "videos", "uploads")
        return "\n".join(str(tuple(row)) for table in tables for row in self.rows(f"SELECT * FROM {table}"))  # noqa: S608


class Asking:
    """A client that keeps every answer."""

    def __init__(self, server: Serving) -> None:
        self._server = server
        self.said: list[str] = []

    def __call__(
        self,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: object = None,
        method: str | None = None,
    ) -> Any:  # noqa: ANN401 - JSON, or a text
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = {} if body is None or isinstance(body, bytes) else {"Content-Type": "application/json"}
        request = Request(  # noqa: S310 - our own server
            f"{self._server.url}{path}", data=data, headers={**kind, **(headers or {})}, method=method
        )
        try:
            with urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310
                text, sent = answer.read().decode(errors="replace"), answer.headers
        except HTTPError as error:
            text, sent = error.read().decode(errors="replace"), error.headers
        self.said.append(f"{sent}\n{text}")
        try:
            return json.loads(text)
        except ValueError:
            return text


@pytest.fixture(scope="module", name="footage")
def _footage(clip: Clip) -> Path:
    return clip(
        "planted.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=2"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p"),
        *("-movflags", "+faststart"),
    )


@pytest.fixture(scope="module", name="run")
def _run(tmp_path_factory: pytest.TempPathFactory, footage: Path) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("planted")
    ours = {name: value for name, value in PLANTED.items() if name.startswith("FRAMEMILL_")}
    environment = {**ours, "FRAMEMILL_LOG_LEVEL": "debug"}
    server = Serving(folder, environment=environment, arguments=("--workers", "1"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in PLANTED.items():
            patch.setenv(name, value)
        server.start()
    try:
        yield _work(server, footage)
    finally:
        server.stop()


def _work(server: Serving, film: Path) -> Run:
    key, read_key = server.key(scope=Scope.ADMIN), server.key("reader", scope=Scope.READ)
    ask, bearer = Asking(server), {"Authorization": f"Bearer {key}"}
    good = _uploaded(ask, bearer, film.read_bytes(), name="film.mp4", op="compress")
    # A silent film has no sound to take out; a few bytes make it another one.
    bad = _uploaded(ask, bearer, film.read_bytes() + bytes(8), name="silent.mp4", op="extract_audio")
    ask(
        "/api/v1/downloads",
        headers=bearer,
        body={
            "url": "http://me:pLaNtEd-user-pass@127.0.0.1:9/a.mp4?sig=pLaNtEd-query-sig",
            "workspace": "default",
        },
    )
    ask(f"/api/v1/jobs?{urlencode({'token': _JWT})}")
    ask("/api/v1/jobs", headers={"Authorization": f"Bearer {_JWT}"})
    ask("/api/v1/jobs", headers={"Authorization": "Basic cExhTnRFZC11c2VyLXBhc3M="})
    ask("/api/v1/jobs", headers={"Cookie": f"framemill_session={_JWT}"})
    ask(f"/media/{_JWT}/hls/master.m3u8")
    ask(f"/storage/files/a.mp4?signature=pLaNtEd-query-sig&token={key}")
    ask(f"/api/v1/jobs/{_JWT}", headers=bearer)
    ask("/api/v1/jobs", headers={**bearer, "X-Request-ID": f"{_JWT} and more"}, body=b"{" + _JWT.encode())
    for path in ("/health", "/health/ready", "/metrics", "/api/v1/jobs"):
        ask(path, headers=bearer)
    for one in (good, bad):
        ask(f"/api/v1/jobs/{one['id']}/logs", headers=bearer)
    link = next(
        line for line in (server.folder / "serve.log").read_text().splitlines() if "/login?token=" in line
    )
    return Run(
        server=server,
        key=key,
        read_key=read_key,
        link=link.rpartition("=")[2],
        good=good,
        bad=bad,
        answers="\n".join(ask.said),
    )


def _uploaded(ask: Asking, bearer: dict[str, str], content: bytes, *, name: str, op: str) -> dict[str, Any]:
    """A film that came in by a form, and the job that was then run on it, as it ended."""
    edge = "framemill-test"
    body = (
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: video/mp4\r\n\r\n".encode()
        + content
        + f"\r\n--{edge}--\r\n".encode()
    )
    headers = {**bearer, "Content-Type": f"multipart/form-data; boundary={edge}"}
    video = ask("/api/v1/videos", headers=headers, body=body)
    wish = {
        "video": video["video_id"],
        "operation": {"op": op},
    }
    job = ask("/api/v1/jobs", headers={**bearer, "X-Request-ID": f"asked-for-{name}"}, body=wish)
    assert "id" in job, (video, job)
    limit = time.monotonic() + _PATIENCE_S
    while (found := ask(f"/api/v1/jobs/{job['id']}", headers=bearer))["state"] not in {"completed", "failed"}:
        assert time.monotonic() < limit, found
        time.sleep(0.2)
    return dict(found)


def test_one_job_went_well_and_one_failed(run: Run) -> None:
    assert (run.good["state"], run.bad["state"]) == ("completed", "failed")
    assert '"code":"address_refused"' in run.answers


@pytest.mark.parametrize("where", ["log", "records", "answers"])
def test_no_planted_secret_is_anywhere(run: Run, where: str) -> None:
    written: str = getattr(run, where)
    secrets = [*_SECRETS, run.key, run.read_key, *([] if where == "log" else [run.link])]

    assert len(written) > 500
    assert [secret for secret in secrets if secret in written] == []


def test_no_line_of_the_log_has_a_path_of_the_machine(run: Run) -> None:
    events = [json.dumps(line) for line in run.lines]

    assert len(events) > 20
    assert [line for line in events if str(run.server.folder) in line] == []


def test_the_id_of_a_request_is_on_every_line_of_its_job(run: Run) -> None:
    for job, name in ((run.good, "film.mp4"), (run.bad, "silent.mp4")):
        asked = f"asked-for-{name}"
        mine = [line for line in run.lines if line.get("job_id") == job["id"]]
        logged = run.rows("SELECT job_id, correlation_id FROM job_logs")

        assert job["correlation_id"] == asked
        assert {line["event"] for line in mine} >= {"task.begun"}
        assert {line["correlation_id"] for line in mine} == {asked}
        assert {row[1] for row in logged if UUID(row[0]) == UUID(job["id"])} == {asked}
        assert any(
            line["event"] == "request.answered" and line["correlation_id"] == asked for line in run.lines
        )


def test_how_jobs_ended_is_logged_and_counted(run: Run) -> None:
    completed = [one for one in run.lines if one["event"] == "job.completed"]
    failed = [one for one in run.lines if one["event"] == "job.failed"]

    assert {one["operation"] for one in completed if one["job_id"] == run.good["id"]} == {"compress"}
    assert [(one["job_id"], one["code"]) for one in failed] == [(run.bad["id"], run.bad["error"]["code"])]
    assert 'framemill_http_requests_total{method="POST",route="/api/v1/jobs",status="202"}' in run.answers
