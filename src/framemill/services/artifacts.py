"""What jobs made, one by one. What a video has in all is `services.videos`' to say."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID

from framemill.domain.plan import Role
from framemill.errors import ArtifactNotFound
from framemill.services.playback import Playback, StreamUrl
from framemill.services.shelf_records import StoredArtifact
from framemill.storage.blobs import BlobStore
from framemill.store.database import Database
from framemill.store.tables import Artifact, Job
from framemill.store.video_tables import Video
from framemill.store.videos import artifacts_of_many, videos_of

_PICTURES = (Role.THUMBNAIL, Role.STORYBOARD)
_SHOWN = (".jpg", ".png", ".webp", ".avif", ".vtt")
_MOST_STILLS = 10
_MOST_SHEETS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An artifact, where it belongs, and where it can be had."""

    artifact: StoredArtifact
    video_id: str | None
    workspace_id: str | None
    address: StreamUrl | None  # None: it is a folder, or a file that is not in the store


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Addresses of what a video looks like, of the newest jobs that made such."""

    video_id: str
    stills: tuple[str, ...]  # in the order of the film
    storyboard: str | None  # its WebVTT index, which names sheets
    sheets: dict[str, str]  # by those names


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file of an artifact, and where it can be read for a while."""

    name: str  # such as hls/720p/init.mp4
    bytes: int
    url: str


class Artifacts:
    """The use cases around single artifacts."""

    def __init__(
        self, database: Database, playback: Playback, blobs: Callable[[], BlobStore], *, lifetime: timedelta
    ) -> None:
        self._database = database
        self._playback = playback
        self._blobs = blobs
        self._lifetime = lifetime  # of a file's address

    def get(
        self,
        artifact_id: str,
        *,
        sees: Callable[[str | None], bool],
        lifetime: timedelta | None = None,
    ) -> Made:
        """One artifact; ArtifactNotFound also where its workspace does not exist for whoever asks."""
        row, place = self._row(artifact_id, sees)
        return Made(
            artifact=StoredArtifact.of(row),
            video_id=row.video_id,
            workspace_id=place,
            address=self._playback.address_of(row, lifetime=lifetime),
        )

    def files(
        self, artifact_id: str, *, sees: Callable[[str | None], bool], after: str = "", limit: int
    ) -> tuple[StoredFile, ...]:
        """The files of an artifact in the order of their names, from the one behind `after` on.

        None where it is not in the store. ArtifactNotFound as `get`.
        """
        row, _ = self._row(artifact_id, sees)
        if row.key is None:
            return ()
        if not row.key.endswith("/"):
            found = [(row.path, row.key, row.bytes)] if row.path > after else []
        else:
            # A packaged stream is called by its manifest, whose folder the key is.
            below = row.path if row.path.endswith(_last(row.key)) else row.path.rpartition("/")[0]
            names = (
                (f"{below}/{b.key.removeprefix(row.key)}", b.key, b.bytes)
                for b in self._blobs().list(row.key)
            )
            found = list(islice((one for one in names if one[0] > after), limit))
        return tuple(
            StoredFile(name=name, bytes=size, url=self._blobs().get_url(key, lifetime=self._lifetime))
            for name, key, size in found
        )

    def pictures(self, workspace_id: str, video_ids: Sequence[str]) -> tuple[Pictures, ...]:
        """What these videos look like; those elsewhere, and those without pictures, are left out."""
        with self._database.read() as session:
            theirs = {row.id for row in videos_of(session, workspace_id, video_ids)}
            made = defaultdict[str, list[Artifact]](list)
            for row in artifacts_of_many(session, tuple(theirs)):
                if row.key and row.role in _PICTURES and row.path.lower().endswith(_SHOWN):
                    made[row.video_id or ""].append(row)
        return tuple(self._pictures(one, made[one]) for one in video_ids if made.get(one))

    def _row(self, artifact_id: str, sees: Callable[[str | None], bool]) -> tuple[Artifact, str | None]:
        """Its row and its workspace."""
        try:
            wanted = str(UUID(artifact_id))
        except ValueError:
            raise ArtifactNotFound(artifact_id) from None
        with self._database.read() as session:
            row = session.get(Artifact, wanted)
            if row is None:
                raise ArtifactNotFound(artifact_id)
            owner = session.get(Video, row.video_id) if row.video_id else session.get(Job, row.job_id)
            place = None if owner is None else owner.workspace_id
        if not sees(place):
            raise ArtifactNotFound(artifact_id)
        return row, place

    def _pictures(self, video_id: str, made: Sequence[Artifact]) -> Pictures:
        stills, board = (_newest_of(made, role) for role in _PICTURES)
        address = self._playback.picture_url
        index = next((row for row in board if row.path.endswith(".vtt")), None)
        return Pictures(
            video_id=video_id,
            stills=tuple(address(row.key or "") for row in stills[:_MOST_STILLS]),
            storyboard=None if index is None else address(index.key or ""),
            sheets={
                row.path.rpartition("/")[2]: address(row.key or "")
                for row in board[:_MOST_SHEETS]
                if row is not index
            },
        )


def _last(key: str) -> str:
    return key.removesuffix("/").rpartition("/")[2]


def _newest_of(made: Sequence[Artifact], role: Role) -> list[Artifact]:
    """What the newest job with this role made, by name."""
    fitting = [row for row in made if row.role == role]
    newest = max(fitting, key=lambda row: (row.created_at, row.id), default=None)
    return sorted(
        (row for row in fitting if newest is not None and row.job_id == newest.job_id),
        key=lambda row: row.path,
    )
