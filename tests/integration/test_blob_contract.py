"""What every BlobStore promises, held against each of them."""

import hashlib
import resource
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framemill.errors import BlobNotFound, InvalidSpec, InvalidUpload, UploadNotFound
from framemill.storage.blobs import MIN_PART, BlobStore, Part
from tests.integration.stores import MAKERS

pytestmark = pytest.mark.integration

MINUTE = timedelta(minutes=1)
# More than two parts of any store, and no multiple of anything.
LARGE = 2 * MIN_PART + 123_457


@pytest.fixture(params=sorted(MAKERS), name="store")
def _store(request: pytest.FixtureRequest) -> BlobStore:
    return MAKERS[request.param](request)


@pytest.fixture(name="text")
def _text(store: BlobStore) -> str:
    """The key of ten bytes: 0123456789."""
    store.put("a/text", [b"01234", b"56789"])
    return "a/text"


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that are the same each time, and nowhere like those of another seed or place."""
    return hashlib.shake_128(seed.to_bytes(4)).digest(size)


def content(store: BlobStore, key: str) -> bytes:
    """All of a file."""
    return b"".join(store.read(key))


def keys(store: BlobStore, prefix: str) -> list[str]:
    """What is listed, as it is listed."""
    return [blob.key for blob in store.list(prefix)]


# Files


def test_what_is_put_is_read_and_described(store: BlobStore, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"from a file")

    put = store.put("w/1/original.mp4", tmp_path / "f", content_type="video/mp4")

    assert content(store, "w/1/original.mp4") == b"from a file"
    assert store.stat("w/1/original.mp4") == put
    assert (put.key, put.bytes) == ("w/1/original.mp4", 11)
    assert put.etag
    assert '"' not in put.etag
    assert abs(put.modified - datetime.now(UTC)) < timedelta(minutes=5)


def test_pieces_of_any_size_become_one_file(store: BlobStore) -> None:
    store.put("a", iter([b"", b"one ", b"", b"two"]))

    assert content(store, "a") == b"one two"


def test_a_file_may_be_empty(store: BlobStore, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")

    for key, source in (("none", iter(())), ("empty", iter([b""])), ("file", tmp_path / "f")):
        assert store.put(key, source).bytes == 0
        assert content(store, key) == b""
        assert list(store.read(key, start=0, stop=5)) == []


def test_a_file_of_the_same_key_is_replaced(store: BlobStore) -> None:
    first = store.put("a", [b"first"])

    second = store.put("a", [b"other"])

    assert content(store, "a") == b"other"
    assert second.etag != first.etag
    assert store.stat("a") == second


def test_what_breaks_off_changes_nothing(store: BlobStore) -> None:
    def broken() -> Iterator[bytes]:
        yield noise(LARGE)
        raise OSError("the camera fell into the sea")

    store.put("a", [b"before"])

    with pytest.raises(OSError, match="the camera"):
        store.put("a", broken())
    with pytest.raises(OSError, match="the camera"):
        store.put("b", broken())

    assert content(store, "a") == b"before"
    assert keys(store, "") == ["a"]
    assert list(store.unfinished("")) == []


def test_a_file_of_several_parts_comes_back_whole(store: BlobStore, tmp_path: Path) -> None:
    data = noise(LARGE)
    (tmp_path / "f").write_bytes(data)

    from_file = store.put("file", tmp_path / "f")
    from_pieces = store.put("pieces", (data[at : at + 700_001] for at in range(0, LARGE, 700_001)))

    assert (from_file.bytes, from_pieces.bytes) == (LARGE, LARGE)
    assert content(store, "file") == data
    assert content(store, "pieces") == data


def test_of_many_who_put_one_key_at_once_one_wins_whole(store: BlobStore) -> None:
    contents = [noise(300_000, seed) for seed in range(8)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda data: store.put("a", [data]), contents))

    assert content(store, "a") in contents
    assert keys(store, "") == ["a"]


def test_who_reads_while_it_is_replaced_gets_no_mixture(store: BlobStore) -> None:
    contents = [noise(300_000, seed) for seed in range(4)]
    store.put("a", [contents[0]])
    over = threading.Event()

    def replace_it() -> None:
        for data in contents * 2:
            store.put("a", [data])
        over.set()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(replace_it)
        seen = [content(store, "a")]
        while not over.is_set():
            seen.append(content(store, "a"))
        writing.result()

    assert set(seen) <= set(contents)


# Ranges


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (0, None, b"0123456789"),
        (0, 1, b"0"),
        (3, 7, b"3456"),
        (9, None, b"9"),
        (9, 10, b"9"),
        (4, 4, b""),
        (6, 2, b""),
        (0, 0, b""),
        (5, 99, b"56789"),
        (10, None, b""),
        (10, 20, b""),
        (99, None, b""),
    ],
)
def test_a_range_is_what_a_slice_is(
    store: BlobStore, text: str, start: int, stop: int | None, expected: bytes
) -> None:
    assert b"".join(store.read(text, start=start, stop=stop)) == expected


def test_any_range_of_a_large_file_is_what_a_slice_is(store: BlobStore) -> None:
    data = noise(LARGE)
    store.put("a", [data])
    edges = st.sampled_from([0, 1, MIN_PART - 1, MIN_PART, MIN_PART + 1, LARGE - 1, LARGE, LARGE + 1])
    places = st.one_of(edges, st.integers(0, LARGE))

    @settings(max_examples=25)
    @given(start=places, stop=st.one_of(st.none(), places))
    def check(start: int, stop: int | None) -> None:
        assert b"".join(store.read("a", start=start, stop=stop)) == data[start:stop]

    check()


def test_pieces_are_small_and_a_reader_may_stop(store: BlobStore) -> None:
    store.put("a", [noise(LARGE)])

    assert max(map(len, store.read("a"))) <= 1 << 20

    # More than a store has connections.
    for _ in range(50):
        pieces = store.read("a")
        next(pieces)
        pieces.close()  # type: ignore[attr-defined]  # that of a generator, which every store returns


def test_what_is_not_there_is_not_found(store: BlobStore) -> None:
    with pytest.raises(BlobNotFound):
        store.stat("a/nothing")
    for start, stop in ((0, None), (5, 7), (4, 4)):
        with pytest.raises(BlobNotFound):
            next(store.read("a/nothing", start=start, stop=stop))
    with pytest.raises(BlobNotFound):
        store.copy("a/nothing", "b")
    assert keys(store, "") == []


# Lists, copies, deletion


def test_a_list_is_in_the_order_of_keys(store: BlobStore) -> None:
    # A folder's name and a file's that begins with it: the slash comes after `-` and `.`, before letters.
    names = ["a-b", "a.b", "a/b", "a/c-d", "a/c/e", "a0", "aB", "a_", "ab", "b"]
    for name in reversed(names):
        store.put(name, [name.encode()])

    assert names == sorted(names)
    assert keys(store, "") == names


def test_a_list_has_what_begins_with_the_prefix(store: BlobStore) -> None:
    blobs = {name: store.put(name, [name.encode()]) for name in ("v/1/a", "v/1/b/c", "v/10/a", "v/2", "w/1")}

    assert list(store.list("v/1/")) == [blobs["v/1/a"], blobs["v/1/b/c"]]
    assert keys(store, "v/1") == ["v/1/a", "v/1/b/c", "v/10/a"]
    assert keys(store, "v/") == ["v/1/a", "v/1/b/c", "v/10/a", "v/2"]
    assert keys(store, "x/") == []
    assert keys(store, "v/2") == ["v/2"]
    assert keys(store, "v/2/") == []


def test_many_are_deleted_and_those_that_are_not_there_are_not_missed(store: BlobStore) -> None:
    names = [f"d/{number:02}" for number in range(10)]
    for name in names:
        store.put(name, [b"x"])
    store.put("d/keep", [b"x"])

    store.delete([*names, "d/nothing", "nothing/at/all"])
    store.delete(names)
    store.delete([])

    assert keys(store, "") == ["d/keep"]


def test_a_copy_stands_for_itself(store: BlobStore) -> None:
    first = store.put("a", [b"one"], content_type="video/mp4")

    copied = store.copy("a", "b/c")
    store.put("a", [b"two"])
    store.delete(["a"])

    assert (copied.key, copied.bytes) == ("b/c", first.bytes)
    assert store.stat("b/c") == copied
    assert content(store, "b/c") == b"one"


def test_a_copy_replaces(store: BlobStore) -> None:
    store.put("a", [b"one"])
    store.put("b", [b"another"])

    store.copy("a", "b")
    same = store.copy("a", "a")

    assert content(store, "b") == b"one"
    assert content(store, "a") == b"one"
    assert same == store.stat("a")


def test_a_large_file_is_copied_whole(store: BlobStore) -> None:
    data = noise(LARGE)
    store.put("a", [data])

    assert store.copy("a", "b").bytes == LARGE
    assert content(store, "b") == data


def test_a_local_path_has_the_same_bytes_or_is_none(store: BlobStore, text: str) -> None:
    path = store.local_path(text)

    assert path is None or path.read_bytes() == b"0123456789"


@pytest.mark.parametrize(
    "key",
    [
        *("a%2e%2e", "a\\b", "a:b", "s3://x", "x" * 201, "/".join(["x" * 100] * 11)),
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "../a",
        ".hidden",
        "a/.b",
        "a b",
        "a\n",
        "a\0b",
        "é",
        "a?b",
    ],
)
def test_a_key_that_means_something_else_is_refused_everywhere(store: BlobStore, key: str) -> None:
    store.put("a/text", [b"x"])
    part = Part(number=1, bytes=1, etag="0" * 32)
    for act in (
        lambda: store.put(key, [b"x"]),
        lambda: next(store.read(key)),
        lambda: store.stat(key),
        lambda: store.delete([key]),
        lambda: store.copy("a/text", key),
        lambda: store.copy(key, "b"),
        lambda: store.local_path(key),
        lambda: store.get_url(key, lifetime=MINUTE),
        lambda: store.start_parts(key),
        lambda: store.part_url(key, "0" * 32, 1, bytes=1, lifetime=MINUTE),
        lambda: store.put_part(key, "0" * 32, 1, [b"x"]),
        lambda: store.parts(key, "0" * 32),
        lambda: store.complete_parts(key, "0" * 32, [part]),
        lambda: store.abort_parts(key, "0" * 32),
    ):
        with pytest.raises(InvalidSpec):
            act()
    assert keys(store, "") == ["a/text"]


# Uploads in parts


def test_parts_become_one_file(store: BlobStore) -> None:
    data = noise(LARGE)
    upload = store.start_parts("v/original.mp4", content_type="video/mp4")
    pieces = [data[:MIN_PART], data[MIN_PART : 2 * MIN_PART], data[2 * MIN_PART :]]

    # In no order, from several threads.
    with ThreadPoolExecutor(3) as pool:
        sent = list(
            pool.map(lambda n: store.put_part("v/original.mp4", upload, n, [pieces[n - 1]]), (3, 1, 2))
        )
    received = store.parts("v/original.mp4", upload)
    with pytest.raises(BlobNotFound):
        store.stat("v/original.mp4")
    blob = store.complete_parts("v/original.mp4", upload, received)

    assert received == tuple(sorted(sent, key=lambda part: part.number))
    assert [part.bytes for part in received] == [len(piece) for piece in pieces]
    assert content(store, "v/original.mp4") == data
    assert blob == store.stat("v/original.mp4")
    assert blob.bytes == LARGE
    assert list(store.unfinished("")) == []


def test_an_upload_goes_on_where_it_was_whoever_goes_on(store: BlobStore) -> None:
    data = noise(LARGE)
    upload = store.start_parts("a")
    store.put_part("a", upload, 1, [data[:MIN_PART]])
    (found,) = store.unfinished("a")

    # All that another machine knows.
    have = {part.number for part in store.parts(found.key, found.upload)}
    for number, start in ((1, 0), (2, MIN_PART)):
        if number not in have:
            store.put_part(found.key, found.upload, number, [data[start:] if number == 2 else data[:start]])
    store.complete_parts(found.key, found.upload, store.parts(found.key, found.upload))

    assert have == {1}
    assert content(store, "a") == data


def test_a_part_that_is_sent_again_replaces_itself(store: BlobStore) -> None:
    upload = store.start_parts("a")
    first = store.put_part("a", upload, 1, [b"first"])

    second = store.put_part("a", upload, 1, [b"the second"])

    assert store.parts("a", upload) == (second,)
    assert second.etag != first.etag
    with pytest.raises(InvalidUpload):
        store.complete_parts("a", upload, [first])
    assert store.complete_parts("a", upload, [second]).bytes == 10
    assert content(store, "a") == b"the second"


def test_parts_that_are_not_as_they_were_received_make_no_file(store: BlobStore) -> None:
    upload = store.start_parts("a")
    one = store.put_part("a", upload, 1, [noise(MIN_PART)])
    two = store.put_part("a", upload, 2, [b"two"])

    for wrong in (
        [],
        [one, replace(two, etag="0" * 32)],
        [one, replace(two, number=3)],
        [two, one],
        [one, one],
        [replace(one, bytes=4), two],
    ):
        with pytest.raises(InvalidUpload):
            store.complete_parts("a", upload, wrong)

    with pytest.raises(BlobNotFound):
        store.stat("a")
    # Nothing is lost by it.
    assert store.complete_parts("a", upload, [one, two]).bytes == MIN_PART + 3


def test_only_the_last_part_may_be_small(store: BlobStore) -> None:
    upload = store.start_parts("a")
    small = [store.put_part("a", upload, 1, [noise(MIN_PART - 1)]), store.put_part("a", upload, 2, [b"two"])]

    with pytest.raises(InvalidUpload):
        store.complete_parts("a", upload, small)

    assert store.parts("a", upload) == tuple(small)


def test_numbers_of_parts_may_have_gaps(store: BlobStore) -> None:
    upload = store.start_parts("a")
    parts = [store.put_part("a", upload, 2, [noise(MIN_PART)]), store.put_part("a", upload, 9, [b"end"])]

    store.complete_parts("a", upload, parts)

    assert content(store, "a") == noise(MIN_PART) + b"end"


@pytest.mark.parametrize("number", [-1, 0, 10_001])
def test_parts_have_numbers_from_one_to_ten_thousand(store: BlobStore, number: int) -> None:
    upload = store.start_parts("a")

    with pytest.raises(InvalidUpload):
        store.put_part("a", upload, number, [b"x"])
    assert store.put_part("a", upload, 10_000, [b"x"]).number == 10_000


def test_an_upload_that_ended_is_not_found(store: BlobStore) -> None:
    done, aborted = store.start_parts("a"), store.start_parts("b")
    part = store.put_part("a", done, 1, [b"x"])
    store.put_part("b", aborted, 1, [b"x"])
    store.complete_parts("a", done, [part])
    store.abort_parts("b", aborted)

    for key, upload in (("a", done), ("b", aborted), ("c", "0" * 32), ("c", "../../etc"), ("c", "")):
        with pytest.raises(UploadNotFound):
            store.parts(key, upload)
        with pytest.raises(UploadNotFound):
            store.put_part(key, upload, 1, [b"y"])
        with pytest.raises(UploadNotFound):
            store.complete_parts(key, upload, [part])
        store.abort_parts(key, upload)

    assert content(store, "a") == b"x"
    assert keys(store, "") == ["a"]


def test_an_upload_is_of_one_key(store: BlobStore) -> None:
    upload = store.start_parts("a")
    part = store.put_part("a", upload, 1, [b"x"])

    with pytest.raises(UploadNotFound):
        store.put_part("b", upload, 1, [b"y"])
    with pytest.raises(UploadNotFound):
        store.parts("b", upload)
    with pytest.raises(UploadNotFound):
        store.complete_parts("b", upload, [part])
    store.abort_parts("b", upload)

    assert store.parts("a", upload) == (part,)


def test_an_aborted_upload_leaves_nothing_and_may_be_aborted_again(store: BlobStore) -> None:
    store.put("a", [b"before"])
    upload = store.start_parts("a")
    store.put_part("a", upload, 1, [noise(MIN_PART)])

    store.abort_parts("a", upload)
    store.abort_parts("a", upload)
    store.abort_parts("a", "0" * 32)

    assert list(store.unfinished("")) == []
    assert content(store, "a") == b"before"


def test_open_uploads_are_found_by_prefix(store: BlobStore) -> None:
    uploads = {key: store.start_parts(key) for key in ("w/1/a", "w/1/b", "w/2/a")}
    second = store.start_parts("w/1/a")

    assert {(u.key, u.upload) for u in store.unfinished("w/1/")} == {
        ("w/1/a", uploads["w/1/a"]),
        ("w/1/a", second),
        ("w/1/b", uploads["w/1/b"]),
    }
    assert len(list(store.unfinished(""))) == 4
    assert list(store.unfinished("x/")) == []
    for found in store.unfinished(""):
        assert abs(found.started - datetime.now(UTC)) < timedelta(minutes=5)
        store.abort_parts(found.key, found.upload)
    assert list(store.unfinished("")) == []


def test_an_upload_is_not_listed_as_a_file(store: BlobStore) -> None:
    upload = store.start_parts("a/b")
    store.put_part("a/b", upload, 1, [b"x"])

    assert keys(store, "") == []


# Memory


def test_a_large_file_goes_through_without_being_held(store: BlobStore) -> None:
    piece, count = noise(1 << 20), 160
    expected = hashlib.sha256(piece * count).hexdigest()
    store.put("warm", [noise(LARGE)])
    content(store, "warm")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    upload = store.start_parts("part")
    part = store.put_part("part", upload, 1, (piece for _ in range(count)))
    store.complete_parts("part", upload, [part])
    store.put("whole", (piece for _ in range(count)))
    digest = hashlib.sha256()
    for read in store.read("whole"):
        digest.update(read)

    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    assert digest.hexdigest() == expected
    assert grown <= 80


# Addresses


def test_an_address_is_for_whoever_has_it_and_not_for_ever(store: BlobStore, text: str) -> None:
    url = store.get_url(text, lifetime=MINUTE)

    assert url.startswith(("http://", "https://"))
    assert url != store.get_url("a/other", lifetime=MINUTE)
    httpx2.URL(url)
