"""Earlier jobs' work for a job: whose it may use, how it is taken, and what it leaves for later ones.

Nothing here fails a job: what cannot be taken is made, what cannot be kept is not.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from framemill.domain.plan import Plan, Step
from framemill.errors import BlobNotFound, DiskFull, StorageUnavailable, VideoNotFound
from framemill.planner.reuse import Reuse
from framemill.storage.kept import Kept
from framemill.store.database import Database
from framemill.store.tables import Job
from framemill.store.videos import get_video

Json = dict[str, Any]  # Any: JSON as the tables hold it

_VIDEO, _OWNER = "video-", "owner-"
_WHOLE = "sha256:"
_FORGIVEN = (OSError, BlobNotFound, DiskFull, StorageUnavailable)


def scope_of(job: Job) -> str:
    """Whose work `job` may use: that of its video, or of its owner's jobs on plain files."""
    return scope_of_video(job.video_id) if job.video_id is not None else scope_of_owner(job.owner)


def scope_of_video(video_id: str) -> str:
    """The scope of jobs on a stored video; it goes with the video."""
    return f"{_VIDEO}{video_id}"


def scope_of_owner(owner: str) -> str:
    """The scope of jobs on plain files."""
    return f"{_OWNER}{hashlib.sha256(owner.encode()).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What there is for one scope."""

    kept: Kept
    scope: str

    def reuse(self, inputs: Mapping[str, Path], digests: Mapping[str, str]) -> Reuse:
        """What planning needs, before it knows what is at hand."""
        contents = {name: _certain(digest, inputs[name]) for name, digest in digests.items()}
        return Reuse(scope=self.scope, contents=contents)

    def among(self, plan: Plan) -> frozenset[str]:
        """The keys of what `plan` makes that are at hand."""
        keys = {output.kept_as for output in plan.outputs() if output.kept_as}
        with suppress(*_FORGIVEN):
            return self.kept.among(self.scope, keys) if keys else frozenset()
        return frozenset()

    def take(self, step: Step, out: Path, *, check: Callable[[], None]) -> bool:
        """True where all that the step makes is below `out` now, and was made by an earlier job."""
        if not all(output.kept_as for output in step.outputs):
            return False
        taken: list[Path] = []
        for output in step.outputs:
            target, whole = out / output.path, False
            with suppress(*_FORGIVEN):
                whole = self.kept.take(self.scope, output.kept_as, target, check=check)
            taken.append(target)
            if not whole:
                for path in taken:
                    path.unlink(missing_ok=True)
                return False
        return True

    def keep(
        self, step: Step, result: Json, out: Path, *, check: Callable[[], None], instead: bool = False
    ) -> None:
        """Keep what the step made, as far as that is wanted and goes; `instead` of what is there already."""
        stored = result.get("stored", {})
        for output in step.outputs:
            if not output.kept_as:
                continue
            where = stored.get(output.path)
            with suppress(*_FORGIVEN):
                if instead:
                    self.kept.forget(self.scope, (output.kept_as,))
                self.kept.keep(
                    self.scope,
                    output.kept_as,
                    out / output.path,
                    check=check,
                    stored=where and (where["key"], where["digest"].removeprefix(_WHOLE)),
                )

    def forget_pieces(self, steps: Iterable[Step]) -> None:
        """Of a job that is done, remove what only served to make something else that was kept."""
        with suppress(*_FORGIVEN):
            self.kept.forget(self.scope, tuple(_pieces(tuple(steps))))


def tidy(kept: Kept, database: Database) -> int:
    """Remove what is too old or too much, and what belonged to videos that are gone; returns how many."""
    gone = [scope for scope in kept.scopes() if scope.startswith(_VIDEO) and not _is_there(scope, database)]
    for scope in gone:
        kept.forget(scope)
    return len(gone) + kept.tidy()


def _is_there(scope: str, database: Database) -> bool:
    with suppress(VideoNotFound, ValueError), database.read() as session:
        get_video(session, str(UUID(scope.removeprefix(_VIDEO))))
        return True
    return False


def _pieces(steps: tuple[Step, ...]) -> Iterator[str]:
    readers: dict[str, list[Step]] = {}
    for step in steps:
        for item in step.inputs:
            readers.setdefault(item.ref, []).append(step)
    for step in steps:
        for output in step.outputs:
            found = readers.get(output.id, [])
            if output.kept_as and found and all(o.kept_as for reader in found for o in reader.outputs):
                yield output.kept_as


def _certain(digest: str, path: Path) -> str:
    """What tells this content from any other.

    A sampled digest does not: with it goes which file it is, and when anything of it last changed.
    """
    if digest.startswith(_WHOLE):
        return digest
    found = path.stat()
    return f"{digest} {found.st_ino} {found.st_mtime_ns} {found.st_ctime_ns}"
