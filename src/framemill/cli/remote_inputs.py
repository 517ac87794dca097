"""What a server's job reads: files are uploaded once, addresses fetched there, stored videos named."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from framemill.cli.asking import Asked
from framemill.cli.progress import watcher
from framemill.cli.running import Request
from framemill.cli.sending import Sender, forget_old
from framemill.cli.server_choice import Choice
from framemill.cli.upload_progress import meter
from framemill.client import shelf
from framemill.client.following import follow
from framemill.client.jobs import Jobs
from framemill.client.shelf import Place, StoredVideo
from framemill.client.uploads import There, Wish
from framemill.domain.sources import Url
from framemill.domain.states import JobState
from framemill.engine.stored import load_error
from framemill.errors import FramemillError
from framemill.operations.spec import references

if TYPE_CHECKING:
    from framemill.client.connection import Server

_NOTHING = "none"  # is made of what is uploaded, but what is asked for


class Inputs:
    """Inputs of the requests of one call."""

    def __init__(self, server: "Server", choice: Choice, wish: Asked) -> None:
        self._server = server
        self._choice = choice
        self._wish = wish
        self._place: Place | None = None
        self._known: dict[Path | Url, str] = {}
        self._stem: tuple[str, str] | None = None  # what the first input is called there, and here

    def videos(self, request: Request) -> Mapping[str, str]:
        """The ids of the videos by the names of the request's inputs."""
        kinds = {ref: kind for spec in request.specs for _, ref, kind in references(spec)}
        found = {}
        for name, source in request.inputs.items():
            if source not in self._known:
                self._known[source] = self._video(source, kinds.get(name, "media"), request)
            found[name] = self._known[source]
        first = next(iter(request.inputs.values()))
        if not isinstance(first, StoredVideo):
            there = shelf.video(self._server, next(iter(found.values())))
            self._stem = (there.stem, first.stem)
        return found

    def called(self, name: str) -> str:
        """What a result is called here: after the file that was given, not the one of its content there."""
        path = PurePosixPath(name)
        if self._stem is None or self._stem[0] == self._stem[1] or len(path.parts) > 1:
            return name
        there, here = self._stem
        return here + name.removeprefix(there) if name.startswith(f"{there}-") else name

    def _video(self, source: Path | Url, kind: str, request: Request) -> str:
        if isinstance(source, StoredVideo):
            return source.text
        if isinstance(source, Url):
            return self._brought(source, request)
        return self._sent(source, kind, request)

    def _where(self, request: Request) -> Place:
        """Beside the stored videos that it reads; all inputs are of one workspace."""
        if self._place is None:
            stored = next((one for one in request.inputs.values() if isinstance(one, StoredVideo)), None)
            wanted = self._choice.workspace
            if wanted is None and stored is not None:
                wanted = shelf.home_of(self._server, stored)
            self._place = shelf.place(self._server, workspace=wanted, collection=self._choice.collection)
        return self._place

    def _sent(self, path: Path, kind: str, request: Request) -> str:
        from framemill.app import read_settings

        where, memory = self._where(request), read_settings().cache_dir / "uploads"
        forget_old(memory)
        wish = Wish(workspace=where.workspace, collection=where.collection, pipeline=_NOTHING, kind=kind)
        sender = Sender(door=There(self._server), wish=wish, memory=memory)
        size = path.stat().st_size if path.is_file() else 0
        quiet, bars = self._wish.quiet, self._wish.as_json
        with (
            meter(f"reading {path.name}", size, quiet=quiet, only_bars=bars) as reading,
            meter(f"sending {path.name}", size, quiet=quiet, only_bars=bars) as moved,
        ):
            return sender.send(path, reading=reading, moved=moved).video

    def _brought(self, url: Url, request: Request) -> str:
        """A film that the server has fetched; its job's own error where it could not."""
        job_id, video_id = shelf.begin_fetching(self._server, url, self._where(request))
        with watcher(quiet=self._wish.quiet, only_bars=self._wish.as_json) as watching:
            follow(self._server, job_id, watching)
        job = Jobs(self._server).get(job_id)
        if job.state is JobState.COMPLETED:
            return job.video_id or video_id
        raise load_error(job.error) if job.error else FramemillError(f"fetching {url.label} was {job.state}")
