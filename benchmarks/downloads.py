"""A large download that is interrupted again and again: does it end right, and what does that cost?

    python -m benchmarks.downloads [--mib 2048] [--breaks 20]

A server on loopback breaks connections off, the downloading process is killed,
and the file changes once. Each run must end with the digest of one version
of the file, whole, or in `source_changed`.
"""

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from framemill.errors import SourceChanged
from framemill.fetch.addresses import AllowList
from framemill.fetch.crew import Rules
from framemill.fetch.direct import Direct
from framemill.fetch.guard import Guard
from framemill.fetch.slots import Slots
from framemill.fetch.wishes import Reins, Wish
from tests.servers.origin import Content, Film, Origin

MIB = 1 << 20


def main() -> int:
    """Run all of it and print a table; 1 where anything ended wrong."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--mib", type=int, default=2048)
    asked.add_argument("--breaks", type=int, default=20)
    wish = asked.parse_args()
    runs: dict[str, Callable[[int, int, Path], str]] = {
        "nothing breaks": _undisturbed,
        f"{wish.breaks} connections break off": _broken,
        f"{wish.breaks} break off, the file changes once": _changed,
        f"the process is killed {wish.breaks} times": _killed,
    }
    wrong = 0
    print(f"| {wish.mib} MiB over loopback | ended | seconds | bytes sent more than the file has |")
    print("|---|---|---|---|")
    for name, run in runs.items():
        with tempfile.TemporaryDirectory() as folder:
            started = time.monotonic()
            said = run(wish.mib * MIB, wish.breaks, Path(folder))
            wrong += said.startswith("WRONG")
            ended, _, more = said.partition("|")
            print(f"| {name} | {ended} | {time.monotonic() - started:.1f} | {more} |", flush=True)
    return 1 if wrong else 0


def _undisturbed(size: int, _breaks: int, folder: Path) -> str:
    film = Film(content=Content(size))
    with Origin({"/film.mp4": film}) as origin:
        return _judged(origin, folder, film.content)


def _broken(size: int, breaks: int, folder: Path) -> str:
    film = Film(content=Content(size), cut=_cuts(breaks))
    with Origin({"/film.mp4": film}) as origin:
        return _judged(origin, folder, film.content)


def _changed(size: int, breaks: int, folder: Path) -> str:
    old, new = Content(size, seed="old"), Content(size, seed="new")
    cut = _cuts(breaks)
    film = Film(content=old)

    def change(number: int) -> None:
        if number == breaks // 2:
            film.content, film.etag = new, '"two"'

    film.cut, film.before = cut, change
    with Origin({"/film.mp4": film}) as origin:
        return _judged(origin, folder, new)


def _killed(size: int, breaks: int, folder: Path) -> str:
    film = Film(content=Content(size))
    spawn, spread = multiprocessing.get_context("spawn"), random.Random(7)  # noqa: S311 - moments, not secrets
    with Origin({"/film.mp4": film}) as origin:
        for number in range(breaks):
            child = spawn.Process(target=_download, args=(folder, origin.allow, origin.url("/film.mp4")))
            child.start()
            while child.is_alive() and origin.sent < size * (number + spread.random()) / (breaks + 1):
                time.sleep(0.005)
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            child.join()
        return _judged(origin, folder, film.content)


def _cuts(breaks: int) -> Callable[[int], int | None]:
    """Breaks off the first answers somewhere in their piece."""
    spread = random.Random(7)  # noqa: S311 - places, not secrets
    places = [spread.randrange(MIB, 15 * MIB) for _ in range(breaks)]
    return lambda number: places[number - 1] if number <= breaks else None


def _judged(origin: Origin, folder: Path, content: Content) -> str:
    try:
        digest = _download(folder, origin.allow, origin.url("/film.mp4"))
    except SourceChanged:
        return "source_changed|"
    said = "right" if digest == content.sha256() else "WRONG: another digest"
    return f"{said}|{origin.sent - content.size:,}"


def _download(folder: Path, allow: str, url: str) -> str:
    direct = Direct(
        Guard(AllowList.of([allow])), Slots(folder / "slots", per_host=4), Rules(first_wait_s=0.05)
    )
    (done,) = direct.fetch(
        url, lambda _name: folder / "out.mp4", part=folder / "out.part", wish=Wish(), reins=Reins()
    )
    return done.sha256


if __name__ == "__main__":
    sys.exit(main())
