"""The job service of `framemill serve`, by the example client: every flow, memory, and a killed server."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import Request, urlopen

import psutil
import pytest
from websockets.asyncio.client import connect

from examples.ws_client import Failed, Inbox, Mill, open_mill, read
from framemill import probe
from framemill.domain.access import Scope
from tests.e2e.conftest import Cli, make_clip

pytestmark = [pytest.mark.e2e]

_T = TypeVar("_T")
_PATIENCE_S = 240
_SRT = "1\n00:00:00,500 --> 00:00:02,000\nHello there\n"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server, and a key for it."""

    base: str
    key: str
    cli: Cli
    pid: int

    @property
    def url(self) -> str:
        """Of the job service."""
        return self.base.replace("http", "ws") + "/ws/v1/process"

    @property
    def orders(self) -> Path:
        """Where files of orders lie."""
        return Path(self.cli.env["FRAMEMILL_DATA_DIR"]) / "work" / "orders"

    def rss(self) -> int:
        """Bytes of memory of the API's process."""
        return int(psutil.Process(self.pid).memory_info().rss)

    def talk(self, act: Callable[[Mill], Awaitable[_T]]) -> _T:
        """What comes of it over one connection."""

        async def talk() -> _T:
            async with asyncio.timeout(_PATIENCE_S), open_mill(self.url, self.key) as mill:
                return await act(mill)

        return asyncio.run(talk())

    def post(self, path: str) -> None:
        """Ask the API."""
        headers = {"Authorization": f"Bearer {self.key}"}
        request = Request(f"{self.base}/api/v1{path}", method="POST", headers=headers)  # noqa: S310 - our own
        urlopen(request, timeout=_PATIENCE_S).close()  # noqa: S310


def _cli(home: Path) -> Cli:
    folder = home / "here"
    folder.mkdir()
    make_clip(folder / "film.mp4")
    (folder / "words.srt").write_text(_SRT)
    return Cli(
        folder=folder,
        env={
            **{key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TMPDIR") if key in os.environ},
            "HOME": str(home),
            "FRAMEMILL_DATA_DIR": str(home / "data"),
            "FRAMEMILL_CACHE_DIR": str(home / "cache"),
            "FRAMEMILL_PROCESS_GRACE": "2s",
            "FRAMEMILL_PROCESS_JOBS": "9",
            "FRAMEMILL_DRAIN_GRACE": "10s",
            "FRAMEMILL_WATCHDOG_INTERVAL": "1s",
        },
    )


@contextmanager
def _serving(cli: Cli, key: str, *args: str) -> Iterator[Served]:
    process = subprocess.Popen(
        cli.argv("serve", "--port", "0", *args),
        cwd=cli.folder,
        env=dict(cli.env),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        base = next(line for line in process.stderr if line.startswith("serving at ")).split()[-1]
        yield Served(base=base, key=key, cli=cli, pid=process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=_PATIENCE_S)


def _key(cli: Cli) -> str:
    return cli("keys", "create", "test", "--scope", "write").stdout.strip()


@pytest.fixture(scope="module", name="served")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    cli = _cli(tmp_path_factory.mktemp("process"))
    with _serving(cli, _key(cli), "--workers", "2") as served:
        yield served


_FLOWS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "speed": ("speed", {"factor": 2}, {"input": "film.mp4"}),
    "compress": ("compress", {"crf": 40}, {"input": "film.mp4"}),
    "audio": ("extract_audio", {"output": "sound.m4a"}, {"input": "film.mp4"}),
    "trim": ("trim", {"start": 1, "end": 3}, {"input": "film.mp4"}),
    "concat": ("concat", {}, {"first": "film.mp4", "second": "film.mp4"}),
    "gif": ("gif", {"width": 160, "duration": 1}, {"input": "film.mp4"}),
    "filter": ("filter", {"chain": ["scale width=160"]}, {"input": "film.mp4"}),
    "subtitles": (
        *("subtitles", {"action": "add", "file": "words"}),
        {"input": "film.mp4", "words": "words.srt"},
    ),
    "thumbnails": ("thumbnails", {"count": 2}, {"input": "film.mp4"}),
}


def test_the_example_client_runs_every_flow_over_one_connection(served: Served, tmp_path: Path) -> None:
    async def all_at_once(mill: Mill) -> None:
        async with asyncio.TaskGroup() as group:
            for name, (operation, options, files) in _FLOWS.items():
                inputs = {ref: served.cli.folder / file for ref, file in files.items()}
                group.create_task(mill.run(operation, inputs, tmp_path / name, options=options))

    served.talk(all_at_once)

    made = {name: sorted((tmp_path / name).iterdir()) for name in _FLOWS}
    assert [path.suffix for path in made.pop("thumbnails")] == [".jpg", ".jpg"]
    assert made.pop("gif")[0].read_bytes()[:6] == b"GIF89a"
    media = {name: probe(path) for name, (path,) in made.items()}
    seconds = {name: round((one.duration_us or 0) / 1_000_000) for name, one in media.items()}
    assert seconds == {
        "speed": 2,
        "compress": 4,
        "audio": 4,
        "trim": 2,
        "concat": 8,
        "filter": 4,
        "subtitles": 4,
    }
    assert media["audio"].main_video is None
    assert media["filter"].main_video is not None
    assert media["filter"].main_video.width == 160
    assert len(media["subtitles"].subtitles) == 1
    assert made["compress"][0].stat().st_size < (served.cli.folder / "film.mp4").stat().st_size
    _until(lambda: not list(served.orders.iterdir()))


def test_the_example_client_is_a_small_program(served: Served) -> None:
    client = Path(__file__).parents[2] / "examples" / "ws_client.py"
    done = subprocess.run(
        [
            *(sys.executable, str(client), "--url", served.url, "thumbnails", "film.mp4"),
            *("--option", "count=1", "--into", "stills"),
        ],
        cwd=served.cli.folder,
        env={**served.cli.env, "FRAMEMILL_KEY": served.key},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "stills/thumb_001.jpg"
    assert (served.cli.folder / "stills" / "thumb_001.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_a_job_can_be_cancelled_while_it_runs(served: Served, tmp_path: Path) -> None:
    slow = {"codec": "hevc", "speed": "placebo", "crf": 0}

    async def cancel(mill: Mill) -> str:
        seen: list[str] = []

        def stop(message: dict[str, Any]) -> None:
            if message["state"] == "running" and not seen:
                seen.append(message["job_id"])
                stopping.append(asyncio.ensure_future(mill.say(type="cancel_job", job_id=message["job_id"])))

        stopping: list[asyncio.Future[None]] = []
        with pytest.raises(Failed, match="cancelled"):
            await mill.run(
                "compress", {"input": served.cli.folder / "film.mp4"}, tmp_path, options=slow, show=stop
            )
        return seen[0]

    job = served.talk(cancel)

    assert served.cli("jobs", "show", job, "--json").stdout.count('"cancelled"')
    _until(lambda: not (served.orders / job).exists())


def test_who_reads_slowly_costs_the_server_no_memory(served: Served) -> None:
    """The results of a detached job are made larger than a server could keep: it is not to read ahead."""
    job = served.talk(lambda mill: _detached(mill, served))
    (result,) = (served.orders / job / "out").iterdir()
    os.truncate(result, 48 << 20)

    async def dawdle() -> list[int]:
        sizes = [served.rss()]
        async with connect(served.url, additional_headers=_bearer(served), compression=None) as socket:
            await socket.send(json.dumps({"type": "attach", "request_id": "r", "job_id": job}))
            came = window = 0
            whole = 1
            while came < whole:
                message, payload = read(await socket.recv())
                came += len(payload)
                if message["type"] == "ack":
                    window = message["window"]
                elif message["type"] == "completed":
                    whole = message["bytes"]
                elif came == window:
                    # Nothing was acknowledged, so nothing more comes.
                    with pytest.raises(TimeoutError):
                        await asyncio.wait_for(socket.recv(), 1)
                    sizes.append(served.rss())
                if came >= window:
                    await socket.send(json.dumps({"type": "result_ack", "job_id": job, "bytes": came}))
                    sizes.append(served.rss())
        assert came == 48 << 20
        return sizes

    before, *sizes = asyncio.run(dawdle())

    assert max(sizes) - before < 12 << 20
    _until(lambda: not (served.orders / job).exists())


def test_idle_connections_cost_little(served: Served) -> None:
    keys = _more_keys(served, 5)

    async def idle() -> int:
        async with AsyncExitStack() as stack:

            async def come(key: str) -> None:
                socket = await stack.enter_async_context(
                    connect(
                        served.url, additional_headers={"Authorization": f"Bearer {key}"}, compression=None
                    )
                )
                await socket.send('{"type": "ping"}')
                await socket.recv()

            for _ in range(20):  # what the first ones cost is not each one's
                await come(keys[0])
            before = served.rss()
            for key in keys[1:]:
                for _ in range(50):
                    await come(key)
            return served.rss() - before

    assert asyncio.run(idle()) <= 200 * 60_000


def test_a_job_of_a_killed_server_is_cancelled_when_nobody_comes_back(tmp_path: Path) -> None:
    cli = _cli(tmp_path)
    key = _key(cli)
    with _serving(cli, key, "--no-workers") as served:
        queued = served.talk(lambda mill: _left(mill, served))
    assert list((served.orders / queued).iterdir())

    with _serving(cli, key, "--workers", "1"):
        _until(lambda: not (served.orders / queued).exists())

    assert json.loads(cli("jobs", "show", queued, "--json").stdout)["state"] == "cancelled"


async def _left(mill: Mill, served: Served) -> str:
    """A job that stands still, and whose server was killed."""
    job, inbox = await _started(mill, served)
    while (await inbox.get())[0]["type"] != "progress":
        pass
    await asyncio.to_thread(served.post, f"/jobs/{job}/pause")
    os.kill(served.pid, signal.SIGKILL)
    return job


async def _detached(mill: Mill, served: Served) -> str:
    """A job that is done, and whose results nobody fetched."""
    job, inbox = await _started(mill, served, detach=True)
    while (await inbox.get())[0]["type"] != "completed":
        pass
    return job


async def _started(mill: Mill, served: Served, **wishes: object) -> tuple[str, Inbox]:
    """A job whose file is here."""
    inbox, film = mill.expect("r"), served.cli.folder / "film.mp4"
    start: dict[str, Any] = {"type": "start_job", "request_id": "r", "operation": "trim"}
    await mill.say(**start, options={"start": 1}, input={"type": "upload", "filename": "film.mp4"}, **wishes)
    ack, _ = await inbox.get()
    await mill.upload(ack, "input", film, inbox)
    return ack["job_id"], inbox


def _bearer(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.key}"}


def _more_keys(served: Served, count: int) -> list[str]:
    from framemill.app import open_app
    from framemill.settings import Settings

    app = open_app(Settings(data_dir=Path(served.cli.env["FRAMEMILL_DATA_DIR"])))
    keys = [app.access.create_key(f"idle {n}", scope=Scope.WRITE).secret for n in range(count)]
    app.close()
    return keys


def _until(so: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not so():
        assert time.monotonic() < end
        time.sleep(0.05)
