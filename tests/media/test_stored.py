"""A stored video through the default pipeline, as an upload starts it, with real programs."""

from pathlib import Path

import pytest

from framemill.app import open_app
from framemill.cli.job_pages import told
from framemill.domain.states import JobState
from framemill.settings import Settings
from framemill.store.tables import Artifact
from framemill.store.video_tables import Video
from tests.stored import a_stored_video

pytestmark = pytest.mark.media


def test_a_new_video_gets_a_proxy_and_stills_and_says_what_it_holds(tmp_path: Path, film: Path) -> None:
    app = open_app(Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache"))
    video = a_stored_video(app.database, app.blobs, [film.read_bytes()], filename="Urlaub am Meer.mp4")

    job = app.video_jobs.start_default(video.id)
    assert job is not None
    detail = app.run_job(job)

    assert detail.job.state is JobState.COMPLETED, detail.job.error
    with app.database.read() as session:
        made = list(session.query(Artifact).filter(Artifact.video_id == video.id))
        found = session.get_one(Video, video.id)
    assert {artifact.role for artifact in made} == {"proxy", "thumbnail"}
    assert all(app.blobs.stat(artifact.key or "").bytes == artifact.bytes for artifact in made)
    assert found.media is not None
    assert found.media["video"][0]["width"] > 0
    assert found.stored_bytes == video.bytes + sum(artifact.bytes for artifact in made)
    assert list(app.blobs.list("work/")) == []
    assert not list((tmp_path / "data" / "work").iterdir())
    assert b"".join(app.blobs.read(found.key or "")) == film.read_bytes()
    page = "\n".join(told(detail, verbose=False))
    assert video.id in page
    assert "Urlaub am Meer.mp4" in page
    assert "proxy.mp4" in page
    app.close()
