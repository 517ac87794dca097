import errno
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.errors import BlobNotFound, DiskFull, InvalidSpec, StorageUnavailable
from framemill.storage.blobs import check_key
from framemill.storage.contents import PIECE
from framemill.storage.disk import INCOMING, Disk
from framemill.storage.local import LocalStore
from framemill.storage.signing import Signer
from tests.unit.storage.conftest import SECRET, a_store


def _read(store: LocalStore, key: str, **bounds: int) -> bytes:
    return b"".join(store.read(key, **bounds))


def _hidden(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and path.relative_to(root).parts[0][0] == "."]


def test_what_was_put_is_read_back_in_small_pieces(store: LocalStore) -> None:
    data = os.urandom(2 * PIECE + 17)

    blob = store.put("w/v/original.mp4", [data[:1000], data[1000:]])

    pieces = list(store.read("w/v/original.mp4"))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= PIECE
    assert blob == store.stat("w/v/original.mp4")
    assert blob.bytes == len(data)


def test_a_file_is_put_by_its_path_and_left_as_it_is(store: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "film").write_bytes(data := os.urandom(PIECE + 1))

    store.put("film.mp4", tmp_path / "film")

    assert _read(store, "film.mp4") == data
    assert (tmp_path / "film").read_bytes() == data


@given(start=st.integers(0, 40), stop=st.none() | st.integers(0, 40))
def test_a_range_is_read_as_a_slice_is(
    tmp_path_factory: pytest.TempPathFactory, start: int, stop: int | None
) -> None:
    store = a_store(tmp_path_factory.mktemp("r"))
    data = bytes(range(32))
    store.put("k", [data])

    assert b"".join(store.read("k", start=start, stop=stop)) == data[start:stop]


def test_a_file_that_is_replaced_while_it_is_read_is_read_to_its_end(store: LocalStore) -> None:
    old = os.urandom(3 * PIECE)
    store.put("k", [old])
    pieces = store.read("k")
    first = next(pieces)

    store.put("k", [b"new"])

    assert first + b"".join(pieces) == old
    assert _read(store, "k") == b"new"


def test_what_is_not_there_is_said_at_the_first_piece(store: LocalStore) -> None:
    pieces = store.read("a/b")

    with pytest.raises(BlobNotFound):
        next(pieces)
    with pytest.raises(BlobNotFound):
        store.stat("a")
    with pytest.raises(BlobNotFound):
        store.local_path("a/b")
    with pytest.raises(BlobNotFound):
        store.copy("a/b", "c")
    store.delete(["a/b", "a"])
    assert list(store.list("")) == []


def test_a_folder_is_no_file(store: LocalStore) -> None:
    store.put("a/b", [b"1"])

    with pytest.raises(BlobNotFound):
        store.stat("a")
    with pytest.raises(BlobNotFound):
        store.copy("a", "c")
    with pytest.raises(InvalidSpec):
        store.put("a", [b"1"])
    with pytest.raises(InvalidSpec):
        store.put("a/b/c", [b"1"])
    store.delete(["a", "a/b/c"])
    assert [blob.key for blob in store.list("")] == ["a/b"]


def test_an_etag_changes_with_the_content_though_size_and_tick_are_the_same(root: Path) -> None:
    store = a_store(root, clock=lambda: 10**18)

    first = store.put("k", [b"one"])
    second = store.put("k", [b"two"])

    assert first.etag != second.etag


def test_a_source_that_breaks_leaves_what_was_there(store: LocalStore, root: Path) -> None:
    store.put("k", [b"old"])

    def broken() -> Iterator[bytes]:
        yield b"new"
        raise ConnectionResetError("the sender went away")

    with pytest.raises(ConnectionResetError):
        store.put("k", broken())

    assert _read(store, "k") == b"old"
    assert _hidden(root) == []


keys = st.lists(st.text("ab-._0Z", min_size=1, max_size=3), min_size=1, max_size=4).map("/".join)


def _is_key(key: str) -> bool:
    try:
        check_key(key)
    except InvalidSpec:
        return False
    return True


@given(names=st.sets(keys.filter(_is_key), max_size=30), cut=st.integers(0, 4))
def test_a_listing_is_in_the_order_of_the_bytes_of_keys(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], cut: int
) -> None:
    store = a_store(tmp_path_factory.mktemp("l"))
    stored = [k for k in sorted(names) if not any(other.startswith(f"{k}/") for other in names)]
    for key in stored:
        store.put(key, [b""])
    prefix = stored[0][:cut] if stored else ""
    if prefix and not _is_key(prefix.removesuffix("/")):
        prefix = ""

    listed = [blob.key for blob in store.list(prefix)]

    assert listed == sorted((k for k in stored if k.startswith(prefix)), key=str.encode)


def test_a_dash_sorts_before_what_is_below_the_same_name(store: LocalStore) -> None:
    for key in ("a/b", "a-b", "a.b", "a0"):
        store.put(key, [b""])

    assert [blob.key for blob in store.list("")] == ["a-b", "a.b", "a/b", "a0"]


def test_a_listing_is_made_as_it_is_read(store: LocalStore, root: Path) -> None:
    for n in range(5):
        store.put(f"f{n}/x", [b""])
    listing = store.list("")
    first = next(listing)

    store.delete([f"f{n}/x" for n in range(1, 4)])

    assert [first.key, *(blob.key for blob in listing)] == ["f0/x", "f4/x"]


@pytest.mark.parametrize("prefix", ["/", "..", "../", "a/../b", "a//", "."])
def test_a_prefix_cannot_leave_the_folder(store: LocalStore, prefix: str) -> None:
    with pytest.raises(InvalidSpec):
        list(store.list(prefix))


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../b", ".incoming/x", "a/.hidden", "a\0b", "a/"]
)
def test_what_is_no_key_is_refused_everywhere(store: LocalStore, key: str) -> None:
    for act in (
        lambda: store.put(key, [b""]),
        lambda: next(store.read(key)),
        lambda: store.stat(key),
        lambda: store.delete([key]),
        lambda: store.copy(key, "b"),
        lambda: store.local_path(key),
        lambda: store.get_url(key, lifetime=timedelta(hours=1)),
        lambda: store.start_parts(key),
        lambda: store.parts(key, "0" * 32),
    ):
        with pytest.raises(InvalidSpec):
            act()


def test_deleting_removes_the_folders_that_are_left_empty_and_no_others(
    store: LocalStore, root: Path
) -> None:
    store.put("a/b/c/1", [b""])
    store.put("a/2", [b""])

    store.delete(["a/b/c/1"])

    assert [path.name for path in (root / "a").iterdir()] == ["2"]
    store.delete(["a/2"])
    assert not (root / "a").exists()
    assert root.exists()


def test_files_come_and_go_in_one_folder_at_the_same_time(store: LocalStore) -> None:
    failed = []

    def busy(me: int) -> None:
        try:
            for _ in range(60):
                store.put(f"a/b/{me}", [b"x"])
                store.delete([f"a/b/{me}"])
        except Exception as error:  # noqa: BLE001 - the main thread looks
            failed.append(error)

    threads = [threading.Thread(target=busy, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert list(store.list("")) == []


def test_a_copy_outlives_its_source(store: LocalStore) -> None:
    store.put("a/b", [b"film"])

    copied = store.copy("a/b", "c/d")
    again = store.copy("a/b", "c/d")
    store.delete(["a/b"])
    store.put("e", [b"other"])

    assert copied == again == store.stat("c/d")
    assert _read(store, "c/d") == b"film"


def test_replacing_a_source_leaves_its_copy(store: LocalStore, root: Path) -> None:
    store.put("a", [b"old"])
    store.copy("a", "b")

    store.put("a", [b"new"])

    assert (_read(store, "a"), _read(store, "b")) == (b"new", b"old")
    assert _hidden(root) == []


def test_a_copy_is_not_swept_before_it_has_its_name(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("a", [b"film"])
    real, swept = os.link, []

    def link(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int, follow_symlinks: bool) -> None:
        real(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, follow_symlinks=follow_symlinks)
        swept.append(store.sweep(older=timedelta(seconds=-1)))

    monkeypatch.setattr(os, "link", link)
    store.copy("a", "b")

    assert swept == [0]
    assert _read(store, "b") == b"film"
    assert _hidden(root) == []


def test_a_disk_without_links_copies_the_bytes(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refused)
    monkeypatch.setattr(os, "copy_file_range", refused)
    store.put("a", [b"film"])

    store.copy("a", "b")

    assert _read(store, "b") == b"film"


def test_a_local_path_leads_to_the_bytes(root: Path) -> None:
    store = a_store(root)
    store.put("a/b", [b"film"])

    path = store.local_path("a/b")

    assert path is not None
    assert path.read_bytes() == b"film"


def test_links_inside_lead_nowhere(store: LocalStore, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("canary")
    (outside / "empty").mkdir()
    root.mkdir()
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")

    for key in ("folder/secret", "file"):
        with pytest.raises(BlobNotFound):
            store.stat(key)
        with pytest.raises(BlobNotFound):
            store.local_path(key)
        with pytest.raises(BlobNotFound):
            next(store.read(key))
        with pytest.raises(BlobNotFound):
            store.copy(key, "copied")
    with pytest.raises(InvalidSpec):
        store.put("folder/new", [b"x"])
    store.delete(["folder/secret", "folder/empty/x"])
    store.put("file", [b"mine"])

    assert [blob.key for blob in store.list("")] == ["file"]
    assert sorted(path.name for path in outside.iterdir()) == ["empty", "secret"]
    assert (outside / "secret").read_text() == "canary"


def test_nothing_is_stored_once_too_little_is_free(root: Path) -> None:
    store = LocalStore(Disk(root, floor=1 << 60), signer=Signer([SECRET]), public_url="http://h")

    with pytest.raises(DiskFull):
        store.put("k", [b"x"])

    assert list(store.list("")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_called_so(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    real = os.write
    monkeypatch.setattr(os, "write", lambda _fd, data: real(full, data))

    with pytest.raises(DiskFull):
        store.put("k", [b"x"])

    os.close(full)
    assert list(store.list("")) == []


def test_a_folder_that_cannot_be_used_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "storage").write_text("a file")
    store = a_store(tmp_path / "storage")

    with pytest.raises((StorageUnavailable, InvalidSpec)):
        store.put("k", [b"x"])


def test_what_dead_writers_left_is_swept_and_what_living_ones_write_is_not(
    store: LocalStore, root: Path
) -> None:
    store.put("k", [b"x"])
    (root / INCOMING / "orphan").write_bytes(b"half")
    swept = []

    def slow() -> Iterator[bytes]:
        yield b"a"
        swept.append(store.sweep(older=timedelta(seconds=-1)))
        yield b"b"

    store.put("slow", slow())

    assert swept == [1]
    assert _read(store, "slow") == b"ab"
    assert _hidden(root) == []


def test_what_was_left_a_moment_ago_is_not_swept_yet(store: LocalStore, root: Path) -> None:
    store.put("k", [b"x"])
    (root / INCOMING / "orphan").write_bytes(b"half")

    assert store.sweep() == 0
