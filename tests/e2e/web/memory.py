"""How much memory a browser takes while something goes on in it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
from playwright.sync_api import Browser

_LOOK_S = 0.02


@dataclass
class Grown:
    """By how many bytes each kind of process, such as `renderer`, grew at most; and all of them together."""

    by_kind: dict[str, int] = field(default_factory=dict)
    together: int = 0


@contextmanager
def grown(browser: Browser) -> Iterator[Grown]:
    """Looks at the resident memory of the browser's processes until the block ends."""
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    processes = {psutil.Process(one["id"]): one["type"] for one in found}
    before = _taken(processes)
    result, over = Grown(), threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_S):
            now = _taken(processes)
            result.together = max(result.together, sum(now.values()) - sum(before.values()))
            for kind, taken in now.items():
                result.by_kind[kind] = max(result.by_kind.get(kind, 0), taken - before[kind])

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield result
    finally:
        over.set()
        watcher.join()


def _taken(processes: dict[psutil.Process, str]) -> dict[str, int]:
    taken = dict.fromkeys(processes.values(), 0)
    for process, kind in processes.items():
        taken[kind] += process.memory_info().rss
    return taken
