"""What is wanted of a download, what is heard of it, and the port of those who do it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from framemill.fetch.waiting import Stopped, never

# Where a file goes whose name is known now; may raise OutputExists.
Place = Callable[[str], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How something is to be downloaded. All but the first two matter to pages only."""

    max_bytes: int | None = None  # less than the operator's limit
    overwrite: bool = False
    format: str | None = None  # as yt-dlp chooses formats
    subtitles: tuple[str, ...] = ()  # languages
    playlist: bool = False  # everything that a page lists, not only its video
    rate: int | None = None  # bytes a second at most
    cookies: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Come:
    """How far a download is."""

    bytes: int
    total: int | None
    rate: float  # bytes a second, of late


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A downloaded file."""

    path: Path
    name: str  # what it is called where it comes from
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reins:
    """Who listens to a download and steers it; asked in the calling thread only."""

    heard: Callable[[Come], None] = lambda _come: None
    stopped: Stopped = never
    paused: Callable[[], bool] = never


class Downloader(Protocol):
    """A way of downloading."""

    def fetch(self, url: str, to: Place, *, part: Path, wish: Wish, reins: Reins) -> tuple[Fetched, ...]:
        """Bring what is at `url`; `part` is where it grows, a name that only this download uses.

        Called again with the same `part`, also by another process after any
        crash, it goes on where that stopped. What came stays there after a
        failure that may pass, and goes after any other. A file appears where
        `to` says when it is whole. Raises AddressRefused, DownloadFailed (of
        these, DownloadInterrupted may pass), SourceChanged, OutputExists,
        DiskFull, Cancelled, OSError.
        """


def least(*limits: int | None) -> int | None:
    """The smallest of the limits that are set."""
    return min((limit for limit in limits if limit is not None), default=None)
