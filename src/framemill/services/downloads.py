"""Downloading to a folder or a file of one's own, without a job."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from framemill.errors import DestinationUnwritable, OutputExists
from framemill.fetch.addresses import parse
from framemill.fetch.fetcher import Fetcher
from framemill.fetch.wishes import Fetched, Reins, Wish
from framemill.operations.binding import path_of


class Downloads:
    """The use case around downloads."""

    def __init__(self, fetcher: Callable[[], Fetcher]) -> None:
        self._fetcher = fetcher

    def download(
        self, url: str, *, output: Path, wish: Wish | None = None, reins: Reins | None = None
    ) -> tuple[Fetched, ...]:
        """Bring what is at `url` into the folder `output`, or to it where it is no folder.

        Called again after a break, also by another process, it goes on where
        that stopped. Raises what `fetch.wishes.Downloader` raises, and
        DestinationUnwritable.
        """
        wish, place = wish or Wish(), path_of(output)
        address = parse(url).url
        into_folder = place.is_dir()
        folder = place if into_folder else place.parent

        def to(name: str) -> Path:
            file = folder / name if into_folder else place
            if file.exists() and not wish.overwrite:
                raise OutputExists(str(file))
            return file

        if not into_folder:
            to(place.name)  # known already
        called = hashlib.sha256(address.encode()).hexdigest()[:16]
        part = folder / f".framemill-{called}.part" if into_folder else place.with_name(f"{place.name}.part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return self._fetcher().fetch(address, to, part=part, wish=wish, reins=reins or Reins())
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise DestinationUnwritable(str(folder)) from error
