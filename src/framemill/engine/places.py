"""Where jobs work on this machine: beside their results, or apart where these go into the store."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framemill.domain.plan import Step
from framemill.engine.machine import Machine, Stop
from framemill.engine.stored import dump
from framemill.engine.workspace import Workspace
from framemill.errors import FramemillError, InputUnreadable, InvalidSettings, StorageUnavailable
from framemill.store.database import Database
from framemill.store.tables import Job, Task

if TYPE_CHECKING:
    from framemill.engine.reusing import Shelf
    from framemill.engine.stock import Stock
    from framemill.storage.kept import Kept


Json = dict[str, Any]  # Any: JSON as the tables hold it


class WorkMissing(Exception):
    """What steps made is neither on this machine nor in the store."""

    def __init__(self, keys: set[str]) -> None:
        self.keys = keys
        super().__init__(", ".join(sorted(keys)))

    @property
    def error(self) -> FramemillError:
        """What is said where doing the steps again did not help."""
        return StorageUnavailable(
            f"what earlier steps made is not on this machine and not in the store: {self}",
            hint="where several machines work, set FRAMEMILL_SHARED_WORK=yes for all of them",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders of this machine, and the store for jobs on stored videos."""

    work: Path | None = None
    open_stock: "Callable[[], Stock] | None" = None  # asked for when a job on a stored video runs
    # Earlier jobs' work, for jobs on stored videos or on plain files; it may be that nothing is kept.
    open_kept: "Callable[[bool], Kept | None] | None" = None

    def of(self, job: Job) -> Workspace:
        """Where `job` works."""
        if job.video_id is not None:
            return Workspace(self._work, job.id, private=True)
        place = job.destination
        return Workspace(Path(place["path"]), job.id, missing=place["missing"])

    @property
    def stock(self) -> "Stock":
        """The store as jobs see it; InvalidSettings where this process has none."""
        if self.open_stock is None:
            raise InvalidSettings("this process has no store of files", hint="run the job by a worker")
        return self.open_stock()

    def settle(self, job: Job, database: Database) -> None:
        """Make the working folder; DestinationUnwritable."""
        place = self.of(job)
        if job.video_id is not None and not place.root.is_dir():
            # Where it ends on another machine, nobody else here would ever remove what earlier jobs left.
            from framemill.engine.leftovers import clear_machine

            clear_machine(database, place.destination)
        place.create()

    @contextmanager
    def inputs(self, job: Job, *, check: Callable[[], None]) -> Iterator[dict[str, Path]]:
        """The job's inputs as files of this machine, until the block ends."""
        if job.video_id is None:
            yield {name: Path(facts["path"]) for name, facts in job.inputs.items()}
            return
        place = self.of(job)
        place.create()
        with self.stock.inputs(job.inputs, place.root / "inputs", check=check) as found:
            yield found

    def bring(self, job: Job, step: Step, makers: Sequence[Task], *, check: Callable[[], None]) -> None:
        """Have on this machine what `step` reads of what `makers` made; WorkMissing where that cannot be."""
        if job.video_id is not None:
            self.stock.bring(step, makers, self.of(job).root, check=check)

    def keep(
        self,
        job: Job,
        scratch: Path,
        outputs: Mapping[str, Sequence[Json]],
        *,
        check: Callable[[], None],
    ) -> Json:
        """Keep what a step made for other machines, where there may be some; what its record gains."""
        return {} if job.video_id is None else self.stock.keep(job.id, scratch, outputs, check=check)

    def shelf(self, job: Job) -> "Shelf | None":
        """Earlier jobs' work that `job` may use; None where it is to make everything anew."""
        if self.open_kept is None or not job.destination.get("reuse", True):
            return None
        kept = self.open_kept(job.video_id is not None)
        if kept is None:
            return None
        from framemill.engine.reusing import Shelf, scope_of

        return Shelf(kept=kept, scope=scope_of(job))

    def clear(self, job: Job) -> None:
        """Remove the working folder and what the job kept in the store for its own steps.

        A store that does not answer is left to the janitor.
        """
        self.of(job).remove()
        if job.video_id is not None and self.open_stock is not None:
            with suppress(FramemillError):
                self.stock.forget_work(job.id)

    @property
    def _work(self) -> Path:
        if self.work is None:
            raise InvalidSettings("this process has no folder to work in", hint="set FRAMEMILL_WORK_DIR")
        return self.work


def known_digest(facts: Json) -> str | None:
    """The digest of an input, where it is known without reading it."""
    return f"sha256:{facts['sha256']}" if facts.get("sha256") else None


def known_media(job: Job, inputs: Mapping[str, Path], machine: Machine, stop: Stop) -> Json | None:
    """What the job's video holds, where it works on one."""
    own = [name for name, facts in job.inputs.items() if job.video_id and facts.get("video") == job.video_id]
    with suppress(InputUnreadable):  # the plan read it as something else
        return dump(machine.look(inputs[own[0]], stop=stop)) if own else None
    return None


# Of processes that only know jobs on plain files.
PLAIN = Places()
