"""What jobs on stored videos read from the store, and what they leave there for each other while they run.

Originals are read where they lie, or from a copy of this machine. What a step
made is kept under `work/<job>/` where the next step may run on another
machine; it goes when the job ends.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uuid_utils import uuid7

from framemill.domain.plan import Step
from framemill.engine import transfer
from framemill.engine.digests import size_of
from framemill.engine.places import WorkMissing
from framemill.engine.transfer import Check
from framemill.engine.workspace import remove
from framemill.errors import BlobNotFound, InputUnreadable, OutputInvalid
from framemill.storage.blobs import BlobStore
from framemill.storage.cache import Cache
from framemill.store.tables import Task

Json = dict[str, Any]  # Any: JSON as the tables hold it

WORK = "work"
_NO_NAME = re.compile(r"[/\x00-\x1f\x7f]")
_LONGEST_NAME = 200  # bytes; file systems take 255


def _a_moment() -> None:
    time.sleep(0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The store as jobs see it."""

    blobs: BlobStore
    cache: Cache
    shared: bool = False  # what steps make is kept in the store: others may need it elsewhere
    wait: Callable[[], object] = _a_moment

    @contextmanager
    def inputs(self, facts: Mapping[str, Json], folder: Path, *, check: Check) -> Iterator[dict[str, Path]]:
        """Files of this machine with the job's inputs, until the block ends.

        They are links below `folder` that bear the names which people gave.
        Raises BlobNotFound, InputUnreadable where the store holds something else.
        """
        with ExitStack() as holds:
            found = {}
            for number, (name, one) in enumerate(facts.items()):
                real = self._in_place(one) or holds.enter_context(
                    self.cache.held(
                        one["key"], bytes=one["bytes"], sha256=one["sha256"], check=check, wait=self.wait
                    )
                )
                found[name] = _link(folder / str(number) / file_name(one["path"]), real)
            yield found

    def _in_place(self, facts: Json) -> Path | None:
        path = self.blobs.local_path(facts["key"])
        if path is not None and path.stat().st_size != facts["bytes"]:
            raise InputUnreadable(facts["path"], "the store holds other bytes than were stored")
        return path

    def keep(
        self, job_id: str, scratch: Path, outputs: Mapping[str, Sequence[Json]], *, check: Check
    ) -> Json:
        """Put what a step made into the store; returns where each file and folder is."""
        if not self.shared:
            return {}

        def one(numbered: tuple[int, Json]) -> tuple[str, Json]:
            number, made = numbered
            key = f"{WORK}/{job_id}/{scratch.name}/{number}{'/' if made['folder'] else ''}"
            found = transfer.put(self.blobs, scratch / "out" / made["path"], key, check=check)
            transfer.expect(found, bytes=made["bytes"], digest=made["digest"], name=made["path"])
            return made["path"], {"key": key, "bytes": found.bytes, "digest": found.digest}

        every = [made for several in outputs.values() for made in several]
        return {"stored": dict(transfer.side_by_side(one, enumerate(every)))}

    def bring(self, step: Step, makers: Sequence[Task], root: Path, *, check: Check) -> None:
        """Have below `root` what `step` reads of what `makers` made; WorkMissing."""
        wanted = {item.ref for item in step.inputs}
        lost = set()
        for task in makers:
            result = task.result or {}
            for made in (made for ref in wanted for made in result.get("outputs", {}).get(ref, ())):
                target = root / result["scratch"] / "out" / made["path"]
                if is_whole(target, made["bytes"]):
                    continue
                kept = result.get("stored", {}).get(made["path"])
                if kept is None or not self._fetched(kept, target, root, check):
                    lost.add(task.key)
        if lost:
            raise WorkMissing(lost)

    def _fetched(self, kept: Json, target: Path, root: Path, check: Check) -> bool:
        """True where `target` is there now; False where the store has it no more, or damaged."""
        fresh = root / f"fetch-{uuid7()}"
        try:
            found = transfer.get(self.blobs, kept["key"], fresh, check=check)
            transfer.expect(found, bytes=kept["bytes"], digest=kept["digest"], name=target.name)
        except (BlobNotFound, OutputInvalid):
            remove(fresh)
            return False
        except BaseException:
            remove(fresh)
            raise
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            fresh.replace(target)
        except OSError:
            # A step beside this one brought the same folder a moment before.
            remove(fresh)
            return is_whole(target, kept["bytes"])
        return True

    def lost(self, job_id: str, tasks: Sequence[Task], root: Path) -> set[str]:
        """Keys of steps of which something is not in the store, nor below `root` where that will do."""
        sizes = {blob.key: blob.bytes for blob in self.blobs.list(f"{WORK}/{job_id}/")} if self.shared else {}

        def is_here(result: Json, made: Json) -> bool:
            local = root / result["scratch"] / "out" / made["path"]
            return not self.shared and is_whole(local, made["bytes"])

        return {
            task.key
            for task in tasks
            if task.result
            for several in task.result["outputs"].values()
            for made in several
            if not is_here(task.result, made)
            and not _is_kept(task.result.get("stored", {}).get(made["path"]), sizes)
            and (
                self.shared
                or not is_whole(root / task.result["scratch"] / "out" / made["path"], made["bytes"])
            )
        }

    def forget_work(self, job_id: str) -> int:
        """Remove what the job's steps kept in the store."""
        return transfer.remove_prefix(self.blobs, f"{WORK}/{job_id}/")


def is_whole(path: Path, size: int) -> bool:
    """True where a file or folder is there with all its bytes."""
    return path.exists() and size_of(path) == size


def _is_kept(kept: Json | None, sizes: Mapping[str, int]) -> bool:
    if kept is None:
        return False
    key, size = str(kept["key"]), int(kept["bytes"])
    if not key.endswith("/"):
        return sizes.get(key) == size
    return sum(found for name, found in sizes.items() if name.startswith(key)) == size


def file_name(text: str) -> str:
    """A name for people as a name of a file."""
    name = _NO_NAME.sub("_", text.encode("utf-8", "replace").decode()) or "_"
    if name in {".", ".."} or name.startswith("-"):
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    ending = dot + ending if stem and len(ending) < 16 else ""
    room = _LONGEST_NAME - len(ending.encode())
    return (stem if ending else name).encode()[:room].decode("utf-8", "ignore") + ending


def _link(link: Path, real: Path) -> Path:
    link.parent.mkdir(parents=True, exist_ok=True)
    if not (link.is_symlink() and link.readlink() == real):
        fresh = link.parent / f"link-{uuid7()}"
        fresh.symlink_to(real)
        fresh.replace(link)
    return link
