from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from framemill.errors import UploadNotFound
from framemill.storage.local import LocalStore
from tests.unit.storage.killing import kills

_AT_ONCE = timedelta(seconds=-1)


def _contents(store: LocalStore) -> dict[str, bytes]:
    return {blob.key: b"".join(store.read(blob.key)) for blob in store.list("")}


def _nothing_hidden(root: Path) -> bool:
    return not [path for folder in root.glob(".*") for path in folder.iterdir()]


def test_a_put_killed_anywhere_leaves_the_old_file_or_the_new_one(store: LocalStore, root: Path) -> None:
    old, new = b"old" * 1000, b"new" * 2000
    died = 0

    store.put("a/b/k", [old])
    for _ in kills(lambda: store.put("a/b/k", [new[:50], new[50:]])):
        died += 1
        assert _contents(store) in ({"a/b/k": old}, {"a/b/k": new})
        store.put("a/b/k", [old])
    store.sweep(older=_AT_ONCE)

    assert died > 15
    assert _contents(store) == {"a/b/k": new}
    assert _nothing_hidden(root)


@pytest.mark.parametrize("said", [False, True], ids=["", "in place"])
def test_a_completion_killed_anywhere_is_done_or_can_be_done_again(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch, said: bool
) -> None:
    monkeypatch.setattr("framemill.storage.local_parts.MIN_PART", 4)
    first, second = b"the beginning", b"the end"
    upload = store.start_parts("k")
    if said:
        store.part_url("k", upload, 1, bytes=len(first), lifetime=timedelta(hours=1))
    store.put_part("k", upload, 2, [second])
    store.put_part("k", upload, 1, [first])
    parts = store.parts("k", upload)
    died = ended = 0

    def complete() -> None:
        with suppress(UploadNotFound):  # an earlier one was killed after it was done
            store.complete_parts("k", upload, parts)

    for _ in kills(complete):
        died += 1
        found = _contents(store)
        assert found in ({}, {"k": first + second})
        try:
            assert store.parts("k", upload) == parts
        except UploadNotFound:
            ended += 1
            assert found
    store.sweep(older=_AT_ONCE)

    assert died > 15
    assert ended
    assert _contents(store) == {"k": first + second}
    assert _nothing_hidden(root)


@pytest.mark.parametrize("said", [False, True], ids=["", "in place"])
def test_a_part_killed_anywhere_was_received_whole_or_not_at_all(
    store: LocalStore, root: Path, said: bool
) -> None:
    upload = store.start_parts("k")
    if said:
        store.part_url("k", upload, 1, bytes=20, lifetime=timedelta(hours=1))
    died = 0

    for _ in kills(lambda: store.put_part("k", upload, 1, [b"a" * 10, b"b" * 10])):
        died += 1
        assert [part.bytes for part in store.parts("k", upload)] in ([], [20])
    store.abort_parts("k", upload)
    store.sweep(older=_AT_ONCE)

    assert died > 15
    assert _contents(store) == {}
    assert _nothing_hidden(root)


def test_an_abort_killed_anywhere_can_be_done_again_and_leaves_nothing(store: LocalStore, root: Path) -> None:
    upload = store.start_parts("k")
    store.put_part("k", upload, 1, [b"x"])

    for _ in kills(lambda: store.abort_parts("k", upload)):
        pass
    store.sweep(older=_AT_ONCE)

    assert list(store.unfinished("")) == []
    assert _nothing_hidden(root)
