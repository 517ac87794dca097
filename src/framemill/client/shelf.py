"""What a server keeps: workspaces that the key sees, stored videos, and films that it fetches by address."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from framemill.client.connection import API, Server
from framemill.domain.sources import Url
from framemill.domain.videos import DEFAULT_COLLECTION, DEFAULT_WORKSPACE
from framemill.errors import InvalidSpec, VideoNotFound, WorkspaceNotFound


@dataclass(frozen=True, slots=True)
class StoredVideo(Url):
    """A video that the server has, by its id; it is called as it was uploaded."""

    filename: str = ""

    @property
    def name(self) -> str:
        """As its owner calls it, without folders."""
        return self.filename.replace("\\", "/").rpartition("/")[2] or "video"

    @property
    def label(self) -> str:
        """The same."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where what is uploaded goes."""

    workspace: str  # its id
    collection: str


def is_video_id(text: str) -> bool:
    """True for what can only be the id of a video."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def video(server: Server, video_id: str) -> StoredVideo:
    """The video with this id; VideoNotFound."""
    if not is_video_id(video_id):
        raise VideoNotFound(video_id)
    found = server.ask("GET", f"{API}/videos/{video_id}")
    return StoredVideo(str(found["id"]), str(found["filename"]))


def place(server: Server, *, workspace: str | None, collection: str | None) -> Place:
    """The place of that name; unsaid, the only workspace that the key sees, or the one called `default`.

    Raises WorkspaceNotFound, and InvalidSpec where there are several.
    """
    seen: dict[str, str] = {
        str(one["name"]): str(one["id"]) for one in server.ask("GET", f"{API}/workspaces")["items"]
    }
    shelf = collection or DEFAULT_COLLECTION
    if workspace is not None:
        wanted = seen.get(workspace) or next((one for one in seen.values() if one == workspace), None)
        if wanted is None:
            raise WorkspaceNotFound(workspace)
        return Place(workspace=wanted, collection=shelf)
    if not seen:
        raise WorkspaceNotFound(DEFAULT_WORKSPACE)
    if len(seen) == 1:
        return Place(workspace=next(iter(seen.values())), collection=shelf)
    if DEFAULT_WORKSPACE in seen:
        return Place(workspace=seen[DEFAULT_WORKSPACE], collection=shelf)
    raise InvalidSpec(
        f"the key sees several workspaces: {', '.join(sorted(seen)[:10])}", hint="name one: --workspace"
    )


def home_of(server: Server, stored: StoredVideo) -> str:
    """The workspace of a stored video, by its id."""
    return str(server.ask("GET", f"{API}/videos/{stored.text}")["workspace_id"])


def begin_fetching(server: Server, url: Url, where: Place) -> tuple[str, str]:
    """Have the server fetch a film; says the job and the video to be. AddressRefused and others."""
    body: dict[str, Any] = {  # Any: JSON
        "url": url.text,
        "workspace": where.workspace,
        "collection": where.collection,
        "pipeline": "none",
    }
    told = server.ask("POST", f"{API}/downloads", body, key=uuid4().hex)
    return str(told["job_id"]), str(told["video_id"])
