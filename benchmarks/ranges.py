"""Range reads of the API against nginx on the same file. Run as `python -m benchmarks.ranges`.

Writes docs/benchmarks-ranges.md. Both are asked in turns, each by one client on
one connection that throws the bytes away, so that the servers' work is what
counts. Then a hundred clients read a long file slowly, and the server's memory
is watched.
"""

import argparse
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks-ranges.md"
_MIB = 1 << 20
_READERS = 100
_RANGES = 400
_LEAST = 0.5  # of nginx's throughput
_MOST_GROWTH_MB = 50
_NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors; {user}
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A server and the path of the file on it."""

    port: int
    path: str
    process: int


class Client:
    """One connection that reads and forgets."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._socket = socket.create_connection(("127.0.0.1", site.port))
        self._buffer = bytearray(_MIB)

    def ask(self, start: int, stop: int) -> int:
        """Ask for a range; returns how many bytes of it came with the answer's head."""
        request = (
            f"GET {self._site.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes={start}-{stop - 1}\r\n\r\n"
        )
        self._socket.sendall(request.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._socket.recv(65536) or _ended()
        head, _, rest = head.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 206"), head
        return len(rest)

    def read(self, count: int) -> int:
        """Read on, at most so much."""
        return self._socket.recv_into(self._buffer, min(count, len(self._buffer))) or len(_ended())

    def get(self, start: int, stop: int) -> None:
        """Read a whole range."""
        left = stop - start - self.ask(start, stop)
        while left:
            left -= self.read(left)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


def main() -> None:
    """Measure everything and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--mib", type=int, default=512)
    options = parser.parse_args()
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if nginx is None:
        print("ranges: there is no nginx to compare with (on Debian: apt-get install nginx)")
        return
    with tempfile.TemporaryDirectory(prefix="framemill-ranges-") as name:
        folder = Path(name)
        short, long = folder / "short.mp4", folder / "long.mp4"
        with short.open("wb") as file:
            for _ in range(options.mib):
                file.write(os.urandom(_MIB))
        with long.open("wb") as file:
            file.truncate(2048 * _MIB)
        with _framemill(folder / "short", short) as (ours, stored), _nginx(nginx, folder, stored) as theirs:
            size = options.mib * _MIB
            rows = [
                _compared("the whole file", ours, theirs, lambda c: _whole(c, size), options.rounds),
                _compared("ranges of 1 MiB, all", ours, theirs, lambda c: _all(c, size), options.rounds),
                _compared(
                    "ranges of 1 MiB, the median", ours, theirs, lambda c: _middle(c, size), options.rounds
                ),
            ]
        with _framemill(folder / "long", long) as (ours, _stored):
            base, peak = _memory(ours, 2048 * _MIB)
    page = _page(rows, base, peak)
    print(page)
    _PAGE.write_text(page)


def _compared(
    title: str, ours: Site, theirs: Site, read: Callable[[Client], float], rounds: int
) -> tuple[str, float, float, float]:
    """Title, our and their MB/s, and the median of each round's ratio."""
    rates: dict[int, list[float]] = {ours.port: [], theirs.port: []}
    for number in range(rounds + 1):
        for site in (ours, theirs):
            client = Client(site)
            rate = read(client)
            client.close()
            if number:  # the first one warms up
                rates[site.port].append(rate)
    mine, other = rates[ours.port], rates[theirs.port]
    ratio = statistics.median(a / b for a, b in zip(mine, other, strict=True))
    return title, statistics.median(mine), statistics.median(other), ratio


def _whole(client: Client, size: int) -> float:
    return size / 1e6 / _timed(client, 0, size)


def _all(client: Client, size: int) -> float:
    return _RANGES * _MIB / 1e6 / sum(_times(client, size))


def _middle(client: Client, size: int) -> float:
    """What else the machine does makes a few ranges take far longer; not the median one."""
    return _MIB / 1e6 / statistics.median(_times(client, size))


def _times(client: Client, size: int) -> list[float]:
    starts = [number * 7919 * 4096 % (size - _MIB) for number in range(_RANGES)]
    return [_timed(client, start, start + _MIB) for start in starts]


def _timed(client: Client, start: int, stop: int) -> float:
    began = time.perf_counter()
    client.get(start, stop)
    return time.perf_counter() - began


def _memory(site: Site, size: int) -> tuple[float, float]:
    """The server's memory before and at the most while a hundred read different parts slowly, in MB."""
    server = psutil.Process(site.process)
    Client(site).get(0, _MIB)
    base = peak = server.memory_info().rss / 1e6
    clients = [Client(site) for _ in range(_READERS)]
    for number, client in enumerate(clients):
        client.ask(number * _MIB, size)
    for _ in range(60):
        for client in clients:
            client.read(64 * 1024)
        peak = max(peak, server.memory_info().rss / 1e6)
    for client in clients:
        client.close()
    return base, peak


@contextmanager
def _framemill(folder: Path, file: Path) -> Iterator[tuple[Site, Path]]:
    argv = [sys.executable, "-m", "benchmarks.range_server", str(folder), str(file)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        found = json.loads(child.stdout.readline())
        url = urlsplit(found["url"])
        assert url.port is not None
        site = Site(port=url.port, path=url.path, process=child.pid)
        _wait(site)
        try:
            yield site, Path(found["file"])
        finally:
            child.terminate()


@contextmanager
def _nginx(program: str, folder: Path, file: Path) -> Iterator[Site]:
    place = folder / "nginx"
    place.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    user = "user root;" if os.geteuid() == 0 else ""
    config = place / "nginx.conf"
    config.write_text(_NGINX.format(folder=place, port=port, root=file.parent, user=user))
    with subprocess.Popen([program, "-c", str(config), "-p", str(place)], stderr=subprocess.DEVNULL) as child:
        site = Site(port=port, path=f"/{file.name}", process=child.pid)
        _wait(site)
        try:
            yield site
        finally:
            child.terminate()


def _wait(site: Site) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", site.port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("a server did not start")


def _ended() -> bytes:
    raise SystemExit("a server ended its answer early")


def _page(rows: list[tuple[str, float, float, float]], base: float, peak: float) -> str:
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    lines = [
        "# Benchmarks of range reads",
        "",
        "Written by `python -m benchmarks.ranges`; do not edit.",
        f"{machine}, Python {platform.python_version()};",
        "nginx with one worker and sendfile, on the same file, asked in turns by the same client;",
        f"load average at the end {os.getloadavg()[0]:.1f}.",
        "",
        "|  | Framemill MB/s | nginx MB/s | ratio | at least |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {t} | {mine:,.0f} | {other:,.0f} | {r:.2f} | {_LEAST} |" for t, mine, other, r in rows),
        "",
        f"{_READERS} slow readers of a file of 2 GiB: {base:.0f} MB of memory before, {peak:.0f} MB at most;",
        f"{peak - base:.0f} MB more, where at most {_MOST_GROWTH_MB} MB are allowed.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
