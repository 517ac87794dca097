"""Uploads of 1 GiB to local storage against `cp` and `sha256sum`. Run as `python -m benchmarks.uploading`.

Writes docs/benchmarks-uploads.md. A server of its own takes the same film from
`framemill upload` and from a plain client that only sends parts; both in turns
with the two commands. Nothing is made of the films: the server has no workers.
"""

import argparse
import hashlib
import http.client
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks-uploads.md"
_MIB = 1 << 20
_HANDS = 4
_MOST = 2.0  # times what the two commands take
_MOST_GROWTH_MB = 50
# The first box of an MP4, and the head of one that takes the rest of the file.
_BEGINNING = bytes.fromhex("0000001866747970 69736f6d 00000200 69736f6d6d703432 00000000 6d646174")
_SERVING = re.compile(r"serving at http://127\.0\.0\.1:(\d+)")
_PROGRAM = (sys.executable, "-m", "framemill")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running server."""

    port: int
    key: str
    process: int

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """One request to its API; None where there is nothing to say."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        text = None if body is None else json.dumps(body)
        connection.request(method, f"/api/v1{path}", body=text, headers=headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {said[:300]!r}")
        return json.loads(said) if said else None

    def forget(self, video: str) -> None:
        """Delete a video, and wait until it has gone."""
        self.ask("DELETE", f"/videos/{video}")


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mib", type=int, default=1024)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="framemill-uploads-") as name:
        folder = Path(name)
        film = _film(folder / "film.mp4", options.mib)
        with _server(folder) as site, _watched(site.process) as memory:
            times: dict[str, list[float]] = {"copy": [], "sum": [], "openssl": [], "command": [], "parts": []}
            for _ in range(options.rounds):
                times["copy"].append(_timed("cp", str(film), str(folder / "copy")))
                (folder / "copy").unlink()
                times["sum"].append(_timed("sha256sum", str(film)))
                times["openssl"].append(_digest(film))
                times["command"].append(_by_command(site, film))
                times["parts"].append(_by_parts(site, film))
                print({name: round(values[-1], 2) for name, values in times.items()}, flush=True)
    page = _page(options.mib, times, memory)
    print(page)
    if options.rounds >= 3:
        _PAGE.write_text(page)


def _film(path: Path, mib: int) -> Path:
    with path.open("wb") as file:
        file.write(_BEGINNING)
        for number in range(mib):
            file.write(os.urandom(_MIB - (len(_BEGINNING) if number == 0 else 0)))
        os.fsync(file.fileno())
    return path


@contextmanager
def _server(folder: Path) -> Iterator[Site]:
    env = {
        **os.environ,
        "FRAMEMILL_DATA_DIR": str(folder / "data"),
        "FRAMEMILL_CACHE_DIR": str(folder / "cache"),
        "FRAMEMILL_STORAGE_FLOOR": "0",
    }
    key = subprocess.run(
        [*_PROGRAM, "keys", "create", "bench", "--scope", "admin"],
        env=env,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    argv = [*_PROGRAM, "serve", "--no-workers", "--port", "0"]
    with subprocess.Popen(argv, env=env, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        said = ""
        while not (found := _SERVING.search(said)):
            line = child.stderr.readline()
            if not line:
                raise SystemExit(f"the server did not start: {said}")
            said += line
        reader = threading.Thread(target=child.stderr.read, daemon=True)
        reader.start()
        try:
            yield Site(port=int(found[1]), key=key, process=child.pid)
        finally:
            child.terminate()
            reader.join()


@contextmanager
def _watched(process: int) -> Iterator[list[float]]:
    """The server's memory in MB, at first and then every 20 ms."""
    server, over = psutil.Process(process), threading.Event()
    memory = [server.memory_info().rss / 1e6]

    def look() -> None:
        while not over.wait(0.02):
            with suppress(psutil.Error):
                memory.append(server.memory_info().rss / 1e6)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield memory
    finally:
        over.set()
        watcher.join()


def _timed(*argv: str) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _digest(film: Path) -> float:
    """The same sum by the library that the server and the command use."""
    began = time.perf_counter()
    with film.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    return time.perf_counter() - began


def _by_command(site: Site, film: Path) -> float:
    """`framemill upload`, from its start to its end."""
    argv = [*_PROGRAM, "upload", str(film), "--server", f"http://127.0.0.1:{site.port}", "--json"]
    env = {**os.environ, "FRAMEMILL_KEY": site.key}
    began = time.perf_counter()
    done = subprocess.run(argv, env=env, check=True, capture_output=True, text=True)
    took = time.perf_counter() - began
    site.forget(json.loads(done.stdout)[0]["video"])
    return took


def _by_parts(site: Site, film: Path) -> float:
    """The requests alone: announced without a digest, the parts four at a time, completed."""
    began = time.perf_counter()
    upload = site.ask("POST", "/uploads", {"filename": film.name, "size": film.stat().st_size})
    path = f"/uploads/{upload['id']}"
    numbers = list(range(1, upload["part_count"] + 1))
    size = upload["part_size"]
    urls = {
        part["number"]: part["url"]
        for at in range(0, len(numbers), 1000)
        for part in site.ask("POST", f"{path}/urls", {"parts": numbers[at : at + 1000]})["parts"]
    }
    connections = threading.local()

    def put(number: int) -> None:
        if not hasattr(connections, "own"):
            connections.own = http.client.HTTPConnection("127.0.0.1", site.port)
        target = urlsplit(urls[number])
        with film.open("rb") as file:
            part = os.pread(file.fileno(), size, (number - 1) * size)
        connections.own.request("PUT", f"{target.path}?{target.query}", body=part)
        answer = connections.own.getresponse()
        answer.read()
        if answer.status >= 300:
            raise SystemExit(f"part {number}: {answer.status}")

    with ThreadPoolExecutor(_HANDS) as pool:
        list(pool.map(put, numbers))
    done = site.ask("POST", f"{path}/complete", {})
    took = time.perf_counter() - began
    site.forget(done["video_id"])
    return took


def _page(mib: int, times: dict[str, list[float]], memory: list[float]) -> str:
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    both = [copy + total for copy, total in zip(times["copy"], times["sum"], strict=True)]
    rows = [
        (title, times[name], [took / least for took, least in zip(times[name], both, strict=True)])
        for name, title in (("command", "`framemill upload`"), ("parts", "the requests alone"))
    ]
    return "\n".join(
        [
            "# Benchmarks of uploads",
            "",
            "Written by `python -m benchmarks.uploading`; do not edit.",
            f"{machine}, Python {platform.python_version()}; a film of {mib} MiB to a server with local",
            f"storage on the same disk; medians of {len(both)} rounds, each in turns with the two commands;",
            f"load average at the end {os.getloadavg()[0]:.1f}.",
            "",
            "|  | seconds | of `cp` and `sha256sum` | at most |",
            "| --- | --- | --- | --- |",
            f"| `cp` | {statistics.median(times['copy']):.2f} | | |",
            f"| `sha256sum` | {statistics.median(times['sum']):.2f} | | |",
            f"| the same sum by OpenSSL | {statistics.median(times['openssl']):.2f} | | |",
            *(
                f"| {title} | {statistics.median(took):.2f} | {statistics.median(ratios):.2f} | {_MOST:g} |"
                for title, took, ratios in rows
            ),
            "",
            f"The server's memory: {memory[0]:.0f} MB before, {max(memory):.0f} MB at most;",
            f"{max(memory) - memory[0]:.0f} MB more, where at most {_MOST_GROWTH_MB} MB are allowed.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
