"""`framemill serve` for real: one command, an API and workers, and nothing left behind."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

import psutil
import pytest

from framemill.domain.videos import VideoState
from framemill.store.database import Database, open_database
from framemill.store.jobs import new_id
from framemill.store.video_tables import Collection, Video, Workspace
from tests.e2e.conftest import Cli

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_PATIENCE_S = 120


class Mill:
    """A server, and what it said when it began."""

    def __init__(self, process: "subprocess.Popen[str]", said: list[str]) -> None:
        self.process = process
        self.said = said
        self.base = next(line.rpartition(" ")[2] for line in said if line.startswith("serving at "))

    @property
    def link(self) -> str:
        """The login link."""
        return next(found[0] for line in self.said if (found := re.search(r"http\S+/login\?\S+", line)))

    def ask(self, path: str, *, key: str | None = None, body: object = None) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.base}{path}", data=data, headers=headers)  # noqa: S310 - our own server
        try:
            with urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)


@contextmanager
def serving(cli: Cli, *args: str) -> Iterator[Mill]:
    """A server while this holds; it ends with everything that it started."""
    process = subprocess.Popen(
        cli.argv("serve", "--port", "0", *args),
        cwd=cli.folder,
        env={**cli.env, "FRAMEMILL_DRAIN_GRACE": "10s"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line.rstrip())
            if line.startswith("for programs"):
                break
        yield Mill(process, said)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(name="key")
def _key(cli: Cli) -> str:
    return cli("keys", "create", "test", "--scope", "admin").stdout.strip()


def test_one_command_serves_and_works(cli: Cli, key: str, film: str) -> None:
    video = _stored(cli, cli.folder / film)

    with serving(cli, "--workers", "1") as mill:
        assert mill.ask("/health/live") == (200, {"status": "ok"})
        assert mill.ask("/api/v1/jobs")[0] == 401
        assert mill.ask("/health/ready", key=key)[1]["ok"] is True

        wish = {"video": video, "operation": {"op": "trim", "start": 1, "end": 2}}
        status, job = mill.ask("/api/v1/jobs", key=key, body=wish)
        assert status == 202
        done = _until_ended(mill, key, job["id"])
        assert done["state"] == "completed", done
        assert [made["role"] for made in mill.ask(f"/api/v1/videos/{video}", key=key)[1]["artifacts"]]

        family = [mill.process.pid, *(child.pid for child in _children(mill.process.pid))]
        mill.process.send_signal(signal.SIGTERM)
        assert mill.process.wait(timeout=_PATIENCE_S) == 0
        _all_gone(family)


def test_a_server_goes_on_when_its_last_worker_has_drained(cli: Cli, key: str) -> None:
    with serving(cli, "--workers", "1") as mill:
        until = time.monotonic() + _PATIENCE_S
        while not mill.ask("/api/v1/admin/workers", key=key)[1] and time.monotonic() < until:
            time.sleep(0.1)

        cli("worker", "drain", "--all")

        assert mill.process.stderr is not None
        assert any("all workers have drained" in line for line in mill.process.stderr)
        assert mill.ask("/api/v1/jobs", key=key)[0] == 200
        mill.process.send_signal(signal.SIGINT)
        assert mill.process.wait(timeout=_PATIENCE_S) == 0


def test_ctrl_c_ends_a_server_without_workers(cli: Cli) -> None:
    with serving(cli, "--no-workers") as mill:
        mill.process.send_signal(signal.SIGINT)

        assert mill.process.wait(timeout=_PATIENCE_S) == 0


def test_the_printed_link_signs_in_once(cli: Cli) -> None:
    with serving(cli, "--no-workers") as mill:
        browser = build_opener(HTTPCookieProcessor(CookieJar()))

        with browser.open(mill.link, timeout=_PATIENCE_S) as answer:
            assert answer.url == f"{mill.base}/"
            assert "<title>Framemill</title>" in answer.read().decode()
        with browser.open(f"{mill.base}/api/v1/auth/self", timeout=_PATIENCE_S) as answer:
            assert json.load(answer)["in_person"] is True
        with pytest.raises(HTTPError, match="401"):
            urlopen(mill.link, timeout=_PATIENCE_S)  # noqa: S310 - our own server


def test_a_name_that_is_pointed_at_us_is_refused(cli: Cli) -> None:
    with serving(cli, "--no-workers") as mill:
        request = Request(f"{mill.base}/docs", headers={"Host": "evil.example"})  # noqa: S310 - our own server

        with pytest.raises(HTTPError, match="421"):
            urlopen(request, timeout=_PATIENCE_S)  # noqa: S310


def test_a_taken_port_is_told_in_a_line(cli: Cli) -> None:
    with serving(cli, "--no-workers") as mill:
        port = mill.base.rpartition(":")[2]

        again = cli("serve", "--port", port)

    assert again.returncode == 2
    assert "code: invalid_settings" in again.stderr
    assert "Traceback" not in again.stderr


def test_the_description_can_be_had_without_a_server(cli: Cli) -> None:
    schema = json.loads(cli("serve", "--openapi").stdout)

    assert schema["openapi"].startswith("3.1")
    assert "/api/v1/jobs" in schema["paths"]


def _stored(cli: Cli, film: Path) -> str:
    """A video whose original is `film`, as an upload leaves it."""
    data = Path(cli.env["FRAMEMILL_DATA_DIR"])
    database = open_database(f"sqlite:///{data / 'framemill.db'}")
    workspace, collection, video = new_id(), new_id(), new_id()
    key = f"workspaces/{workspace}/{video}/original.mp4"
    _put(cli, key, film)
    _add(database, workspace=workspace, collection=collection, video=video, key=key, film=film)
    database.close()
    return video


def _put(cli: Cli, key: str, film: Path) -> None:
    from framemill.app import open_app
    from framemill.settings import Settings

    app = open_app(Settings(data_dir=Path(cli.env["FRAMEMILL_DATA_DIR"])))
    app.blobs.put(key, film)
    app.close()


def _add(database: Database, *, workspace: str, collection: str, video: str, key: str, film: Path) -> None:
    with database.write() as session:
        now = database.now(session)
        times = {"created_at": now, "updated_at": now}
        session.add(Workspace(id=workspace, name="main", title="Main", **times))
        session.flush()
        session.add(Collection(id=collection, workspace_id=workspace, name="films", **times))
        session.flush()
        session.add(
            Video(
                id=video,
                workspace_id=workspace,
                collection_id=collection,
                title="Film",
                filename=film.name,
                state=VideoState.READY,
                key=key,
                bytes=film.stat().st_size,
                **times,
            )
        )


def _until_ended(mill: Mill, key: str, job: str) -> dict[str, Any]:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        found: dict[str, Any] = mill.ask(f"/api/v1/jobs/{job}", key=key)[1]
        if found["state"] in {"completed", "failed", "cancelled"}:
            return found
        time.sleep(0.2)
    pytest.fail("the job does not end")


def _children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _all_gone(pids: list[int]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if not [pid for pid in pids if _lives(pid)]:
            return
        time.sleep(0.1)
    pytest.fail(f"still there: {[pid for pid in pids if _lives(pid)]}")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
