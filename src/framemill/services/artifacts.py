"""What jobs made, one by one. What a video has in all is `services.videos`' to say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID

from framemill.errors import ArtifactNotFound
from framemill.services.playback import Playback, StreamUrl
from framemill.services.shelf_records import StoredArtifact
from framemill.storage.blobs import BlobStore
from framemill.store.database import Database
from framemill.store.tables import Artifact, Job
from framemill.store.video_tables import Video


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An artifact, where it belongs, and where it can be had."""

    artifact: StoredArtifact
    video_id: str | None
    workspace_id: str | None
    address: StreamUrl | None  # None: it is a folder, or a file that is not in the store


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


def _last(key: str) -> str:
    return key.removesuffix("/").rpartition("/")[2]
