"""A process may die between any two steps: whoever comes next finishes; nothing is lost, doubled or left."""

from collections.abc import Callable
from pathlib import Path

import pytest

from framemill.domain.videos import UploadState, VideoState
from framemill.errors import InvalidUpload, UploadNotFound
from framemill.services.upload_ends import HOLD
from framemill.store.database import open_database
from tests.engines import Clock
from tests.yards import PART, Crash, Fuse, Yard, a_film, announced, sha256

FILM = a_film(PART + 1000)


def _a_yard(folder: Path) -> Yard:
    folder.mkdir()
    clock = Clock()
    return Yard(database=open_database("sqlite://", clock=clock), clock=clock, folder=folder)


def _each_crash(
    folder: Path,
    act: Callable[[Yard], None],
    check: Callable[[Yard], None],
    *,
    before: Callable[[Yard], None],
) -> int:
    """Do `act` once for each step it has, crash there, then `check`; returns how many steps there are."""
    at = 0
    while True:
        at += 1
        yard = _a_yard(folder / str(at))
        before(yard)
        yard.fuse = Fuse(at=at)
        try:
            act(yard)
        except Crash:
            yard.fuse = Fuse()
            yard.clock.pass_by(HOLD.total_seconds())
            check(yard)
            yard.database.close()
            continue
        yard.database.close()
        return at - 1


def _client(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM, idempotency_key="k", sha256=sha256(FILM)))
    if begun.id is None:
        return
    if begun.state is UploadState.OPEN:
        yard.send(yard.uploads.show(begun.id), FILM)
    yard.uploads.complete(begun.id)


def _nothing_before(_yard: Yard) -> None:
    """The yard is as it was built."""


def _tidied(yard: Yard) -> None:
    yard.clock.pass_by(2 * 3600)
    yard.watch.tidy()
    yard.sweep()


def test_a_client_that_comes_back_finishes_what_any_crash_broke_off(tmp_path: Path) -> None:
    def check(yard: Yard) -> None:
        _client(yard)
        _tidied(yard)
        (video,), (upload,) = yard.rows()
        assert (video.state, upload.state) == (VideoState.READY, UploadState.COMPLETED)
        assert yard.stored() == {video.key: FILM}
        assert len(yard.jobs) == 1
        assert yard.nothing_open()

    assert _each_crash(tmp_path, _client, check, before=_nothing_before) >= 20


def test_what_was_accepted_is_finished_by_the_watchdog_alone(tmp_path: Path) -> None:
    def before(yard: Yard) -> None:
        begun = yard.uploads.begin(announced(FILM))
        yard.send(begun, FILM)

    def complete(yard: Yard) -> None:
        yard.uploads.complete(yard.rows()[1][0].id)

    def check(yard: Yard) -> None:
        accepted = yard.rows()[1][0].state != UploadState.OPEN
        yard.watch.tidy()
        yard.sweep()
        (video,), (upload,) = yard.rows()
        if not accepted:
            assert upload.state == UploadState.OPEN
            return
        assert (video.state, upload.state) == (VideoState.READY, UploadState.COMPLETED)
        assert yard.stored() == {video.key: FILM}
        assert len(yard.jobs) == 1
        assert yard.nothing_open()

    assert _each_crash(tmp_path, complete, check, before=before) >= 12


def test_a_refused_file_is_gone_whichever_step_broke_off(tmp_path: Path) -> None:
    def before(yard: Yard) -> None:
        begun = yard.uploads.begin(announced(FILM, sha256=sha256(b"another")))
        yard.send(begun, FILM)

    def complete(yard: Yard) -> None:
        with pytest.raises(InvalidUpload):
            yard.uploads.complete(yard.rows()[1][0].id)

    def check(yard: Yard) -> None:
        complete(yard)
        (video,), (upload,) = yard.rows()
        assert (video.state, upload.state) == (VideoState.FAILED, UploadState.FAILED)
        assert yard.stored() == {}
        assert yard.jobs == {}
        assert yard.nothing_open()

    assert _each_crash(tmp_path, complete, check, before=before) >= 12


def test_a_double_is_gone_whichever_step_broke_off(tmp_path: Path) -> None:
    def before(yard: Yard) -> None:
        yard.upload(FILM)
        begun = yard.uploads.begin(announced(FILM))
        yard.send(begun, FILM)

    def complete(yard: Yard) -> None:
        done = yard.uploads.complete(yard.rows()[1][1].id)
        assert done.duplicate

    def check(yard: Yard) -> None:
        complete(yard)
        (video,), uploads = yard.rows()
        assert [upload.state for upload in uploads] == [UploadState.COMPLETED] * 2
        assert yard.stored() == {video.key: FILM}
        assert len(yard.jobs) == 1
        assert yard.nothing_open()

    assert _each_crash(tmp_path, complete, check, before=before) >= 12


def test_what_was_given_up_is_gone_whichever_step_broke_off(tmp_path: Path) -> None:
    def before(yard: Yard) -> None:
        begun = yard.uploads.begin(announced(FILM))
        yard.send(begun, FILM)

    def abort(yard: Yard) -> None:
        yard.uploads.abort(yard.rows()[1][0].id)

    def check(yard: Yard) -> None:
        _, uploads = yard.rows()
        if uploads and uploads[0].state == UploadState.OPEN:
            abort(yard)
        yard.watch.tidy()
        yard.sweep()
        assert yard.rows() == ([], [])
        assert yard.stored() == {}
        assert yard.nothing_open()

    assert _each_crash(tmp_path, abort, check, before=before) >= 5


def test_of_a_small_file_whose_server_died_either_all_is_there_or_nothing(tmp_path: Path) -> None:
    def take(yard: Yard) -> None:
        yard.uploads.take(announced(FILM), [FILM])

    def check(yard: Yard) -> None:
        yard.watch.tidy()
        yard.sweep()
        yard.clock.pass_by(7 * 3600)
        yard.watch.tidy()
        yard.sweep()
        videos, _ = yard.rows()
        if videos:
            assert [video.state for video in videos] == [VideoState.READY]
            assert yard.stored() == {videos[0].key: FILM}
            assert len(yard.jobs) == 1
        else:
            assert yard.stored() == {}

    assert _each_crash(tmp_path, take, check, before=_nothing_before) >= 10


def test_giving_up_what_another_process_is_about_to_complete_is_too_late(tmp_path: Path) -> None:
    yard = _a_yard(tmp_path / "yard")
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, FILM)
    yard.fuse = Fuse(at=4)
    with pytest.raises(Crash):
        yard.uploads.complete(begun.id)
    yard.fuse = Fuse()

    with pytest.raises(UploadNotFound):
        yard.uploads.abort(begun.id)

    yard.clock.pass_by(HOLD.total_seconds())
    assert yard.uploads.complete(begun.id).state is UploadState.COMPLETED
