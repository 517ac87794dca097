"""The part file and the journal beside it: what has come, of which version, through any crash.

The journal never claims a byte that is not on the disk. It knows its URL by
a digest only, because a URL may hold a secret.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import threading
from pathlib import Path

from framemill.errors import DownloadInterrupted, OutputExists
from framemill.fetch.spans import Spans
from framemill.fetch.versions import Version

_FORMAT = 1


class PartFile:
    """A file that is being downloaded, by one at a time."""

    def __init__(self, path: Path, *, url: str) -> None:
        self.path = path
        self._journal = path.with_name(path.name + ".json")
        self._url = hashlib.sha256(url.encode()).hexdigest()
        self._lock = threading.Lock()
        self._fd: int | None = None
        self._written: str | None = None
        self.done = Spans()
        self.version: Version | None = None
        self.name: str | None = None  # what the server calls it
        self.changes = 0  # how often the file on its server turned out to be another one

    def open(self) -> None:
        """Go on where the journal says, or begin; DownloadInterrupted where somebody else is at it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise DownloadInterrupted(
                f"{self.path.name} is being downloaded already", reason="taken"
            ) from error
        try:
            self._recall(json.loads(self._journal.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AssertionError):
            self.begin(None)  # none, or none that can be believed

    def _recall(self, said: dict[str, object]) -> None:
        version, done = said["version"], said["done"]
        if said["format"] != _FORMAT or said["url"] != self._url:
            raise ValueError("of something else")
        assert isinstance(done, list)
        known = Version(**version) if isinstance(version, dict) else None
        spans = Spans.of((int(start), int(stop)) for start, stop in done)
        size = os.fstat(self._file).st_size
        if spans and (known is None or any(stop > size or start < 0 for start, stop in spans)):
            raise ValueError("more than there is")
        changes, name = said["changes"], said["name"]
        assert isinstance(changes, int)
        assert isinstance(name, str | None)
        self.version, self.done, self.changes, self.name = known, spans, changes, name

    @property
    def _file(self) -> int:
        assert self._fd is not None
        return self._fd

    def begin(self, version: Version | None) -> None:
        """Throw away what has come: what comes now is of `version`."""
        with self._lock:
            self.version, self.done = version, Spans()
            os.ftruncate(self._file, 0)
        self.save()

    def write(self, data: bytes, at: int) -> None:
        """Put bytes in their place."""
        view, place = memoryview(data), at
        while view:
            written = os.pwrite(self._file, view, place)
            view, place = view[written:], place + written
        with self._lock:
            self.done.add(at, at + len(data))

    def save(self) -> None:
        """Make the disk keep what has come, then say so in the journal."""
        with self._lock:
            said = {
                "format": _FORMAT,
                "url": self._url,
                "version": None
                if self.version is None
                else {
                    "length": self.version.length,
                    "etag": self.version.etag,
                    "modified": self.version.modified,
                },
                # What nothing proves to belong to the rest cannot be continued.
                "done": list(self.done) if self.version and self.version.validator else [],
                "changes": self.changes,
                "name": self.name,
            }
        text = json.dumps(said)
        if text == self._written:
            return
        os.fsync(self._file)
        fresh = self._journal.with_name(self._journal.name + ".new")
        fresh.write_text(text, "utf-8")
        fresh.replace(self._journal)
        self._written = text

    @property
    def bytes(self) -> int:
        """How many have come."""
        with self._lock:
            return self.done.bytes

    def missing(self, total: int) -> Spans:
        """What of `total` bytes has not come."""
        with self._lock:
            return self.done.missing(total)

    def finish(self, to: Path, *, overwrite: bool = False) -> None:
        """Give the whole file its name, for good; the journal goes. OutputExists where the name is taken."""
        os.fsync(self._file)
        if overwrite:
            self.path.replace(to)
        else:
            self._link(to)
        self._journal.unlink(missing_ok=True)
        folder = os.open(to.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _link(self, to: Path) -> None:
        """Rename, but only to a name that is free."""
        try:
            to.hardlink_to(self.path)
        except FileExistsError as error:
            raise OutputExists(str(to)) from error
        except OSError:  # a disk without links: the look and the rename are two
            if to.exists():
                raise OutputExists(str(to)) from None
            self.path.replace(to)
        else:
            self.path.unlink()

    def discard(self) -> None:
        """Remove what has come."""
        self.path.unlink(missing_ok=True)
        self._journal.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = None
