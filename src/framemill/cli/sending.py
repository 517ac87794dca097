"""Sending files: what is missing goes in parallel, again where that failed, and on where a killed run was."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from framemill.cli.upload_doors import Door
from framemill.client.uploads import Standing, Wish
from framemill.domain.uploads import Cut
from framemill.errors import (
    FramemillError,
    InputUnreadable,
    InvalidUpload,
    ServerUnavailable,
    UploadNotFound,
)
from framemill.operations.binding import existing

_PIECE = 256 << 10
_TRIES = 6
_ROUNDS = 3  # of sending what is missing
_COMPLETING_S = 3600.0

T = TypeVar("T")
Moved = Callable[[int], None]  # told how many bytes were sent, less than none where some go again


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a file is as long as nobody changes it."""

    path: Path
    bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> "Facts":
        """The file as it is now; InputNotFound, InputUnreadable."""
        found = existing(str(path))
        if not found.is_file():
            raise InputUnreadable(path.name, "it is not a regular file")
        about = found.stat()
        return cls(path=Path(os.path.abspath(found)), bytes=about.st_size, mtime_ns=about.st_mtime_ns)  # noqa: PTH100 - resolve() would follow links


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends files through one door."""

    door: Door
    wish: Wish
    memory: Path  # a folder for what a killed run has to know
    side_by_side: int = 4
    wait: Callable[[float], None] = time.sleep

    def send(self, path: Path, *, reading: Moved, moved: Moved) -> Standing:
        """Bring one file in; says the video. `reading` counts bytes of the digest, `moved` of the parts."""
        facts = Facts.of(path)
        note = self._note(facts)
        known = _read(note)
        if "sha256" not in known:
            known = {"key": uuid4().hex, "sha256": _digest(facts, reading)}
            # Written first: whoever comes after a kill asks with the same key, and gets the same upload.
            _write(note, known)
        try:
            end = self._bring(facts, known, note, moved)
        except (InvalidUpload, UploadNotFound):
            note.unlink(missing_ok=True)  # over; the next run begins anew
            raise
        note.unlink(missing_ok=True)
        return end

    def _bring(self, facts: Facts, known: dict[str, str], note: Path, moved: Moved) -> Standing:
        standing = self._begun(facts, known, note)
        for _ in range(_ROUNDS):
            if (upload_id := standing.id) is None or standing.state != "open":
                break
            self._send(facts, standing, moved)
            if Facts.of(facts.path) != facts:
                raise InvalidUpload(f"{facts.path.name!r} changed while it was sent", hint="send it again")
            try:
                standing = self._completed(upload_id, known["sha256"])
            except InvalidUpload:
                # A part may be missing after all; anything else is over.
                standing = self.door.show(upload_id)
                if standing.state != "open" or not standing.missing:
                    raise
        if standing.id is not None and standing.state != "completed":
            standing = self._completed(standing.id, known["sha256"])
        return standing

    def _begun(self, facts: Facts, known: dict[str, str], note: Path) -> Standing:
        """The upload that a killed run left, or a new one."""
        if "upload" in known:
            with suppress(UploadNotFound):
                standing = self.door.show(known["upload"])
                if standing.state != "failed":
                    return standing
            known["key"] = uuid4().hex
        standing = self._patiently(
            lambda: self.door.begin(
                facts.path.name, facts.bytes, sha256=known["sha256"], wish=self.wish, key=known["key"]
            )
        )
        if standing.id is not None:
            _write(note, {**known, "upload": standing.id})
            # Under a key that was used before, some may have arrived.
            standing = self.door.show(standing.id)
        return standing

    def _send(self, facts: Facts, standing: Standing, moved: Moved) -> None:
        assert standing.id is not None
        made, upload_id = Cut(bytes=facts.bytes, part_bytes=standing.part_bytes), standing.id
        with facts.path.open("rb") as file, ThreadPoolExecutor(self.side_by_side) as pool:

            def send(number: int) -> None:
                size, sent = made.bytes_of(number), 0

                def content() -> Iterator[bytes]:
                    nonlocal sent
                    moved(-sent)
                    sent = 0
                    for piece in _pieces(file.fileno(), made.start_of(number), size):
                        yield piece
                        sent += len(piece)
                        moved(len(piece))

                self._patiently(lambda: self.door.send(upload_id, number, content, size))

            sending = [pool.submit(send, number) for number in standing.missing]
            try:
                done, _ = wait(sending, return_when=FIRST_EXCEPTION)
                for one in done:
                    one.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _completed(self, upload_id: str, digest: str) -> Standing:
        waited = 0.0
        while True:
            standing = self._patiently(lambda: self.door.complete(upload_id, sha256=digest))
            if not standing.completing or waited >= _COMPLETING_S:
                return standing
            self.wait(1.0)
            waited += 1.0

    def _patiently(self, act: Callable[[], T]) -> T:
        """What `act` gives, in the end: passing trouble is met with patience."""
        for attempt in range(1, _TRIES + 1):
            try:
                return act()
            except FramemillError as error:
                if not error.transient or attempt == _TRIES:
                    raise
                asked = error.wait_s if isinstance(error, ServerUnavailable) else 0.0
            self.wait(max(asked, min(30.0, 0.5 * 2**attempt)))
        raise AssertionError  # the last try returns or raises

    def _note(self, facts: Facts) -> Path:
        wish = self.wish
        # An upload that is asked for in other words is another one.
        told = [self.door.place, wish.workspace, wish.collection, wish.pipeline, wish.kind, str(facts.path)]
        identity = json.dumps([*told, facts.bytes, facts.mtime_ns])
        return self.memory / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.json"


def _digest(facts: Facts, reading: Moved) -> str:
    total = hashlib.sha256()
    with facts.path.open("rb") as file:
        while piece := file.read(1 << 20):
            total.update(piece)
            reading(len(piece))
    return total.hexdigest()


def _pieces(fd: int, start: int, size: int) -> Iterator[bytes]:
    at, end = start, start + size
    while at < end:
        piece = os.pread(fd, min(_PIECE, end - at), at)
        if not piece:
            raise InvalidUpload("the file was cut short while it was sent", hint="send it again")
        yield piece
        at += len(piece)


def _read(note: Path) -> dict[str, str]:
    try:
        found = json.loads(note.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(note: Path, known: dict[str, str]) -> None:
    """Remember it; where that cannot be, a killed run begins anew."""
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        fresh = note.with_suffix(".new")
        fresh.write_text(json.dumps(known), "utf-8")
        fresh.replace(note)


def forget_old(memory: Path, *, older_s: float = 86_400.0) -> None:
    """Remove notes of uploads whose time is over in any case."""
    with suppress(OSError):
        for note in memory.glob("*.json"):
            with suppress(OSError):
                if time.time() - note.stat().st_mtime > older_s:
                    note.unlink()
