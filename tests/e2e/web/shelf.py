"""Many videos on a site at once, put where the server keeps them instead of being uploaded and encoded."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from framemill.app import App
from framemill.domain.plan import Role
from framemill.engine.stored import dump
from framemill.settings import Settings
from framemill.store.jobs import new_id
from framemill.store.tables import Artifact
from framemill.store.video_tables import Video
from tests.builders import a_film
from tests.clips import clip
from tests.e2e.web.site import Site

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_POSTERS = 60  # more than are in sight at once


def fill(site: Site, count: int) -> None:
    """`count` videos that are ready, each with a picture: `film 0001` and so on, an hour apart.

    Their originals are not there, so none of them plays.
    """
    app = App(Settings(data_dir=site.folder / "data"))
    shelf = app.collections.get("default")
    picture = _picture().read_bytes()
    posters = [f"workspaces/{shelf.workspace_id}/posters/{number}/poster.jpg" for number in range(_POSTERS)]
    for key in posters:
        app.blobs.put(key, [picture])
    media = dump(a_film())
    videos, artifacts = [], []
    for number in range(1, count + 1):
        video, at = new_id(), _BEGAN + timedelta(hours=number)
        videos.append(
            {
                "id": video,
                "workspace_id": shelf.workspace_id,
                "collection_id": shelf.id,
                "title": f"film {number:04}",
                "filename": f"film-{number:04}.mp4",
                "state": "ready",
                "key": f"workspaces/{shelf.workspace_id}/{video}/original.mp4",
                "bytes": 1 << 20,
                "stored_bytes": 1 << 20,
                "media": media,
                "recorded_at": at,
                "created_at": at,
                "updated_at": at,
            }
        )
        artifacts.append(
            {
                "id": new_id(),
                "video_id": video,
                "position": 0,
                "role": Role.THUMBNAIL,
                "path": "poster.jpg",
                "key": posters[number % _POSTERS],
                "bytes": len(picture),
                "provenance": {},
                "created_at": at,
            }
        )
    with app.database.write() as session:
        session.execute(insert(Video), videos)
        session.execute(insert(Artifact), artifacts)
    app.close()


def _picture() -> Path:
    picture = ("-f", "lavfi", "-i", "testsrc2=size=480x270", "-frames:v", "1", "-q:v", "8")
    return clip("poster.jpg", *picture)
