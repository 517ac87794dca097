from pathlib import Path

import pytest

from framemill.api.known_files import KnownFiles
from framemill.errors import BlobNotFound
from framemill.storage.blobs import Blob
from framemill.storage.disk import Disk
from framemill.storage.local import LocalStore
from framemill.storage.sealing import Keyring
from framemill.storage.signing import Signer


class _Counting(LocalStore):
    """Counts how often it is looked into."""

    looked = 0

    def stat(self, key: str) -> Blob:
        self.looked += 1
        return super().stat(key)


@pytest.fixture(name="store")
def _store(tmp_path: Path) -> _Counting:
    return _Counting(Disk(tmp_path), signer=Signer(["a secret of the tests"]), public_url="http://x")


def _read(known: KnownFiles, key: str) -> tuple[str, bytes]:
    blob, file = known.open(key)
    assert file is not None
    with file:
        content = file.read()
    assert len(content) == blob.bytes
    return blob.etag, content


def test_a_file_is_looked_for_once(store: _Counting) -> None:
    blob = store.put("a/b", [b"first"])
    store.looked = 0
    known = KnownFiles(store)

    assert [_read(known, "a/b") for _ in range(3)] == [(blob.etag, b"first")] * 3
    assert store.looked == 1


def test_a_file_that_was_replaced_is_known_anew(store: _Counting) -> None:
    known = KnownFiles(store)
    found = []
    for content in (b"first", b"other", b"longer than these"):
        blob = store.put("a/b", [content])
        found.append(_read(known, "a/b") == (blob.etag, content))

    assert found == [True] * 3


def test_a_file_that_went_is_gone(store: _Counting) -> None:
    store.put("a/b", [b"first"])
    known = KnownFiles(store)
    _read(known, "a/b")
    store.delete(["a/b"])

    for key in ("a/b", "a/c"):
        with pytest.raises(BlobNotFound):
            known.open(key)


def test_a_sealed_file_has_no_plain_one(tmp_path: Path) -> None:
    store = LocalStore(
        Disk(tmp_path),
        signer=Signer(["a secret of the tests"]),
        public_url="http://x",
        keyring=Keyring([b"k" * 32]),
    )
    blob = store.put("a/b", [b"first"])

    assert KnownFiles(store).open("a/b") == (blob, None)
