"""A server's results, brought here: each file whole and as its digest says, all of them or none.

What a server calls its files is not believed: no name leads out of the folder.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import Any

from framemill.client.connection import API, Server
from framemill.client.refusals import said
from framemill.errors import (
    DestinationUnwritable,
    DiskFull,
    OutputExists,
    OutputInvalid,
    ServerUnavailable,
    StorageUnavailable,
)
from framemill.services.records import ArtifactRecord, JobDetail

_PAGE = 1000
_TRIES = 6
Moved = Callable[[int], None]  # told how many bytes came, less than none where some come again


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    name: PurePosixPath
    bytes: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """An artifact, its files, and where it goes."""

    artifact: ArtifactRecord
    files: tuple[_File, ...]
    top: PurePosixPath  # the file itself, or the folder of a package


def size_of(detail: JobDetail) -> int:
    """Bytes of all that the job made."""
    return sum(artifact.bytes for artifact in detail.artifacts)


def fetch(
    server: Server,
    detail: JobDetail,
    folder: Path,
    *,
    overwrite: bool,
    moved: Moved,
    called: Callable[[str], str] = lambda name: name,
) -> JobDetail:
    """The same job with its results in `folder`; `called` says how a file is called there.

    Raises OutputExists before anything is fetched, OutputInvalid where what
    came is not what was made, StorageUnavailable, DestinationUnwritable,
    DiskFull. Then nothing is left.
    """
    made = [_made(server, artifact, called) for artifact in detail.artifacts]
    if not overwrite and (taken := next((m.top for m in made if (folder / m.top).exists()), None)):
        raise OutputExists(str(folder / taken))
    with _scratch(folder) as scratch:
        for one in made:
            again = partial(_again, server, one, called)
            _check_tree(one, [_fetch_file(server, one, file, scratch, moved, again) for file in one.files])
        for one in made:
            _place(scratch / one.top, folder / one.top, overwrite=overwrite)
    # A package is its folder, as it is of a job here.
    here = tuple(replace(m.artifact, path=folder / m.top, key=None) for m in made)
    return replace(detail, job=replace(detail.job, destination=folder), artifacts=here)


def _made(server: Server, artifact: ArtifactRecord, called: Callable[[str], str]) -> _Made:
    files = tuple(_files(server, artifact.id, called))
    if not files:
        raise OutputInvalid(f"the server has no files of its result {artifact.path.name!r}")
    package = artifact.digest is not None and artifact.digest.startswith("tree-")
    name = _safe(called(str(artifact.path)))
    top = name.parent if package and len(name.parts) > 1 else name
    if package and any(top not in file.name.parents for file in files):
        raise OutputInvalid(f"files of {str(name)!r} lie outside of it")
    return _Made(artifact=artifact, files=files, top=top)


def _files(server: Server, artifact_id: str, called: Callable[[str], str]) -> Iterator[_File]:
    after = ""
    while True:
        params = {"after": after, "limit": _PAGE}
        page: list[dict[str, Any]] = server.ask("GET", f"{API}/artifacts/{artifact_id}/files", params=params)
        for one in page:
            yield _File(name=_safe(called(str(one["name"]))), bytes=int(one["bytes"]), url=str(one["url"]))
        if len(page) < _PAGE or page[-1]["name"] <= after:
            return
        after = page[-1]["name"]


def _safe(name: str) -> PurePosixPath:
    """A name as a path below a folder; OutputInvalid for one that would lead out of it."""
    path = PurePosixPath(name)
    wrong = path.is_absolute() or not path.parts or ".." in path.parts or "\\" in name
    if wrong or not name.isprintable() or any(part.startswith(".") for part in path.parts):
        raise OutputInvalid(f"the server calls a result {name[:200]!r}, which is no name for a file here")
    return path


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder on the same disk, that is gone in the end."""
    fresh = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(mkdtemp(dir=folder, prefix=".framemill-"))
    except OSError as error:
        raise DestinationUnwritable(str(folder)) from error
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if fresh:
            with suppress(OSError):  # something is in it
                folder.rmdir()


def _again(server: Server, made: _Made, called: Callable[[str], str], file: _File) -> _File:
    """The same file with a fresh address: the old one may have run out."""
    fresh = _files(server, made.artifact.id, called)
    return next((one for one in fresh if one.name == file.name), file)


def _fetch_file(
    server: Server, made: _Made, file: _File, scratch: Path, moved: Moved, again: Callable[[_File], _File]
) -> str:
    """Bring one file; says its SHA-256."""
    target = scratch / file.name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = _bring(server, file, target, moved, again)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(
                f"there is no room for {file.name}", hint="make room, or choose another disk"
            ) from error
        raise DestinationUnwritable(str(target.parent)) from error
    told = made.artifact.digest or ""
    if told.startswith("sha256:") and told != f"sha256:{digest}":
        raise OutputInvalid(f"{file.name} is not what the server made: it was changed on its way")
    return digest


def _bring(server: Server, file: _File, target: Path, moved: Moved, again: Callable[[_File], _File]) -> str:
    total = hashlib.sha256()
    there = 0
    with target.open("xb") as out:
        for attempt in range(1, _TRIES + 1):
            try:
                for piece in _pieces(server, file, there):
                    there += len(piece)
                    if there > file.bytes:
                        raise OutputInvalid(f"{file.name} has more bytes than the server said")
                    out.write(piece)
                    total.update(piece)
                    moved(len(piece))
            except (StorageUnavailable, ServerUnavailable):
                if attempt == _TRIES:
                    raise
            if there == file.bytes:
                out.flush()
                os.fsync(out.fileno())
                return total.hexdigest()
            server.wait(min(30.0, 0.5 * 2**attempt))
            file = again(file)
    raise StorageUnavailable(f"{file.name} comes only in part", hint="try again later")


def _pieces(server: Server, file: _File, start: int) -> Iterator[bytes]:
    import httpx2

    headers = {"Range": f"bytes={start}-"} if start else {}
    try:
        with server.store.stream("GET", file.url, headers=headers) as answer:
            if answer.status_code != (206 if start else 200):
                raise StorageUnavailable(f"the store answered {answer.status_code} to {file.name}")
            yield from answer.iter_raw()  # as it comes: what is held back is lost with a break
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise StorageUnavailable(f"the store does not give {file.name}: {said(error)}") from error


def _check_tree(made: _Made, digests: Sequence[str]) -> None:
    """OutputInvalid where a package is not what was stored; a sampled digest proves nothing."""
    told = made.artifact.digest or ""
    if not told.startswith("tree-sha256:"):
        return
    total = hashlib.sha256()
    rows = zip(made.files, digests, strict=True)
    for name, size, digest in sorted((f.name.relative_to(made.top).as_posix(), f.bytes, d) for f, d in rows):
        total.update(f"{name}\0{size}\0sha256:{digest}\n".encode())
    if told != f"tree-sha256:{total.hexdigest()}":
        raise OutputInvalid(f"{made.top} is not what the server made: it was changed on its way")


def _place(source: Path, target: Path, *, overwrite: bool) -> None:
    """Let it appear under its name, whole."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if overwrite and target.is_dir() and not target.is_symlink():
            old = source.with_name(f".old-{source.name}")
            target.rename(old)  # goes with the scratch folder
        elif not overwrite and target.exists():
            raise OutputExists(str(target))
        source.replace(target)
    except OSError as error:
        raise DestinationUnwritable(str(target)) from error
