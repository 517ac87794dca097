"""A job's working folder, beside its results, so that publishing is a rename on one file system.

`<destination>/.framemill-<job>/` holds one scratch folder per attempt at a
step. Nobody but this job writes there; it goes when the job ends.
"""

import errno
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from framemill.domain.plan import Step
from framemill.errors import DestinationUnwritable

PREFIX = ".framemill-"
PLANNING = ".plan-"  # of the folders where plans are made that no job asked for
_OLD, _JOURNAL, _INPUTS = "old", "publish.json", "inputs"


class Workspace:
    """Where one job works. Making this object touches nothing."""

    def __init__(
        self, destination: Path, job_id: str, *, missing: Sequence[str] = (), private: bool = False
    ) -> None:
        self.destination = destination
        self.root = destination / f"{PREFIX}{job_id}"
        self.journal = self.root / _JOURNAL
        self.old = self.root / _OLD  # what an overwrite replaced, until the job is done
        self.inputs = self.root / _INPUTS  # what was fetched, and parts of it
        self._missing = tuple(Path(p) for p in missing)
        self._private = private  # nobody else of this machine may look

    def create(self) -> None:
        """Make the folder, and the destination where there is none; DestinationUnwritable, DiskFull."""
        try:
            if self._private:
                self.destination.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise
            raise DestinationUnwritable(str(self.destination)) from error

    def scratch(self, *, position: int, key: str, token: int) -> Path:
        """The folder of one attempt; an older attempt that still runs writes elsewhere."""
        slug = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:40]
        return self.root / f"{position:03}-{slug}-{token}"

    def keep_only(self, names: set[str]) -> None:
        """Remove what dead attempts left, all but the scratch folders `names`."""
        if self.root.is_dir():
            for path in self.root.iterdir():
                if path.name not in {*names, _OLD, _JOURNAL, _INPUTS}:
                    remove(path)

    def remove(self) -> None:
        """Remove the folder, and the destination where we made it and nothing is in it."""
        remove(self.root)
        for folder in reversed(self._missing):
            with suppress(OSError):
                folder.rmdir()


def missing_folders(destination: Path) -> list[str]:
    """The folders that making `destination` would make, outermost first."""
    chain = [destination, *destination.parents]
    return [str(path) for path in reversed(chain) if not path.exists()]


def stage(scratch: Path, step: Step, sources: Mapping[str, Path | Sequence[Path]]) -> tuple[Path, ...]:
    """Make `in/` and `out/`: inputs as links under their generated names, texts as files.

    `sources` gives each input's file, or the files of a numbered output, which
    become a folder of links. Returns the real paths that the step will read.
    """
    inbox = scratch / "in"
    inbox.mkdir(parents=True)
    (scratch / "out").mkdir()
    real: list[Path] = []
    for item in step.inputs:
        source = sources[item.ref]
        # A sandbox shows the file itself, not the links that lead to it.
        if isinstance(source, Path):
            real.append(source.resolve())
            (inbox / item.name).symlink_to(real[-1])
            continue
        (inbox / item.name).mkdir()
        for file in source:
            real.append(file.resolve())
            (inbox / item.name / file.name).symlink_to(real[-1])
    for text in step.texts:
        (inbox / text.name).write_text(text.content, encoding="utf-8")
    for output in step.outputs:
        path = scratch / "out" / output.path
        # ffmpeg's packagers write into a folder that is there.
        (path if output.promise.kind == "package" else path.parent).mkdir(parents=True, exist_ok=True)
    return tuple(real)


def remove(path: Path) -> None:
    """Remove a file or a whole folder, whether it is there or not."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(NotADirectoryError):  # a file has taken the place of its folder
            path.unlink(missing_ok=True)
