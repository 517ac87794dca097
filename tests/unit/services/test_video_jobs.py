from pathlib import Path

import pytest

from framemill.domain.states import JobState
from framemill.domain.videos import VideoState
from framemill.errors import IdempotencyConflict, IllegalTransition, InvalidSpec, VideoNotFound
from framemill.store.jobs import new_id
from framemill.store.video_tables import Workspace
from tests.engines import Anything
from tests.stored import Mill


@pytest.fixture(name="mill")
def _mill(tmp_path: Path) -> Mill:
    return Mill(tmp_path)


def test_a_job_on_a_video_belongs_to_its_workspace_and_reads_its_original(mill: Mill) -> None:
    job = mill.jobs.get(mill.video_jobs.submit([Anything()], video=mill.video_id, owner="bob", priority=7))

    assert (job.workspace_id, job.video_id, job.owner, job.priority) == (
        mill.workspace_id,
        mill.video_id,
        "bob",
        7,
    )
    assert job.inputs == {
        "input": {
            "path": "Ein Film – über alles.mp4",
            "key": mill.video().key,
            "bytes": mill.video().bytes,
            "sha256": mill.video().sha256,
            "video": mill.video_id,
        }
    }
    assert job.state is JobState.QUEUED


def test_an_unknown_video_is_not_found(mill: Mill) -> None:
    for video in (new_id(), "../../etc/passwd", ""):
        with pytest.raises(VideoNotFound):
            mill.video_jobs.submit([Anything()], video=video)


def test_another_video_of_the_same_name_is_another_request(mill: Mill) -> None:
    first, second, third = mill.video_id, _another_video(mill), _another_video(mill)

    def submit(logo: str) -> str:
        return mill.video_jobs.submit(
            [Anything()], video=first, inputs={"input": first, "logo": logo}, idempotency_key="k"
        )

    job = submit(second)

    assert submit(second) == job
    with pytest.raises(IdempotencyConflict):
        submit(third)


def test_a_video_of_another_workspace_cannot_be_read_along(mill: Mill, tmp_path: Path) -> None:
    other = new_id()
    with mill.database.write() as session:
        now = mill.clock()
        session.add(Workspace(id=other, name="other", title="", created_at=now, updated_at=now))
    mill.submit()
    mill.change_video(lambda video: setattr(video, "workspace_id", other))
    stranger = mill.video_id

    mill.video_id = _another_video(mill)

    with pytest.raises(VideoNotFound):
        mill.video_jobs.submit(
            [Anything()], video=mill.video_id, inputs={"input": mill.video_id, "logo": stranger}
        )


@pytest.mark.parametrize("state", [VideoState.UPLOADING, VideoState.FAILED])
def test_an_original_that_is_not_there_cannot_be_worked_on(mill: Mill, state: VideoState) -> None:
    mill.change_video(lambda video: setattr(video, "state", state))

    with pytest.raises(IllegalTransition):
        mill.submit()


def test_a_video_that_is_going_is_gone(mill: Mill) -> None:
    mill.change_video(lambda video: setattr(video, "state", VideoState.DELETING))

    with pytest.raises(VideoNotFound):
        mill.submit()


def test_what_is_done_with_every_new_video_is_begun_once(mill: Mill) -> None:
    first = mill.video_jobs.start_default(mill.video_id)
    second = mill.video_jobs.start_default(mill.video_id)

    assert first == second
    assert first is not None
    job = mill.jobs.get(first)
    assert (job.kind, job.owner) == ("proxy", "ada")
    assert [spec["op"] for spec in job.specs] == ["proxy", "thumbnails"]
    with pytest.raises(IdempotencyConflict):
        mill.video_jobs.start_default(mill.video_id, pipeline="publish")


def test_a_workspace_may_want_nothing_done(mill: Mill) -> None:
    with mill.database.write() as session:
        session.get_one(Workspace, mill.workspace_id).pipeline = "none"

    assert mill.video_jobs.start_default(mill.video_id) is None
    assert mill.jobs.list() == ()


def test_a_pipeline_by_name_is_never_a_file(mill: Mill, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("name: mine\nsteps:\n  - op: proxy\n")

    with pytest.raises(InvalidSpec):
        mill.video_jobs.start_default(mill.video_id, pipeline=str(mine))


def test_nothing_to_do_is_refused(mill: Mill) -> None:
    with pytest.raises(InvalidSpec):
        mill.video_jobs.submit([], video=mill.video_id)


def _another_video(mill: Mill) -> str:
    from framemill.store.video_tables import Video

    with mill.database.write() as session:
        one = session.get_one(Video, mill.video_id)
        columns = {c.key: getattr(one, c.key) for c in Video.__table__.columns}
        columns |= {"id": new_id(), "workspace_id": mill.workspace_id, "sha256": None}
        session.add(Video(**columns))
    return str(columns["id"])
