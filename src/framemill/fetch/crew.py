"""Several connections that bring the pieces of one file, until it is whole or something ends them.

One round: how often there is another, and what a changed file means, is
fetch.direct's.
"""

import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from framemill.errors import Cancelled, DiskFull, DownloadInterrupted
from framemill.fetch.addresses import Target
from framemill.fetch.exchange import Answer, get
from framemill.fetch.guard import Guard
from framemill.fetch.journal import PartFile
from framemill.fetch.names import name_of
from framemill.fetch.refusals import refusal, refuse_encoded, refuse_page, too_large
from framemill.fetch.slots import Slots
from framemill.fetch.spans import Span, Spans
from framemill.fetch.versions import Version, part_of, total_of_unsatisfied, version_of

_WORTH = 256 * 1024  # what must have come since the last failure for it to be forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How far a download may go."""

    max_bytes: int | None = 50 << 30
    timeout_s: float = 6 * 3600  # in all, pauses not counted
    min_rate: int = 1024  # bytes a second, over `window_s`
    window_s: float = 30
    connections: int = 4
    piece: int = 16 << 20
    tries: int = 8  # in a row without progress
    first_wait_s: float = 0.5
    longest_wait_s: float = 30
    longest_asked_s: float = 300  # of what a server may ask us to wait
    agent: str = "framemill"
    spread: Callable[[], float] = random.random


class Changed(Exception):
    """The file on the server is another one now."""


class Plain(Exception):
    """The server cannot give parts that are proven to belong together."""


class Crew:
    """One round of bringing pieces."""

    def __init__(
        self,
        guard: Guard,
        slots: Slots,
        rules: Rules,
        part: PartFile,
        origin: Target,
        named: Callable[[str], object],
        *,
        plain: bool,
    ) -> None:
        self._guard = guard
        self._slots = slots
        self._rules = rules
        self._part = part
        self._origin = origin
        self._named = named  # hears what the file is called, and may refuse that
        self._plain = plain
        self._at = origin  # where redirects led the last time
        self._lock = threading.Lock()
        self._taken = Spans()
        self._failures = 0
        self._bytes_at_failure = part.bytes
        self._busy = 0  # how many really wait for bytes, not for their turn
        self._threads: list[threading.Thread] = []
        self._halt = threading.Event()
        self.problem: Exception | None = None
        self.whole = False

    @property
    def total(self) -> int | None:
        """Bytes of the file, once known."""
        return self._part.version.length if self._part.version else None

    @property
    def working(self) -> bool:
        """True while anybody is at it."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def plain(self) -> bool:
        """True where the server turned out to give the whole file only."""
        return self._plain

    @property
    def busy(self) -> bool:
        """True while somebody waits for bytes: time that counts."""
        return self._busy > 0

    def man(self) -> None:
        """Start as many as there is use for; called again and again."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        room = self._rules.connections - len(self._threads)
        for _ in range(min(room, self._open_pieces()) if not self._halt.is_set() else 0):
            thread = threading.Thread(target=self._work, name="download", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _open_pieces(self) -> int:
        """How many pieces nobody is at."""
        with self._lock:
            missing = self._missing()
            if missing is None or self._plain:
                return 0 if self._taken or self._threads else 1
            left = Spans.of([*self._part.done, *self._taken]).missing(self.total or 0)
            return -(-left.bytes // self._rules.piece)

    def end(self) -> None:
        """Stop all of them, and wait for it."""
        self._halt.set()
        for thread in self._threads:
            thread.join()

    def _missing(self) -> Spans | None:
        version = self._part.version
        if version is None or version.length is None:
            return None
        return self._part.missing(version.length)

    def _work(self) -> None:
        while not self._halt.is_set() and not self.whole and (span := self._take()) is not None:
            wait_s = 0.0
            try:
                with self._slots.one(self._at.host, stopped=self._halt.is_set), self._counted():
                    self._bring(span)
            except Cancelled:
                return
            except DownloadInterrupted as error:
                wait_s = self._after(error)
            except Exception as problem:  # noqa: BLE001 - raised where the round is waited for
                self._stop(problem)
            finally:
                self._give_back(span)
            self._halt.wait(wait_s)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    def _take(self) -> Span | None:
        """The next piece that nobody is at; None where there is none."""
        with self._lock:
            missing = self._missing()
            if missing is None or self._plain:
                span = None if self._taken else (0, self._rules.piece)
            else:
                open_ = Spans.of([*self._part.done, *self._taken]).missing(self.total or 0)
                first = next(iter(open_), None)
                span = None if first is None else (first[0], min(first[1], first[0] + self._rules.piece))
            if span is not None:
                self._taken.add(*span)
            return span

    def _give_back(self, span: Span) -> None:
        with self._lock:
            self._taken = Spans.of(
                piece
                for start, stop in self._taken
                for piece in ((start, min(stop, span[0])), (max(start, span[1]), stop))
                if piece[0] < piece[1]
            )

    def _after(self, error: DownloadInterrupted) -> float:
        """Seconds to wait after a failure; the one too many ends the round."""
        rules, self._at = self._rules, self._origin
        with self._lock:
            come = self._part.bytes
            if come - self._bytes_at_failure >= _WORTH and not self._plain:
                self._failures = 0
            self._failures, self._bytes_at_failure = self._failures + 1, come
            failures = self._failures
        if failures >= rules.tries:
            self._stop(error)
        own: float = min(rules.longest_wait_s, rules.first_wait_s * 2 ** (failures - 1))
        return max(own * (0.5 + rules.spread() / 2), min(error.asked_s, rules.longest_asked_s))

    def _stop(self, problem: Exception) -> None:
        with self._lock:
            self.problem = self.problem or problem
        self._halt.set()

    def _bring(self, span: Span) -> None:
        version, asked = self._part.version, self._at
        headers = {} if self._plain else {"Range": f"bytes={span[0]}-{span[1] - 1}"}
        if version is not None and version.validator is not None and not self._plain:
            headers["If-Range"] = version.validator
        with get(
            self._guard, asked, headers=headers, agent=self._rules.agent, stopped=self._halt.is_set
        ) as answer:
            self._at = answer.target
            if answer.status == 206 and not self._plain:
                self._part_came(answer, span)
            elif answer.status == 200:
                self._whole_comes(answer)
            elif answer.status == 416 and version is None and total_of_unsatisfied(answer.headers) == 0:
                self._begin(version_of(answer.headers, length=0), answer)
                self.whole = True
            elif answer.status in {412, 416} and version is not None:
                raise Changed
            else:
                refused = refusal(answer)
                if asked != self._origin and not refused.transient:
                    # Where a redirect led a while ago may have expired; it may lead elsewhere now.
                    raise DownloadInterrupted(refused.message, reason=refused.reason)
                raise refused

    def _part_came(self, answer: Answer, span: Span) -> None:
        refuse_encoded(answer)
        part, version = part_of(answer.headers), self._part.version
        if part is None or part.start != span[0] or answer.length not in {None, part.stop - part.start}:
            raise DownloadInterrupted(f"{answer.target.host} gives other bytes than asked", reason="protocol")
        offered = version_of(answer.headers, length=part.total)
        if version is not None:
            if not version.is_same(offered):
                raise Changed if version.can_be_told_from(offered) else Plain
        elif offered.validator is not None:
            self._begin(offered, answer)
        elif part.start == 0 and part.stop == part.total:
            self._begin(offered, answer)
            self._plain = True  # whole, but what breaks off cannot be continued
        else:
            raise Plain
        self._stream(answer, part.start, part.stop)
        self.whole = self.whole or self._plain

    def _whole_comes(self, answer: Answer) -> None:
        refuse_encoded(answer)
        offered, version = version_of(answer.headers, length=answer.length), self._part.version
        if not self._plain and version is not None:
            raise Plain if version.is_same(offered) else Changed
        self._plain = True
        self._begin(offered, answer)
        self._stream(answer, 0, offered.length)
        self.whole = True

    def _begin(self, version: Version, answer: Answer) -> None:
        refuse_page(answer)
        limit, length = self._rules.max_bytes, version.length
        if length is not None:
            if limit is not None and length > limit:
                raise too_large(limit)
            if length > shutil.disk_usage(self._part.path.parent).free:
                raise DiskFull(
                    f"the file has {length} bytes, more than are free on the disk", hint="free some space"
                )
        name = name_of(self._origin, answer.headers)
        self._named(name)
        self._part.name = name
        self._part.begin(version)

    def _stream(self, answer: Answer, at: int, stop: int | None) -> None:
        limit = self._rules.max_bytes
        while stop is None or at < stop:
            data = answer.read()
            if self._halt.is_set():
                raise Cancelled
            if not data:
                if stop is None:
                    return
                raise DownloadInterrupted(f"{answer.target.host} broke off", reason="broken")
            if stop is not None and at + len(data) > stop:
                raise DownloadInterrupted(f"{answer.target.host} gives more than it said", reason="protocol")
            if limit is not None and at + len(data) > limit:
                raise too_large(limit)
            self._part.write(data, at)
            at += len(data)
