"""Moving verified results to their names: all of them or none, and never over what is not ours to replace.

A journal in the working folder is written before the first move. So a
publication that was killed half-way is continued, or undone, by whoever
comes next.
"""

import errno
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from framemill.engine.digests import size_of
from framemill.engine.workspace import Workspace, missing_folders, remove
from framemill.errors import InvalidSpec, OutputExists, OutputInvalid

# File systems without hard links say so in one of these ways.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One result on its way: `source` below the working folder, `target` below the destination."""

    source: str
    target: str
    folder: bool
    inode: int
    bytes: int


class Publication:
    """The moves of one job."""

    def __init__(self, workspace: Workspace, moves: Sequence[Move], made: Sequence[str]) -> None:
        self._workspace = workspace
        self.moves = tuple(moves)
        self._made = tuple(made)  # folders for results that were not there before

    @classmethod
    def prepare(cls, workspace: Workspace, results: Iterable[tuple[Path, str]]) -> "Publication":
        """Write down what will move where; `results` are files or folders and their published names."""
        if (begun := cls.begun(workspace)) is not None:
            return begun
        moves, made = [], dict[str, None]()
        for source, target in results:
            facts = source.lstat()
            moves.append(
                Move(
                    source=source.relative_to(workspace.root).as_posix(),
                    target=target,
                    folder=source.is_dir(),
                    inode=facts.st_ino,
                    bytes=size_of(source),
                )
            )
            made.update(dict.fromkeys(missing_folders((workspace.destination / target).parent)))
        text = json.dumps({"moves": [asdict(move) for move in moves], "made": list(made)})
        draft = workspace.journal.with_suffix(".new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(workspace.journal)
        return cls(workspace, moves, list(made))

    @classmethod
    def begun(cls, workspace: Workspace) -> "Publication | None":
        """The publication that an earlier attempt began, None where none did."""
        if not workspace.journal.exists():
            return None
        data = json.loads(workspace.journal.read_text(encoding="utf-8"))
        return cls(workspace, [Move(**move) for move in data["moves"]], data["made"])

    def run(self, *, overwrite: bool) -> None:
        """Make every result visible under its name, each at once. Doing it again does the rest.

        Raises OutputExists where a name was taken meanwhile; then nothing of
        this job is left under any name, and what was replaced is back.
        """
        try:
            for number, move in enumerate(self.moves):
                self._put(move, number, overwrite=overwrite)
        except BaseException:
            self.undo()
            raise

    def undo(self) -> None:
        """Move what was published back into the working folder, and what it replaced back to its name."""
        for number, move in reversed(list(enumerate(self.moves))):
            source, target = self._source(move), self._target(move)
            old = self._workspace.old / str(number)
            if self.has_arrived(move) and source.exists():
                target.unlink()  # a second name of a file that is still here
            elif self.has_arrived(move):
                source.parent.mkdir(parents=True, exist_ok=True)
                target.rename(source)
            if os.path.lexists(old) and not os.path.lexists(target):
                old.rename(target)
        for folder in reversed(self._made):
            with suppress(OSError):  # somebody else's files are in it, or it was never made
                Path(folder).rmdir()
        self._workspace.journal.unlink(missing_ok=True)

    def has_arrived(self, move: Move) -> bool:
        """True where the file or folder under the published name is this job's own."""
        target = self._target(move)
        if target.is_symlink() or not target.exists():
            return False
        if target.stat().st_ino == move.inode:
            return True
        # Where a file system's numbers change, only a move of ours explains that the source is gone.
        return not self._source(move).exists() and size_of(target) == move.bytes

    def is_whole(self) -> bool:
        """True while nothing that was to be published is lost."""
        return all(self.has_arrived(move) or self._source(move).exists() for move in self.moves)

    def _put(self, move: Move, number: int, *, overwrite: bool) -> None:
        source, target = self._source(move), self._target(move)
        if self.has_arrived(move):
            if not move.folder:
                source.unlink(missing_ok=True)
            return
        if not source.exists():
            raise OutputInvalid(f"{move.target!r} vanished from the working folder before it was published")
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target):
            if not overwrite:
                raise OutputExists(str(target))
            self._set_aside(target, self._workspace.old / str(number), folder=move.folder)
            source.replace(target)
        elif move.folder:
            source.rename(target)
        else:
            _link_or_rename(source, target)

    def _set_aside(self, target: Path, old: Path, *, folder: bool) -> None:
        _check_kind(target, folder=folder)
        old.parent.mkdir(exist_ok=True)
        remove(old)
        if not folder and not target.is_symlink():
            try:
                # A second name for the old file, so that the new one replaces it at once.
                old.hardlink_to(target)
                return
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
        target.rename(old)

    def _source(self, move: Move) -> Path:
        return self._workspace.root / move.source

    def _target(self, move: Move) -> Path:
        return self._workspace.destination / move.target


def check_targets(targets: Iterable[tuple[Path, bool]], *, inputs: Iterable[Path], overwrite: bool) -> None:
    """Refuse targets (path, is it a folder) that exist, or that are or hold one of the job's own inputs."""
    originals = [path.resolve() for path in inputs]
    for target, folder in targets:
        place = target.resolve()
        for original in originals:
            if original == place or original.is_relative_to(place) or _same_file(target, original):
                raise InvalidSpec(
                    f"the result {str(target)!r} would replace the input {str(original)!r}",
                    hint="choose another name: an input is never overwritten",
                )
        if os.path.lexists(target):
            if not overwrite:
                raise OutputExists(str(target))
            _check_kind(target, folder=folder)
        for parent in target.parents:
            if parent.exists():
                if not parent.is_dir():
                    raise OutputExists(str(parent))
                break


def _check_kind(target: Path, *, folder: bool) -> None:
    if target.is_dir() is not folder:
        found, wanted = ("folder", "file") if not folder else ("file", "folder")
        raise InvalidSpec(
            f"{str(target)!r} is a {found} and the result is a {wanted}",
            hint="choose another name: a folder and a file never replace each other",
        )


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _link_or_rename(source: Path, target: Path) -> None:
    # A link never replaces: whoever takes the name at the same moment keeps it.
    try:
        target.hardlink_to(source)
    except FileExistsError:
        raise OutputExists(str(target)) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise OutputExists(str(target)) from None
        source.rename(target)
    else:
        source.unlink()
