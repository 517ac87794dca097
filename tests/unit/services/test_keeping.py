import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from framemill.engine import transfer
from framemill.errors import BlobNotFound, InvalidSettings, NotSupported
from framemill.services.keeping import Keeping, Outcome
from framemill.storage.blobs import Blob, BlobStore
from framemill.storage.disk import Disk
from framemill.storage.local import LocalStore
from framemill.storage.sealing import Keyring
from framemill.storage.signing import Signer
from framemill.store.database import Database, open_database
from framemill.store.jobs import new_id
from framemill.store.tables import Artifact, AuditEvent, Job
from framemill.store.video_tables import Collection, Upload, Video, Workspace

pytestmark = pytest.mark.databases("memory", "postgres")

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD, NEW = b"the old storage key of the tests", b"the new storage key of the tests"
FILM = b"film" * 50_000


@dataclass
class Shelf:
    """A store in a folder with a database of what is in it; everything was stored a week ago."""

    database: Database
    root: Path
    workspace: str = ""
    collection: str = ""

    def store(self, *keys: bytes, age: timedelta = timedelta(days=7)) -> LocalStore:
        disk = Disk(self.root, clock=lambda: int((NOW - age).timestamp() * 1e9))
        signer = Signer(["a secret for tests alone"])
        keyring = Keyring(keys) if keys else None
        return LocalStore(disk, signer=signer, public_url="http://h", keyring=keyring)

    def keeping(self, *keys: bytes) -> Keeping:
        return Keeping(database=self.database, blobs=self.store(*keys), now=lambda: NOW)

    def add(self, *rows: object) -> None:
        with self.database.write() as session:
            for row in rows:
                session.add(row)
                session.flush()

    def video(self, content: bytes = FILM, *, state: str = "ready", stored: bool = True) -> Video:
        """An original and its row."""
        video_id = new_id()
        key = f"workspaces/{self.workspace}/{video_id}/original.mp4"
        if stored:
            self.store().put(key, [content])
        video = Video(
            id=video_id, workspace_id=self.workspace, collection_id=self.collection, title="t",
            filename="f.mp4", state=state, key=key, bytes=len(content), notes="", uploader="",
            sha256=hashlib.sha256(content).hexdigest() if state == "ready" else None,
            content_type="video/mp4", stored_bytes=len(content), created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        self.add(video)
        return video

    def job(self, video: Video, *, state: str, error: dict[str, Any] | None = None) -> Job:
        job = Job(
            id=new_id(), kind="proxy", specs=[], inputs={}, destination={}, workspace_id=self.workspace,
            video_id=video.id, state=state, priority=5, attempts=1, max_attempts=3, error=error,
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        self.add(job)
        return job

    def artifact(self, video: Video, key: str, source: Path) -> Artifact:
        moved = transfer.put(self.store(), source, key, check=lambda: None)
        artifact = Artifact(
            id=new_id(), video_id=video.id, position=0, role="hls", path="p", key=key, bytes=moved.bytes,
            digest=moved.digest, provenance={}, created_at=NOW,
        )  # fmt: skip
        self.add(artifact)
        return artifact

    def outcomes(self, *keys: bytes, quick: bool = False) -> dict[str, Outcome]:
        return {one.key: one.outcome for one in self.keeping(*keys).verify(quick=quick)}

    def extras(self) -> set[str]:
        return {extra.key for extra in self.keeping().extras()}


@pytest.fixture(name="shelf")
def _shelf(tmp_path: Path, database_url: str) -> Iterator[Shelf]:
    database = open_database(database_url, clock=lambda: NOW)
    shelf = Shelf(database=database, root=tmp_path / "storage", workspace=new_id(), collection=new_id())
    times = {"created_at": NOW, "updated_at": NOW}
    shelf.add(
        Workspace(id=shelf.workspace, name="w", title="w", pipeline="proxy", **times),
        Collection(id=shelf.collection, workspace_id=shelf.workspace, name="c", **times),
    )
    yield shelf
    database.close()


@pytest.fixture(name="stream")
def _stream(tmp_path: Path) -> Path:
    """A packaged stream in a folder."""
    folder = tmp_path / "made" / "hls"
    (folder / "720p").mkdir(parents=True)
    (folder / "master.m3u8").write_text("#EXTM3U")
    (folder / "720p" / "1.m4s").write_bytes(b"segment one")
    (folder / "720p" / "2.m4s").write_bytes(b"segment two")
    return folder


def test_what_is_as_it_should_be_is_whole(shelf: Shelf, stream: Path) -> None:
    video = shelf.video()
    job = shelf.job(video, state="completed")
    below = f"workspaces/{shelf.workspace}/{video.id}/{job.id}"
    folder = shelf.artifact(video, f"{below}/hls/", stream)
    file = shelf.artifact(video, f"{below}/still.jpg", stream / "master.m3u8")

    assert shelf.outcomes() == {video.key: "whole", folder.key: "whole", file.key: "whole"}
    assert shelf.extras() == set()


def test_what_is_not_as_its_row_says_is_told(shelf: Shelf, stream: Path) -> None:
    gone, longer, other, untouched = (shelf.video(FILM + bytes([n])) for n in range(4))
    prefix = f"workspaces/{shelf.workspace}/{untouched.id}/j"
    lost, swapped, empty = (shelf.artifact(untouched, f"{prefix}/{n}/", stream) for n in "abc")
    store = shelf.store()
    store.delete([gone.key or "", f"{lost.key}720p/2.m4s"])
    store.put(longer.key or "", [FILM, FILM])
    store.put(other.key or "", [bytes(len(FILM) + 1)])
    store.put(f"{swapped.key}720p/2.m4s", [b"segment 2!!"])
    store.delete(blob.key for blob in list(store.list(empty.key or "")))

    assert shelf.outcomes() == {
        gone.key: "missing",
        longer.key: "changed",
        other.key: "changed",
        untouched.key: "whole",
        lost.key: "changed",
        swapped.key: "changed",
        empty.key: "missing",
    }
    quick = shelf.outcomes(quick=True)
    assert (quick[other.key or ""], quick[swapped.key or ""]) == ("whole", "whole")
    assert (quick[longer.key or ""], quick[lost.key or ""], quick[gone.key or ""]) == (
        "changed",
        "changed",
        "missing",
    )


def _damage(file: Path) -> bytes:
    """Turn a bit of the last byte, which may be any before; what the file is then."""
    whole = file.read_bytes()
    damaged = whole[:-1] + bytes([whole[-1] ^ 1])
    file.write_bytes(damaged)
    return damaged


def test_a_damaged_file_does_not_stop_the_check(shelf: Shelf) -> None:
    first, second = shelf.video(), shelf.video(FILM + b"2")
    for video in (first, second):
        shelf.store(OLD).put(video.key or "", [FILM if video is first else FILM + b"2"])
    file = shelf.root / (first.key or "")
    _damage(file)

    assert shelf.outcomes(OLD) == {first.key: "damaged", second.key: "whole"}


def test_a_video_that_is_deleted_while_it_is_checked_is_not_missing(shelf: Shelf) -> None:
    kept, deleted = shelf.video(), shelf.video(FILM + b"2")
    checks = shelf.keeping().verify()
    first = next(checks)

    shelf.store().delete([deleted.key or ""])
    with shelf.database.write() as session:
        session.delete(session.get_one(Video, deleted.id))

    assert (first.key, list(checks)) == (kept.key, [])


def test_more_rows_than_one_page_are_all_checked(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framemill.services.keeping._AT_ONCE", 2)
    keys = {shelf.video(FILM + bytes([n])).key for n in range(5)}

    assert set(shelf.outcomes()) == keys
    assert shelf.extras() == set()


def test_what_no_row_names_is_listed_and_removed_only_when_told(shelf: Shelf) -> None:
    video = shelf.video()
    store = shelf.store()
    extras = {
        "stray.mp4",
        f"{video.key}x",
        f"workspaces/{shelf.workspace}/{video.id}/{new_id()}/out.mp4",
        f"workspaces/{shelf.workspace}/{new_id()}/original.mp4",
        f"work/{new_id()}/0/out.mp4",
    }
    for key in extras:
        store.put(key, [b"x"])

    assert shelf.extras() == extras
    assert {blob.key for blob in store.list("")} == {*extras, video.key}
    assert {extra.key for extra in shelf.keeping().extras(remove=True)} == extras
    assert [blob.key for blob in store.list("")] == [video.key]
    with shelf.database.read() as session:
        event = session.scalars(select(AuditEvent)).one()
    assert (event.action, event.data) == ("storage.collected", {"files": 5, "bytes": 5, "uploads": 0})


def test_whatever_a_row_names_stays(shelf: Shelf, stream: Path) -> None:
    video, coming = shelf.video(), shelf.video(state="uploading")
    going = shelf.video(state="deleting")
    elsewhere = f"workspaces/{shelf.workspace}/{new_id()}/{new_id()}"
    shelf.artifact(video, f"{elsewhere}/hls/", stream)
    shelf.artifact(video, "far/away.jpg", stream / "master.m3u8")
    upload_key = f"workspaces/{shelf.workspace}/{coming.id}/other.mp4"
    shelf.store().put(upload_key, [b"completed a moment before the crash"])
    shelf.add(_upload(coming, key=upload_key, store_id="u"))
    open_job, failed = (
        shelf.job(video, state="running"),
        shelf.job(video, state="failed", error={"code": "timeout"}),
    )
    for key in (f"work/{open_job.id}/1/0", f"work/{failed.id}/1/0/a.ts"):
        shelf.store().put(key, [b"x"])
    for suffix in ("", "-2"):
        shelf.store().put(f"workspaces/{shelf.workspace}/{video.id}/{open_job.id}{suffix}/out.mp4", [b"x"])
    before = list(shelf.store().list(""))

    assert list(shelf.keeping().extras(remove=True)) == []
    assert list(shelf.store().list("")) == before
    assert going.key in {blob.key for blob in before}


@pytest.mark.parametrize("state", ["completed", "cancelled", "failed"])
def test_what_jobs_that_are_over_left_is_extra(shelf: Shelf, state: str) -> None:
    job = shelf.job(shelf.video(), state=state, error={"code": "tool_failed"})
    shelf.store().put(f"work/{job.id}/1/0", [b"x"])

    assert shelf.extras() == {f"work/{job.id}/1/0"}


def test_a_name_that_only_begins_alike_protects_nothing(shelf: Shelf, stream: Path) -> None:
    video = shelf.video()
    shelf.artifact(video, "a/hls/", stream)
    shelf.store().put("a/hls-2/x", [b"x"])
    shelf.store().put("a/hl", [b"x"])

    assert shelf.extras() == {"a/hls-2/x", "a/hl"}


def test_what_is_young_stays_unless_told(shelf: Shelf) -> None:
    shelf.video()
    shelf.store(age=timedelta(hours=2)).put("young", [b"x"])

    assert shelf.extras() == set()
    assert [e.key for e in shelf.keeping().extras(older=timedelta(hours=1))] == ["young"]


def test_uploads_that_nobody_waits_for_are_ended(shelf: Shelf) -> None:
    store, coming = shelf.store(), shelf.video(state="uploading", stored=False)
    wanted, ended, unknown = (store.start_parts(f"k{n}") for n in range(3))
    shelf.add(
        _upload(coming, key="k0", store_id=wanted),
        replaced := _upload(coming, key="k1", store_id=ended, state="aborted"),
    )

    found = {extra.upload for extra in shelf.keeping().extras(remove=True)}

    assert found == {ended, unknown}
    assert [upload.upload for upload in store.unfinished("")] == [wanted]
    assert replaced.state == "aborted"


def test_with_another_database_nothing_is_removed(shelf: Shelf) -> None:
    shelf.store().put("film", [b"somebody's"])

    assert shelf.extras() == {"film"}
    with pytest.raises(InvalidSettings, match="names no file"):
        list(shelf.keeping().extras(remove=True))
    assert [blob.key for blob in shelf.store().list("")] == ["film"]


def test_keys_are_changed_and_what_was_stopped_goes_on(shelf: Shelf) -> None:
    plain, sealed = shelf.video(), shelf.video(FILM + b"2")
    shelf.store(OLD).put(sealed.key or "", [FILM + b"2"])
    rotation = shelf.keeping(NEW, OLD).rotate()
    next(rotation)
    rotation.close()

    rest = list(shelf.keeping(NEW, OLD).rotate())

    assert len(rest) == 1
    assert shelf.outcomes(NEW) == {plain.key: "whole", sealed.key: "whole"}
    assert list(shelf.keeping(NEW).rotate()) == []


def test_a_damaged_file_does_not_stop_a_change_of_keys(shelf: Shelf) -> None:
    first, second = shelf.video(), shelf.video(FILM + b"2")
    for video in (first, second):
        shelf.store(OLD).put(video.key or "", [FILM])
    file = shelf.root / (first.key or "")
    damaged = _damage(file)

    done = {one.key: one.outcome for one in shelf.keeping(NEW, OLD).rotate()}

    assert done == {first.key: "damaged", second.key: "sealed"}
    assert file.read_bytes() == damaged


def test_what_dead_processes_left_half_written_is_swept(shelf: Shelf) -> None:
    video = shelf.video()
    orphan = shelf.root / ".incoming" / "0123"
    orphan.write_bytes(b"half")
    os.utime(orphan, (0, 0))

    assert shelf.keeping().sweep() == 1
    assert not orphan.exists()
    assert shelf.outcomes() == {video.key: "whole"}


def test_without_a_key_or_a_local_store_there_is_nothing_to_change(shelf: Shelf) -> None:
    class Elsewhere:
        """Not in a folder."""

        def stat(self, key: str) -> Blob:
            raise BlobNotFound(key)

    elsewhere: BlobStore = Elsewhere()  # type: ignore[assignment]  # nothing else of it is asked

    with pytest.raises(InvalidSettings):
        list(shelf.keeping().rotate())
    with pytest.raises(NotSupported):
        list(replace(shelf.keeping(), blobs=elsewhere).rotate())


def _upload(video: Video, *, key: str, store_id: str, state: str = "open") -> Upload:
    return Upload(
        id=new_id(), workspace_id=video.workspace_id, video_id=video.id, state=state, key=key,
        store_id=store_id, bytes=1, part_bytes=1, uploader="", created_at=NOW, expires_at=NOW, updated_at=NOW,
    )  # fmt: skip
