"""What jobs made, one by one. What a video has in all is `services.videos`' to say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from framemill.errors import ArtifactNotFound
from framemill.services.playback import Playback, StreamUrl
from framemill.services.shelf_records import StoredArtifact
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


class Artifacts:
    """The use case around single artifacts."""

    def __init__(self, database: Database, playback: Playback) -> None:
        self._database = database
        self._playback = playback

    def get(
        self,
        artifact_id: str,
        *,
        sees: Callable[[str | None], bool],
        lifetime: timedelta | None = None,
    ) -> Made:
        """One artifact; ArtifactNotFound also where its workspace does not exist for whoever asks."""
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
        return Made(
            artifact=StoredArtifact.of(row),
            video_id=row.video_id,
            workspace_id=place,
            address=self._playback.address_of(row, lifetime=lifetime),
        )
