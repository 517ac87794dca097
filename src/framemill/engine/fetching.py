"""Fetching an input that a job names by its address, into the job's working folder."""

from pathlib import Path
from typing import Any

from framemill.domain.sources import Url
from framemill.engine.beginnings import input_facts, url_facts
from framemill.engine.running import Hold
from framemill.engine.workspace import Workspace
from framemill.errors import DownloadFailed
from framemill.fetch.wishes import Come, Downloader, Reins, Wish
from framemill.tools import reins as programs

Json = dict[str, Any]  # Any: JSON as the tables hold it


def fetch_input(
    facts: Json,
    name: str,
    *,
    place: Workspace,
    downloader: Downloader,
    hold: Hold,
    reins: programs.Reins,
    max_bytes: int | None = None,
) -> Json:
    """Bring what is at the input's address; returns its facts, now with path, size and digest.

    Goes on where an earlier attempt stopped, however it ended. Raises what
    `fetch.wishes.Downloader` raises.
    """
    folder = place.inputs / name
    folder.mkdir(parents=True, exist_ok=True)

    def to(called: str) -> Path:
        return folder / called

    def heard(come: Come) -> None:
        left = round(1000 * (come.total - come.bytes) / come.rate) if come.total and come.rate else None
        hold.report(100 * come.bytes / come.total if come.total else 0.0, None, left)

    files = downloader.fetch(
        facts["url"],
        to,
        # A file may be called as it likes: this name begins with a dot, and theirs never do.
        part=folder / ".part",
        wish=Wish(overwrite=True, max_bytes=max_bytes),
        reins=Reins(heard=heard, stopped=hold.stopped, paused=lambda: reins.pulled),
    )
    if len(files) != 1:
        raise DownloadFailed(f"{Url(facts['url']).label} is not one film", reason="unsupported")
    (file,) = files
    return {**url_facts(Url(facts["url"])), **input_facts(file.path), "sha256": file.sha256}
