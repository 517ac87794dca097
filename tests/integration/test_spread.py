"""Workers that share nothing but the database, the broker and the store of files."""

import base64
import hashlib
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from framemill.app import App, open_app
from framemill.domain.states import JobState, TaskState
from framemill.planner.pipelines import load_pipeline
from framemill.settings import Settings
from framemill.store.claiming import Wanted
from framemill.store.jobs import tasks_of
from framemill.store.tables import Artifact, Task
from framemill.tools.programs import Programs
from tests.clips import clip
from tests.integration.cluster import Cluster, start_command
from tests.servers import rgw
from tests.servers.keeping import Server
from tests.stored import a_stored_video

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.databases("postgres"),
    pytest.mark.timeout(7200),
]

# Long enough that chunks pay; the long form shows the same with a longer film, and on another store too.
_LONG = os.environ.get("FRAMEMILL_TEST_SPREAD_S")
_LENGTH_S = int(_LONG or "60")

# Shaka Packager writes into these when they were made.
_DATED = {"init.mp4", "manifest.mpd"}


@pytest.fixture(name="storage", params=["s3", "sealed"] if _LONG else ["s3"])
def _storage(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Settings of a store whose files no program can read in place."""
    if request.param == "sealed":
        return {
            "storage_dir": str(tmp_path / "store"),
            "storage_keys": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
    server: Server = request.getfixturevalue("rgw")
    return {
        "storage": "s3",
        "s3_bucket": request.getfixturevalue("s3_bucket"),
        "s3_endpoint": rgw.url(server),
        "s3_access_key": rgw.ACCESS_KEY,
        "s3_secret_key": server.password,
        "s3_prefix": f"{secrets.token_hex(6)}/",
        "s3_addressing": "path",
    }


@pytest.fixture(name="office")
def _office(
    tmp_path: Path, database_url: str, redis_url: str, redis_prefix: str, storage: dict[str, str]
) -> Iterator[App]:
    """Where jobs are submitted and looked at; nothing is encoded there."""
    values: dict[str, Any] = {**storage, "workers": 2}
    app = open_app(
        Settings(
            engine="celery",
            broker_url=SecretStr(redis_url),
            queue_prefix=redis_prefix.strip("-"),
            database_url=SecretStr(database_url),
            data_dir=tmp_path / "office",
            cache_dir=tmp_path / "office" / "cache",
            **values,
        )
    )
    yield app
    app.close()


def _machine(name: str, office: App, folder: Path, programs: Programs, storage: dict[str, str]) -> Cluster:
    place = folder / name
    place.mkdir()
    own = {"cache_dir": str(place / "cache"), "work_dir": str(place / "work"), "workers": "2"}
    return Cluster(
        folder=place,
        film=place / "none",
        ffmpeg=programs.ffmpeg,
        database_url=office.settings.sqlalchemy_url(),
        broker_url=office.broker_url,
        prefix=office.settings.queue_prefix,
        settings={f"FRAMEMILL_{key.upper()}": value for key, value in (storage | own).items()},
    )


def _film() -> Path:
    return clip(
        "film.mp4",
        *("-f", "lavfi", "-i", f"testsrc2=size=960x540:rate=24:duration={_LENGTH_S}"),
        *("-f", "lavfi", "-i", f"sine=frequency=440:duration={_LENGTH_S}"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "48", "-pix_fmt", "yuv420p", "-c:a", "aac"),
    )


def _tasks(office: App, job: str) -> list[Task]:
    with office.database.read() as session:
        return tasks_of(session, job)


def _artifacts(office: App, job: str) -> list[Artifact]:
    with office.database.read() as session:
        return list(session.query(Artifact).filter(Artifact.job_id == job).order_by(Artifact.position))


def _contents(office: App, artifact: Artifact) -> dict[str, bytes]:
    """An artifact's files by their names in it."""
    key = artifact.key or ""
    names = [blob.key for blob in office.blobs.list(key)] if key.endswith("/") else [key]
    return {name.removeprefix(key): b"".join(office.blobs.read(name)) for name in names}


def _digest(contents: dict[str, bytes]) -> str:
    if set(contents) == {""}:
        return f"sha256:{hashlib.sha256(contents['']).hexdigest()}"
    total = hashlib.sha256()
    for name, data in sorted(contents.items()):
        total.update(f"{name}\0{len(data)}\0sha256:{hashlib.sha256(data).hexdigest()}\n".encode())
    return f"tree-sha256:{total.hexdigest()}"


def _until(what: Callable[[], bool]) -> None:
    """Wait for a moment of other processes; polling is the only way to see it from outside."""
    limit = time.monotonic() + 200 + 20 * _LENGTH_S
    while not what():
        assert time.monotonic() < limit
        time.sleep(0.1)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """A machine loses its power: nothing of it can say or clear up anything."""
    family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for one in family:
            with suppress(psutil.NoSuchProcess):  # a short-lived one that had ended
                one.send_signal(number)
    process.wait()


def test_two_machines_publish_one_film_and_losing_one_costs_a_chunk(
    office: App, tmp_path: Path, programs: Programs, storage: dict[str, str]
) -> None:
    film = _film()
    video = a_stored_video(office.database, office.blobs, [film.read_bytes()], filename="film.mp4")
    one, two = (_machine(name, office, tmp_path, programs, storage) for name in ("one", "two"))
    specs = load_pipeline("publish")

    job = office.video_jobs.submit(specs, video=video.id)
    assert office.worker().run_one(Wanted())  # the plan
    one.gate.touch()
    with (one.folder / "log").open("ab") as log:
        first = subprocess.Popen(
            start_command(1), env=one.environment, cwd=one.folder, stdout=log, stderr=log
        )
    try:
        _until(lambda: one.begun == 1)  # it has the first chunk, and gets no further
        with two.running(workers=1):
            _until(lambda: sum(task.state == TaskState.DONE for task in _tasks(office, job)) >= 3)
            _kill(first)
            _until(lambda: office.jobs.get(job).state.ended)
    finally:
        if first.poll() is None:
            _kill(first)
        one.close()
        two.close()

    detail = office.jobs.show(job)
    assert detail.job.state is JobState.COMPLETED, detail.job.error
    chunks = [task for task in detail.tasks if ", chunk " in task.title]
    assert len(chunks) >= 3, [task.title for task in detail.tasks]
    # Losing a machine cost the chunk that it had in hands, and nothing else.
    assert [task.title for task in detail.tasks if task.attempt != 1] == [chunks[0].title]
    assert any("went away" in line.message for line in office.jobs.logs(job))
    made = _artifacts(office, job)
    contents = {artifact.path: _contents(office, artifact) for artifact in made}
    assert {artifact.path: artifact.digest for artifact in made} == {
        path: _digest(files) for path, files in contents.items()
    }
    assert list(office.blobs.list("work/")) == []
    assert not list((two.folder / "work").iterdir())

    again = office.video_jobs.submit(specs, video=video.id)
    office.worker(foreground=True).run_job(again)
    alone = {artifact.path: _contents(office, artifact) for artifact in _artifacts(office, again)}
    assert {path: sorted(files) for path, files in alone.items()} == {
        path: sorted(files) for path, files in contents.items()
    }
    other = {name for path in alone for name in alone[path] if alone[path][name] != contents[path][name]}
    assert {name.rpartition("/")[2] for name in other} <= _DATED
