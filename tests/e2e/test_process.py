"""The example client of the job service against `framemill serve`: every flow that docs/websocket.md shows."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from examples.ws_client import Failed, Mill, open_mill
from framemill import probe
from framemill.domain.media import MediaInfo
from tests.clips import clip
from tests.e2e.conftest import Cli, make_clip

pytestmark = [pytest.mark.e2e]

_PATIENCE_S = 120
_SRT = "1\n00:00:00,500 --> 00:00:02,000\nHello there\n"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server with one worker, and a key for it."""

    url: str
    key: str
    folder: Path
    data: Path
    pid: int

    def orders(self) -> list[Path]:
        """Folders of orders that are left."""
        return list((self.data / "work" / "orders").glob("*"))


@pytest.fixture(scope="module", name="served")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("process")
    folder, data = home / "here", home / "data"
    folder.mkdir()
    cli = Cli(
        folder=folder,
        env={
            **{key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TMPDIR") if key in os.environ},
            "HOME": str(home),
            "FRAMEMILL_DATA_DIR": str(data),
            "FRAMEMILL_CACHE_DIR": str(home / "cache"),
            "FRAMEMILL_PROCESS_GRACE": "2s",
            "FRAMEMILL_PROCESS_JOBS": "9",
            "FRAMEMILL_DRAIN_GRACE": "10s",
        },
    )
    key = cli("keys", "create", "test", "--scope", "write").stdout.strip()
    make_clip(folder / "film.mp4")
    (folder / "words.srt").write_text(_SRT)
    process = subprocess.Popen(
        cli.argv("serve", "--port", "0", "--workers", "2"),
        cwd=folder,
        env=dict(cli.env),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        base = next(line for line in process.stderr if line.startswith("serving at ")).split()[-1]
        url = base.replace("http", "ws") + "/ws/v1/process"
        yield Served(url=url, key=key, folder=folder, data=data, pid=process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=_PATIENCE_S) == 0
    finally:
        process.kill()
        process.communicate()


def _talk(served: Served, act: Callable[[Mill], Awaitable[Any]]) -> Any:  # noqa: ANN401 - of any kind
    async def talk() -> Any:  # noqa: ANN401
        async with asyncio.timeout(_PATIENCE_S), open_mill(served.url, served.key) as mill:
            return await act(mill)

    return asyncio.run(talk())


def _one(into: Path) -> MediaInfo:
    (made,) = (path for path in into.rglob("*") if path.is_file())
    return probe(made)


_FLOWS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "speed": ("speed", {"factor": 2}, {"input": "film.mp4"}),
    "compress": ("compress", {"target_size": "60k"}, {"input": "film.mp4"}),
    "audio": ("extract_audio", {"output": "sound.m4a"}, {"input": "film.mp4"}),
    "trim": ("trim", {"start": 1, "end": 3}, {"input": "film.mp4"}),
    "concat": ("concat", {}, {"first": "film.mp4", "second": "film.mp4"}),
    "gif": ("gif", {"width": 160}, {"input": "film.mp4"}),
    "filter": ("filter", {"chain": ["flip"]}, {"input": "film.mp4"}),
    "subtitles": (
        "subtitles",
        {"action": "add", "file": "words"},
        {"input": "film.mp4", "words": "words.srt"},
    ),
    "thumbnails": ("thumbnails", {"count": 2}, {"input": "film.mp4"}),
}


def test_the_client_runs_every_flow_over_one_connection(served: Served, tmp_path: Path) -> None:
    async def all_at_once(mill: Mill) -> list[dict[str, Any]]:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(
                    mill.run(
                        operation,
                        {input_: served.folder / file for input_, file in files.items()},
                        tmp_path / name,
                        options=options,
                    )
                )
                for name, (operation, options, files) in _FLOWS.items()
            ]
        return [await task for task in tasks]

    done = _talk(served, all_at_once)

    assert all(one["artifacts"] for one in done)
    print(
        {
            name: [(f["name"], f["bytes"]) for m in one["artifacts"] for f in m["files"]]
            for name, one in zip(_FLOWS, done)
        }
    )
