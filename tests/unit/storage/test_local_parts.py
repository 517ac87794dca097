import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from framemill.errors import BlobNotFound, InvalidUpload, UploadNotFound
from framemill.storage.blobs import MIN_PART, Part
from framemill.storage.disk import UPLOADS
from framemill.storage.local import LocalStore

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
