"""Finding the files that a batch or a watch works on, and where below the destination each one's results go.

Names and kinds only: whether a file is complete is `services.watching`'s question.
"""

import glob
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from framemill.domain.sources import Url, is_url
from framemill.errors import InputNotFound
from framemill.operations.binding import existing, path_of

# What cameras, recorders and people call films and sound; anything else is taken by `include`.
ENDINGS = frozenset(
    word
    for line in (
        "3g2 3gp aac ac3 aif aiff amv asf avi braw dav divx dv f4v flac flv h264 h265 hevc insv lrv",
        "m1v m2p m2t m2ts m2v m4a m4v mj2 mka mkv mod mov mp3 mp4 mpe mpeg mpg mts mxf nut oga ogg",
        "ogm ogv opus qt rm rmvb tod trp ts vob wav webm wma wmv wtv y4m",
    )
    for word in line.split()
)
_UNFINISHED = (
    *(".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".opdownload", ".filepart"),
    *(".ytdl", ".!ut", ".aria2", "~"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file, and the folder below the destination that is its own."""

    path: Path
    place: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """An address, and the same."""

    path: Url
    place: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """Which files of a folder are taken."""

    include: tuple[str, ...] = ()  # patterns of names, in any case; none: films and sound by their endings
    recursive: bool = False
    follow: bool = False  # links too, wherever they lead
    avoid: tuple[Path, ...] = ()  # folders that are not looked into: where results go

    def takes(self, relative: str) -> bool:
        """True for a file of this name below the folder."""
        name = relative.rpartition("/")[2]
        if unfinished(name):
            return False
        if not self.include:
            return name.rpartition(".")[2].lower() in ENDINGS and "." in name
        low = (name.lower(), relative.lower())
        return any(fnmatchcase(text, pattern.lower()) for pattern in self.include for text in low)


def unfinished(name: str) -> bool:
    """True for a hidden name, and for those that programs give what they still write."""
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)


def found(given: Sequence[str], sieve: Sieve) -> Iterator[Found | Addressed]:
    """The addresses among these names as they are, and the files that the others mean: see `files_named`."""
    urls = [Url(name) for name in dict.fromkeys(given) if is_url(name)]
    yield from _addressed(urls)
    names = [name for name in given if not is_url(name)]
    if names or not urls:
        yield from files_named(names, sieve)


def files_named(given: Sequence[str], sieve: Sieve) -> Iterator[Found]:
    """The files that these names, folders and patterns mean.

    Of several, the folders in which they differ are kept in `place`. Raises
    InputNotFound where one of them is nothing.
    """
    loose: list[Path] = []
    folders: list[Path] = []
    for name in given:
        if glob.has_magic(name) and not os.path.lexists(path_of(name)):
            # pathlib's globbing takes no absolute pattern.
            matched = sorted(glob.iglob(str(path_of(name)), recursive=True))  # noqa: PTH207
            files = [
                Path(path) for path in matched if Path(path).is_file() and not unfinished(Path(path).name)
            ]
            if not files:
                raise InputNotFound(name)
            loose += files
        else:
            path = existing(name)
            (folders if path.is_dir() else loose).append(path)
    base = Path(os.path.commonpath([*folders, *(path.parent for path in loose)]))
    for folder, names in _by_folder(loose):
        yield from _placed(folder, names, folder.relative_to(base))
    for folder in folders:
        yield from files_in(folder, sieve, below=folder.relative_to(base))


def files_in(folder: Path, sieve: Sieve, *, below: Path = Path()) -> Iterator[Found]:
    """The files of a folder, one folder after the other, by name; OSError where it cannot be read.

    A folder below it that cannot be read, or that goes meanwhile, is passed over.
    """
    seen: set[tuple[int, int]] = set()  # links that lead in a circle
    avoid = {path.resolve() for path in sieve.avoid}
    waiting: list[tuple[Path, str]] = [(folder, "")]
    while waiting:
        place, prefix = waiting.pop()
        try:
            names, folders = _look(place, prefix, sieve)
            about = place.stat()
        except OSError:
            if place == folder:
                raise
            continue
        if (about.st_dev, about.st_ino) in seen:
            continue
        seen.add((about.st_dev, about.st_ino))
        yield from _placed(place, names, below / prefix)
        if sieve.recursive:
            deeper = [(place / name, f"{prefix}{name}/") for name in sorted(folders, reverse=True)]
            waiting += [item for item in deeper if item[0].resolve() not in avoid]


def _look(place: Path, prefix: str, sieve: Sieve) -> tuple[list[str], list[str]]:
    names, folders = [], []
    with os.scandir(place) as entries:
        for entry in entries:
            try:
                if entry.is_file(follow_symlinks=sieve.follow):
                    if sieve.takes(prefix + entry.name):
                        names.append(entry.name)
                elif entry.is_dir(follow_symlinks=sieve.follow) and not unfinished(entry.name):
                    folders.append(entry.name)
            except OSError:  # it went, or nobody may ask
                continue
    return sorted(names), folders


def _placed(folder: Path, names: Sequence[str], below: Path) -> Iterator[Found]:
    """Each file with a place named after its stem; where two share one, the ending belongs to it."""
    stems = Counter(Path(name).stem for name in names)
    for name in names:
        file = Path(name)
        alone = stems[file.stem] == 1
        own = file.stem if alone else f"{file.stem}-{file.suffix.lstrip('.')}" if file.suffix else name
        if not own.strip(".") or (not alone and own in stems):
            own = f"{name}-results"
        yield Found(path=folder / name, place=_text(below / own))


def _addressed(urls: Sequence[Url]) -> Iterator[Addressed]:
    """Each address with a place named after its file; where two share a name, a part of a digest tells."""
    stems = Counter(url.stem for url in urls)
    for url in urls:
        own = url.stem
        if stems[own] > 1 or not own.strip("."):
            own = f"{own}-{hashlib.sha256(url.text.encode()).hexdigest()[:8]}"
        yield Addressed(path=url, place=_text(Path(own)))


def _text(place: Path) -> Path:
    """`place` with what is no text on one line written as `%FF`: results have no other names."""
    return Path(
        "".join(
            c if c.isprintable() else "".join(f"%{byte:02X}" for byte in os.fsencode(c)) for c in str(place)
        )
    )


def _by_folder(files: Iterable[Path]) -> Iterator[tuple[Path, list[str]]]:
    by: dict[Path, list[str]] = {}
    for path in dict.fromkeys(files):
        by.setdefault(path.parent, []).append(path.name)
    yield from by.items()
