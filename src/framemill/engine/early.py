"""Looking at the parts of a numbered output while later ones are still being written.

Probing is most of what verification costs, and beside a running encode or
copy it is free. A part counts as finished once the next one is there; what
was seen holds only while the file stays as it was.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from framemill.domain.media import MediaInfo
from framemill.domain.plan import Output
from framemill.engine.verify import files_of
from framemill.errors import FramemillError

_Stamp = tuple[int, int]  # size, mtime_ns
_Look = Callable[[Path], MediaInfo]


class EarlyLooks:
    """What is known of parts before the whole is done."""

    def __init__(self, outputs: Sequence[Output], out: Path, look: _Look) -> None:
        self._outputs = [o for o in outputs if o.numbered and o.promise.kind == "media"]
        self._out = out
        self._look = look
        self._seen: dict[Path, Future[tuple[_Stamp, MediaInfo]]] = {}
        # One at a time: the program that writes has the machine.
        self._crew = ThreadPoolExecutor(max_workers=1, thread_name_prefix="look")

    def __enter__(self) -> "EarlyLooks":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.shutdown(cancel_futures=True)

    def notice(self) -> None:
        """Begin to look at parts that were finished since the last call."""
        for output in self._outputs:
            for path in files_of(output, self._out)[:-1]:
                if path not in self._seen:
                    self._seen[path] = self._crew.submit(self._stamped, path)

    def look(self, path: Path) -> MediaInfo:
        """What `path` contains: as it was seen, where it is still the same, else looked at now."""
        if (seen := self._seen.get(path)) is not None:
            try:
                stamp, media = seen.result()
            except FramemillError:
                return self._look(path)  # it was not finished after all, or it is broken: that shows now
            if stamp == _stamp(path):
                return media
        return self._look(path)

    def _stamped(self, path: Path) -> tuple[_Stamp, MediaInfo]:
        stamp = _stamp(path)
        return stamp, self._look(path)


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
