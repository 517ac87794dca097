"""Downloading the file at an address: rounds of a crew, through breaks and restarts.

What has come is in the part file; a file that changes on its server is begun
anew once, never glued.
"""

import hashlib
import time
from collections import deque
from dataclasses import replace
from functools import partial
from pathlib import Path

from framemill.errors import Cancelled, DownloadFailed, DownloadInterrupted, SourceChanged
from framemill.fetch.addresses import Target, parse
from framemill.fetch.crew import Changed, Crew, Plain, Rules
from framemill.fetch.guard import Guard
from framemill.fetch.journal import PartFile
from framemill.fetch.names import safe
from framemill.fetch.slots import Slots
from framemill.fetch.wishes import Come, Fetched, Place, Reins, Wish, least

_TICK_S = 0.1
_SAVE_S = 2.0
_SAVE_BYTES = 32 << 20  # what a crash may cost on a fast line
_BLOCK = 1 << 20


class Direct:
    """Downloads over HTTP and HTTPS."""

    def __init__(self, guard: Guard, slots: Slots, rules: Rules) -> None:
        self._guard = guard
        self._slots = slots
        self._rules = rules

    def fetch(self, url: str, to: Place, *, part: Path, wish: Wish, reins: Reins) -> tuple[Fetched, ...]:
        """Bring the one file at `url`, as `Downloader` says."""
        target = parse(url)
        rules = replace(self._rules, max_bytes=least(self._rules.max_bytes, wish.max_bytes))
        file = PartFile(part, url=target.url)
        file.open()
        try:
            run = _Run(self._guard, self._slots, rules, file, target, to, reins)
            run.bring()
            size, digest = run.digest()
            name = file.name or safe(target.path.partition("?")[0].rpartition("/")[2])
            place = to(name)
            file.finish(place, overwrite=wish.overwrite)
            return (Fetched(path=place, name=name, bytes=size, sha256=digest),)
        except BaseException as problem:
            _settle(file, problem)
            raise
        finally:
            file.close()


def _settle(file: PartFile, problem: BaseException) -> None:
    """Keep what a later try can use, and nothing else."""
    passing = not isinstance(problem, Exception) or getattr(problem, "transient", False)
    if passing or isinstance(problem, Cancelled | OSError) or _may_pass(problem):
        file.save()
    else:
        file.discard()


def _may_pass(problem: BaseException) -> bool:
    return isinstance(problem, DownloadFailed) and problem.reason in {"forbidden", "timeout"}


class _Run:
    """One call of `fetch`."""

    def __init__(
        self,
        guard: Guard,
        slots: Slots,
        rules: Rules,
        part: PartFile,
        origin: Target,
        to: Place,
        reins: Reins,
    ) -> None:
        self._make_crew = partial(Crew, guard, slots, rules, part, origin, to)
        self._rules = rules
        self._part = part
        self._reins = reins
        self._plain = False
        self._clock = _Clock(rules)
        self._saved = (time.monotonic(), part.bytes)

    def bring(self) -> None:
        """Until every byte has come."""
        while not self._is_whole():
            self._stand_still()
            if not self._part.bytes:
                self._part.begin(None)
            crew = self._make_crew(plain=self._plain)
            try:
                self._watch(crew)
            finally:
                crew.end()
                self._part.save()
            self._plain = crew.plain
            if crew.whole:
                return
            self._next(crew.problem)

    def _next(self, problem: Exception | None) -> None:
        """What a round's end means for the next one."""
        match problem:
            case None:
                return
            case Changed():
                if self._part.changes:
                    raise SourceChanged(
                        "the file changed on its server twice while it was downloaded",
                        hint="download it again when it is finished",
                    )
                self._part.changes += 1
                self._part.begin(None)
            case Plain():
                self._plain = True
                self._part.begin(None)
            case _:
                raise problem

    def _is_whole(self) -> bool:
        version = self._part.version
        if version is None or version.length is None or self._plain:
            return False
        return not self._part.missing(version.length) and (version.length > 0 or self._part.bytes > 0)

    def _watch(self, crew: Crew) -> None:
        """Look after a round until it ends, or must."""
        self._clock.begin(self._part.bytes)
        crew.man()
        while crew.working:
            if self._reins.stopped():
                raise Cancelled
            if self._reins.paused():
                return
            time.sleep(_TICK_S)
            come = self._part.bytes
            self._clock.tick(come, busy=crew.busy)
            self._reins.heard(Come(bytes=come, total=crew.total, rate=self._clock.rate))
            when, had = self._saved
            if time.monotonic() - when > _SAVE_S or come - had > _SAVE_BYTES:
                self._part.save()
                self._saved = (time.monotonic(), come)
            if not crew.whole:
                crew.man()

    def _stand_still(self) -> None:
        while self._reins.paused():
            if self._reins.stopped():
                raise Cancelled
            time.sleep(_TICK_S)

    def digest(self) -> tuple[int, str]:
        """Bytes and SHA-256 of the whole."""
        total, size = hashlib.sha256(), 0
        with self._part.path.open("rb") as file:
            while block := file.read(_BLOCK):
                total.update(block)
                size += len(block)
                if self._reins.stopped():
                    raise Cancelled
        return size, total.hexdigest()


class _Clock:
    """Time at work and how fast it goes; waiting for one's turn and pauses do not count as slow."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._left = rules.timeout_s
        self._at = 0.0
        self._marks: deque[tuple[float, int]] = deque()

    def begin(self, come: int) -> None:
        """A round begins."""
        self._at = time.monotonic()
        self._marks = deque([(self._at, come)])

    @property
    def rate(self) -> float:
        """Bytes a second over the window."""
        (first, had), (last, has) = self._marks[0], self._marks[-1]
        return max(0.0, (has - had) / (last - first)) if last > first else 0.0

    def tick(self, come: int, *, busy: bool) -> None:
        """Time has passed; DownloadFailed where it was too much, DownloadInterrupted where little came."""
        now = time.monotonic()
        self._left -= now - self._at
        self._at = now
        if self._left <= 0:
            raise DownloadFailed(
                f"the download took longer than {self._rules.timeout_s:g} s",
                reason="timeout",
                hint="start it again: it goes on where it was",
            )
        if not busy or (self._marks and come < self._marks[-1][1]):
            self._marks.clear()
        self._marks.append((now, come))
        window = self._rules.window_s
        while len(self._marks) > 2 and now - self._marks[1][0] >= window:
            self._marks.popleft()
        first, had = self._marks[0]
        if now - first >= window and (come - had) < self._rules.min_rate * (now - first):
            raise DownloadInterrupted(
                f"the download came with less than {self._rules.min_rate} bytes a second", reason="slow"
            )
