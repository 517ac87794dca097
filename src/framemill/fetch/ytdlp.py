"""Downloading from pages that show a video, by yt-dlp: a child process whose only way out is our proxy.

How it is started is tools' business, which `app` hands in.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path
from typing import Protocol

from framemill.commands.ytdlp import FLOOR, Options, apart, joining, meaning, options, progress_of
from framemill.errors import (
    Cancelled,
    DownloadFailed,
    DownloadInterrupted,
    FramemillError,
    InputNotFound,
    TimedOut,
)
from framemill.fetch.addresses import parse
from framemill.fetch.guard import Guard
from framemill.fetch.names import safe
from framemill.fetch.proxy import Proxy
from framemill.fetch.refusals import too_large
from framemill.fetch.wishes import Come, Fetched, Place, Reins, Wish, least

_OURS = frozenset({"options", "addresses", "cookies"})
_UNFINISHED = (".part", ".ytdl", ".temp", ".tmp")


class Runner(Protocol):
    """`tools.ytdlp.run_ytdlp`."""

    def __call__(
        self,
        options: Path,
        *,
        folder: Path,
        max_bytes: int | None,
        timeout_s: float,
        on_line: Callable[[str], None],
        cancelled: Callable[[], bool],
    ) -> tuple[int, Sequence[str]]:
        """Run yt-dlp; its exit code and last words."""


class Join(Protocol):
    """ffmpeg, with options, in a folder."""

    def __call__(self, argv: Sequence[str], *, folder: Path, cancelled: Callable[[], bool]) -> None:
        """Run it; FramemillError where it fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Downloads by yt-dlp, as a `Downloader`."""

    guard: Guard
    run: Runner
    check: Callable[[tuple[int, ...]], None]  # ToolMissing where it is not there, or too old
    join: Join
    max_bytes: int | None
    timeout_s: float
    cookies: Path | None = None

    def fetch(self, url: str, to: Place, *, part: Path, wish: Wish, reins: Reins) -> tuple[Fetched, ...]:
        """Bring what the page at `url` shows, as `Downloader` says; ToolMissing where yt-dlp is not there."""
        target = parse(url)
        self.check(FLOOR)
        limit = least(self.max_bytes, wish.max_bytes)
        folder = part.with_name(f"{part.name}.pages")
        try:
            self._run(target.url, folder, replace(wish, max_bytes=limit), reins, label=target.label)
            self._join(folder / "files", reins)
            found = _moved(folder, to, overwrite=wish.overwrite)
        except FramemillError as error:
            if not (error.transient or isinstance(error, Cancelled)):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
        if not found:
            raise DownloadFailed(f"{target.label}: nothing was found there", reason="unsupported")
        return found

    def _run(self, url: str, folder: Path, wish: Wish, reins: Reins, *, label: str) -> None:
        limit = wish.max_bytes
        work, home = folder / "files", folder
        work.mkdir(parents=True, exist_ok=True)
        (home / "addresses").write_text(f"{url}\n", "utf-8")

        def heard(line: str) -> None:
            if (come := progress_of(line)) is not None:
                reins.heard(Come(bytes=come[0], total=come[1], rate=0.0))

        # Pages and playlists come through it too, and what is fetched twice.
        with Proxy(self.guard, max_bytes=None if limit is None else 2 * limit + (64 << 20)) as proxy:
            lines = options(
                Options(
                    folder=str(work),
                    proxy=proxy.url,
                    addresses=str(home / "addresses"),
                    max_bytes=limit,
                    format=wish.format,
                    subtitles=wish.subtitles,
                    playlist=wish.playlist,
                    rate=wish.rate,
                    cookies=self._copied_cookies(wish.cookies or self.cookies, home),
                )
            )
            file = home / "options"
            file.touch(mode=0o600)
            file.write_text("\n".join(lines) + "\n", "utf-8")
            try:
                code, tail = self.run(
                    file,
                    folder=work,
                    max_bytes=limit,
                    timeout_s=self.timeout_s,
                    on_line=heard,
                    cancelled=lambda: reins.stopped() or proxy.exceeded,
                )
            except Cancelled:
                if proxy.exceeded and limit is not None:
                    raise too_large(limit) from None
                raise
            except TimedOut as error:
                raise DownloadInterrupted(f"{label}: {error.message}", reason="timeout") from error
            finally:
                # Logins and addresses do not stay.
                for name in _OURS:
                    (home / name).unlink(missing_ok=True)
            if proxy.refused:
                raise proxy.refused[0]
            if code != 0:
                raise meaning(tail, label=label)
            if limit is not None and not _files(work):
                raise too_large(limit)

    def _join(self, work: Path, reins: Reins) -> None:
        """Put picture and sound that came apart into one file; names of strangers are not ffmpeg's to see."""
        for name, pair in apart(path.name for path in _files(work)).items():
            bench = work / "join"
            bench.mkdir(exist_ok=True)
            made = f"made.{name.rpartition('.')[2]}"
            for number, part in enumerate(pair):
                (work / part).replace(bench / f"part{number}")
            self.join(joining("part0", "part1", made), folder=bench, cancelled=reins.stopped)
            (bench / made).replace(work / name)
            shutil.rmtree(bench)

    def _copied_cookies(self, given: Path | None, home: Path) -> str | None:
        """A copy: yt-dlp writes into the file that it is given."""
        if given is None:
            return None
        copy = home / "cookies"
        copy.touch(mode=0o600)
        try:
            copy.write_bytes(given.read_bytes())
        except OSError as error:
            raise InputNotFound(str(given)) from error
        return str(copy)


def _files(work: Path) -> list[Path]:
    """What came whole; links and folders are none of ours."""
    return sorted(
        path
        for path in work.iterdir()
        if path.is_file() and not path.is_symlink() and not path.name.endswith(_UNFINISHED)
    )


def _moved(folder: Path, to: Place, *, overwrite: bool) -> tuple[Fetched, ...]:
    found = []
    for path in _files(folder / "files"):
        name = safe(path.name)
        place = to(name)
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        size = path.stat().st_size
        if overwrite:
            path.replace(place)
        else:
            place.hardlink_to(path)
            path.unlink()
        found.append(Fetched(path=place, name=name, bytes=size, sha256=digest))
    return tuple(found)
