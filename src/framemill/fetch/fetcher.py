"""Choosing how an address is downloaded: as a file, or as a page that shows a video."""

from pathlib import Path
from typing import Literal

from framemill.errors import DownloadFailed
from framemill.fetch.addresses import parse
from framemill.fetch.wishes import Downloader, Fetched, Place, Reins, Wish

Mode = Literal["off", "auto", "on"]
# Endings that only files have.
_FILES = frozenset(
    {
        *(
            "3gp",
            "avi",
            "flac",
            "flv",
            "gif",
            "jpeg",
            "jpg",
            "m2ts",
            "m4a",
            "m4v",
            "mka",
            "mkv",
            "mov",
            "mp3",
        ),
        *("mp4", "mpeg", "mpg", "mts", "mxf", "ogg", "ogv", "opus", "png", "srt", "ts", "vtt", "wav", "webm"),
        *("webp", "wmv", "zip"),
    }
)


class Fetcher:
    """Both ways, as a Downloader."""

    def __init__(self, files: Downloader, pages: Downloader | None, *, mode: Mode) -> None:
        self._files = files
        self._pages = pages
        self._mode = mode  # of pages

    def fetch(self, url: str, to: Place, *, part: Path, wish: Wish, reins: Reins) -> tuple[Fetched, ...]:
        """As `Downloader` says."""
        pages = self._pages if self._mode != "off" else None
        if pages is not None and self._mode == "on" and not ends_like_a_file(url):
            return pages.fetch(url, to, part=part, wish=wish, reins=reins)
        try:
            return self._files.fetch(url, to, part=part, wish=wish, reins=reins)
        except DownloadFailed as error:
            if error.reason != "page" or pages is None:
                raise
        return pages.fetch(url, to, part=part, wish=wish, reins=reins)


def ends_like_a_file(url: str) -> bool:
    """True where the path ends in what films, sound and pictures are called; AddressRefused."""
    name = parse(url).path.partition("?")[0].rpartition("/")[2]
    return name.rpartition(".")[2].lower() in _FILES and "." in name
