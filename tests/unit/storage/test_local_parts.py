import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.errors import BlobNotFound, InvalidUpload, UploadNotFound
from framemill.storage.blobs import MIN_PART, Part
from framemill.storage.disk import UPLOADS, Staged
from framemill.storage.local import LocalStore
from tests.unit.storage.conftest import KEY, a_store

_FIRST = bytes(MIN_PART)
_LAST = b"the end"
_A = Part(number=1, bytes=len(_FIRST), etag="")
_B = Part(number=2, bytes=len(_LAST), etag="")


def _begun(store: LocalStore, *parts: bytes) -> tuple[str, list[Part]]:
    upload = store.start_parts("w/k")
    return upload, [store.put_part("w/k", upload, n, [data]) for n, data in enumerate(parts, start=1)]


def test_parts_become_one_file_in_the_order_of_their_numbers(store: LocalStore, root: Path) -> None:
    upload = store.start_parts("w/k")
    last = store.put_part("w/k", upload, 7, [_LAST])
    first = store.put_part("w/k", upload, 3, [_FIRST[:9], _FIRST[9:]])
    assert store.parts("w/k", upload) == (first, last)

    blob = store.complete_parts("w/k", upload, [first, last])

    assert blob == store.stat("w/k")
    assert b"".join(store.read("w/k")) == _FIRST + _LAST
    assert list((root / UPLOADS).iterdir()) == []


def test_nothing_of_an_upload_is_seen_before_it_is_complete(store: LocalStore) -> None:
    _begun(store, _FIRST)

    assert list(store.list("")) == []
    with pytest.raises(BlobNotFound):
        store.stat("w/k")


def test_a_part_that_is_sent_again_replaces_itself(store: LocalStore) -> None:
    upload, [old] = _begun(store, b"one")

    new = store.put_part("w/k", upload, 1, [b"two"])

    assert store.parts("w/k", upload) == (new,)
    with pytest.raises(InvalidUpload, match="part 1"):
        store.complete_parts("w/k", upload, [old])
    store.complete_parts("w/k", upload, [new])
    assert b"".join(store.read("w/k")) == b"two"


def test_a_part_whose_sender_goes_away_leaves_the_one_before(store: LocalStore) -> None:
    upload, [old] = _begun(store, b"one")

    def broken() -> Iterator[bytes]:
        yield b"tw"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put_part("w/k", upload, 1, broken())

    assert store.parts("w/k", upload) == (old,)


def test_a_part_sent_many_times_at_once_is_whole(store: LocalStore) -> None:
    upload = store.start_parts("w/k")
    sent = [bytes([n]) * 100_000 for n in range(6)]

    def send(data: bytes) -> None:
        store.put_part("w/k", upload, 1, [data[at : at + 1000] for at in range(0, len(data), 1000)])

    threads = [threading.Thread(target=send, args=(data,)) for data in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    store.complete_parts("w/k", upload, store.parts("w/k", upload))
    assert b"".join(store.read("w/k")) in sent


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ([], "at least one"),
        ([_B, _A], "named after"),
        ([_A, _A], "named after"),
        ([_A, Part(number=3, bytes=1, etag="x")], "part 3 was not received"),
        ([_A, replace(_B, etag="x")], "part 2 is not the one"),
        ([_A, replace(_B, bytes=8)], "part 2 is not the one"),
    ],
)
def test_what_was_not_received_is_not_completed(store: LocalStore, named: list[Part], said: str) -> None:
    upload, received = _begun(store, _FIRST, _LAST)
    # The etags are only known now.
    etags = {part.number: part.etag for part in received}
    parts = [part if part.etag else replace(part, etag=etags[part.number]) for part in named]

    with pytest.raises(InvalidUpload, match=said):
        store.complete_parts("w/k", upload, parts)

    assert list(store.parts("w/k", upload)) == received
    assert list(store.list("")) == []


def test_only_the_last_part_may_be_small(store: LocalStore) -> None:
    upload, parts = _begun(store, _FIRST[1:], _LAST)

    with pytest.raises(InvalidUpload, match="part 1 is smaller"):
        store.complete_parts("w/k", upload, parts)


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_part_numbers_have_bounds(store: LocalStore, number: int) -> None:
    upload = store.start_parts("w/k")

    with pytest.raises(InvalidUpload):
        store.put_part("w/k", upload, number, [b""])


@pytest.mark.parametrize("upload", ["", "..", "../../w", "0" * 32, "0" * 31 + "/", "A" * 32])
def test_an_upload_that_is_not_there_is_not_found(store: LocalStore, upload: str) -> None:
    store.put("w/k", [b"safe"])
    for act in (
        lambda: store.put_part("w/k", upload, 1, [b""]),
        lambda: store.parts("w/k", upload),
        lambda: store.complete_parts("w/k", upload, []),
    ):
        with pytest.raises(UploadNotFound):
            act()
    store.abort_parts("w/k", upload)
    assert [blob.key for blob in store.list("")] == ["w/k"]


def test_an_upload_belongs_to_its_key(store: LocalStore) -> None:
    upload, _ = _begun(store, b"x")

    with pytest.raises(UploadNotFound):
        store.parts("w/other", upload)
    store.abort_parts("w/other", upload)
    assert len(store.parts("w/k", upload)) == 1


def test_what_was_aborted_is_gone(store: LocalStore, root: Path) -> None:
    upload, _ = _begun(store, _FIRST, _LAST)

    store.abort_parts("w/k", upload)

    with pytest.raises(UploadNotFound):
        store.put_part("w/k", upload, 3, [b"late"])
    store.abort_parts("w/k", upload)
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_open_uploads_are_listed_by_prefix(store: LocalStore) -> None:
    ours, theirs = store.start_parts("w/k"), store.start_parts("v/k")

    assert [(u.key, u.upload) for u in store.unfinished("w/")] == [("w/k", ours)]
    assert {u.upload for u in store.unfinished("")} == {ours, theirs}
    assert next(store.unfinished("w/")).started.tzinfo is not None


def test_what_is_on_its_way_to_one_video_is_found_without_opening_the_others(
    store: LocalStore, root: Path
) -> None:
    original = store.start_parts("workspaces/w/v/original.mp4")
    made = store.start_parts("workspaces/w/v/jobs/one/a.mp4")
    for key in ("workspaces/w/v2/original.mp4", "workspaces/w2/v/original.mp4", "workspaces/w"):
        (root / UPLOADS / store.start_parts(key) / "about").write_text("nothing that can be read")

    assert {one.upload for one in store.unfinished("workspaces/w/v/")} == {original, made}
    assert [one.upload for one in store.unfinished("workspaces/w/v/jobs/")] == [made]


def test_many_complete_at_once_and_one_file_is_there(store: LocalStore) -> None:
    data = os.urandom(100)
    upload, parts = _begun(store, _FIRST, data)
    ends: list[str] = []

    def complete() -> None:
        try:
            store.complete_parts("w/k", upload, parts)
            ends.append("done")
        except UploadNotFound:
            ends.append("ended")

    threads = [threading.Thread(target=complete) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ends) == 4
    assert "done" in ends
    assert b"".join(store.read("w/k")) == _FIRST + data


def _inode(root: Path, name: str) -> int:
    return next(path for path in root.rglob(name)).stat().st_ino


@pytest.fixture(name="plain")
def _plain(root: Path) -> LocalStore:
    return a_store(root)


def test_completing_moves_no_bytes_where_it_was_known_how_long_parts_are(
    plain: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(2 * MIN_PART + 5)
    upload = plain.start_parts("w/k")
    plain.part_url("w/k", upload, 1, bytes=MIN_PART, lifetime=timedelta(hours=1))
    for number in (3, 1, 2):
        plain.put_part("w/k", upload, number, [data[(number - 1) * MIN_PART : number * MIN_PART]])
    before = _inode(root, "whole")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("bytes are moved")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    monkeypatch.setattr(Staged, "write", refuse)
    plain.complete_parts("w/k", upload, plain.parts("w/k", upload))

    assert b"".join(plain.read("w/k")) == data
    assert _inode(root, "k") == before


def test_the_first_part_tells_how_long_the_others_are(plain: LocalStore, root: Path) -> None:
    upload, _ = _begun(plain, _FIRST, _FIRST, _LAST)

    assert next(root.rglob("whole")).stat().st_size == 2 * MIN_PART + len(_LAST)
    plain.complete_parts("w/k", upload, plain.parts("w/k", upload))
    assert b"".join(plain.read("w/k")) == _FIRST + _FIRST + _LAST


def test_whoever_still_sends_when_the_upload_is_completed_changes_nothing(plain: LocalStore) -> None:
    upload, parts = _begun(plain, _FIRST, _LAST)

    def slow() -> Iterator[bytes]:
        yield b"late"
        plain.complete_parts("w/k", upload, parts)
        yield b"later"

    with pytest.raises(UploadNotFound):
        plain.put_part("w/k", upload, 3, slow())

    assert b"".join(plain.read("w/k")) == _FIRST + _LAST


def test_whoever_begins_to_send_while_the_upload_is_completed_changes_nothing(
    plain: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, parts = _begun(plain, _FIRST, _LAST)
    real = os.ftruncate

    def meanwhile(fd: int, length: int) -> None:
        monkeypatch.undo()
        plain.put_part("w/k", upload, 3, [b"late"])
        real(fd, length)

    monkeypatch.setattr(os, "ftruncate", meanwhile)
    plain.complete_parts("w/k", upload, parts)

    assert b"".join(plain.read("w/k")) == _FIRST + _LAST


def test_an_upload_can_be_completed_after_keys_were_set(plain: LocalStore, root: Path) -> None:
    upload, parts = _begun(plain, _FIRST, _LAST)
    sealed = a_store(root, keys=[KEY])

    sealed.complete_parts("w/k", upload, parts)

    assert b"".join(sealed.read("w/k")) == _FIRST + _LAST
    assert sealed.local_path("w/k") is None


def test_what_would_pass_for_sealed_is_refused_in_parts_too(plain: LocalStore, root: Path) -> None:
    a_store(root, keys=[KEY]).put("sealed", [_FIRST])
    forged = (root / "sealed").read_bytes()[:MIN_PART]
    upload = plain.start_parts("w/k")
    plain.part_url("w/k", upload, 1, bytes=MIN_PART, lifetime=timedelta(hours=1))
    part = plain.put_part("w/k", upload, 1, [forged])

    with pytest.raises(InvalidUpload, match="sealed"):
        plain.complete_parts("w/k", upload, [part])
    assert [blob.key for blob in plain.list("")] == ["sealed"]


class _Gone(Exception):
    """The sender is."""


sent = st.tuples(st.integers(1, 4), st.integers(4, 7), st.booleans())


@given(
    said=st.none() | st.integers(0, 9), sends=st.lists(sent, min_size=1, max_size=12), last=st.integers(0, 3)
)
def test_whatever_was_sent_in_whatever_order_becomes_the_file(
    tmp_path_factory: pytest.TempPathFactory, said: int | None, sends: list[tuple[int, int, bool]], last: int
) -> None:
    store, received = a_store(tmp_path_factory.mktemp("p")), dict[int, bytes]()
    upload = store.start_parts("k")
    if said is not None:
        store.part_url("k", upload, 1, bytes=said, lifetime=timedelta(hours=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("framemill.storage.local_parts.MIN_PART", 4)
        for nth, (number, size, breaks) in enumerate([*sends, (5, last, False)]):
            data = bytes([nth]) * size

            def pieces(data: bytes = data, breaks: bool = breaks) -> Iterator[bytes]:
                yield data[:2]
                yield data[2:]
                if breaks:
                    raise _Gone

            with suppress(_Gone):
                store.put_part("k", upload, number, pieces())
                received[number] = data
        parts = store.parts("k", upload)
        assert [(part.number, part.bytes) for part in parts] == [
            (number, len(data)) for number, data in sorted(received.items())
        ]
        blob = store.complete_parts("k", upload, parts)

    assert b"".join(store.read("k")) == b"".join(data for _, data in sorted(received.items()))
    assert blob == store.stat("k")
    assert not list(store.unfinished(""))
