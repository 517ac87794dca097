"""An S3 store that fails in between: what was stored stays whole, and what fails may be tried again."""

import hashlib
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from framemill.errors import BlobNotFound, FramemillError, StorageUnavailable
from framemill.storage.blobs import MIN_PART, BlobStore
from framemill.storage.s3 import reading
from framemill.storage.s3.connection import Sizes
from framemill.storage.s3.store import S3Store
from tests.integration.stores import Bucket, bucket
from tests.servers.faults import (
    Chance,
    Cut,
    Drip,
    Faults,
    Garble,
    Hang,
    Lose,
    Once,
    Refuse,
    Reset,
    in_front_of,
)

pytestmark = pytest.mark.integration

LARGE = MIN_PART + 123_457


@pytest.fixture(name="place")
def _place(request: pytest.FixtureRequest) -> Bucket:
    return bucket(request)


@pytest.fixture(name="front")
def _front(place: Bucket) -> Iterator[Faults]:
    with in_front_of(place.server.port) as front:
        yield front


@pytest.fixture(name="store")
def _store(place: Bucket, front: Faults) -> S3Store:
    """A store behind the faults, that tries three times and waits five seconds."""
    return place.store(endpoint=front.url, sizes=Sizes(part=MIN_PART), tries=3, read_timeout_s=5)


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that are the same each time, and nowhere like those of another seed or place."""
    return hashlib.shake_128(seed.to_bytes(4)).digest(size)


def content(store: BlobStore, key: str) -> bytes:
    """All of a file."""
    return b"".join(store.read(key))


def gets(method: str, path: str) -> bool:
    """Whether a request reads a file."""
    return method == "GET" and "list-type" not in path and "uploadId" not in path


def completes(method: str, path: str) -> bool:
    """Whether a request ends an upload in parts."""
    return method == "POST" and "uploadId=" in path


# Reading


def test_a_body_that_breaks_off_is_taken_up_where_it_was(store: S3Store, front: Faults) -> None:
    data = noise(3_000_000)
    store.put("a", [data])
    front.script = Once(Cut(after=1_000_000), Cut(after=0), Cut(after=700_000), concerns=gets)
    front.seen.clear()

    read = content(store, "a")

    assert read == data
    assert len(front.seen) == 4


def test_a_range_that_breaks_off_ends_where_it_should(store: S3Store, front: Faults) -> None:
    data = noise(2_000_000)
    store.put("a", [data])
    front.script = Once(Cut(after=600_000), concerns=gets)

    assert b"".join(store.read("a", start=100_000, stop=1_900_000)) == data[100_000:1_900_000]


def test_two_contents_are_never_glued_together(store: S3Store, front: Faults) -> None:
    store.put("a", [noise(2_000_000, 1)])
    front.script = Once(Cut(after=1_000_000), concerns=gets)
    pieces = store.read("a")
    got = next(pieces)

    store.put("a", [noise(2_000_000, 2)])
    with pytest.raises(StorageUnavailable, match="replaced"):
        got += b"".join(pieces)

    assert noise(2_000_000, 1).startswith(got)


def test_a_file_that_is_deleted_while_it_is_read_is_not_found(store: S3Store, front: Faults) -> None:
    store.put("a", [noise(2_000_000)])
    front.script = Once(Cut(after=1_000_000), concerns=gets)
    pieces = store.read("a")
    next(pieces)

    store.delete(["a"])

    with pytest.raises(BlobNotFound):
        list(pieces)


def test_a_body_that_never_comes_further_is_given_up(place: Bucket, front: Faults) -> None:
    waits: list[float] = []
    connection = place.connection(endpoint=front.url)
    S3Store(connection).put("a", [noise(1_000_000)])
    front.script = lambda method, path: Cut(after=10) if gets(method, path) else None

    with pytest.raises(StorageUnavailable):
        list(reading.read(connection, "a", start=0, stop=None, pause=waits.append))

    assert waits == sorted(waits)
    assert len(waits) == 5


def test_a_body_that_hangs_is_taken_up_again(place: Bucket, front: Faults) -> None:
    store = place.store(endpoint=front.url, read_timeout_s=1)
    data = noise(300_000)
    store.put("a", [data])
    # The pause is longer than the patience.
    front.script = Once(Drip(bytes=200_000, pause_s=3), concerns=gets)

    assert content(store, "a") == data


def test_a_body_that_comes_slowly_is_read(store: S3Store, front: Faults) -> None:
    data = noise(100_000)
    store.put("a", [data])
    front.script = Once(Drip(bytes=5_000, pause_s=0.02), concerns=gets)

    assert content(store, "a") == data


# Asking again


@pytest.mark.parametrize("fault", [Refuse(), Refuse(status=503), Reset(), Lose()])
def test_a_request_that_fails_is_made_again(
    store: S3Store, front: Faults, fault: Refuse | Reset | Lose
) -> None:
    def fails_once() -> None:
        front.script = Once(fault)

    for act in (
        lambda: store.put("a", [b"one"]),
        lambda: store.stat("a"),
        lambda: list(store.list("")),
        lambda: content(store, "a"),
        lambda: store.copy("a", "b"),
        lambda: store.delete(["b"]),
        lambda: list(store.unfinished("")),
    ):
        fails_once()
        act()

    assert [blob.key for blob in store.list("")] == ["a"]


def test_a_store_that_is_away_is_unavailable_and_that_passes(store: S3Store, front: Faults) -> None:
    front.script = lambda _method, _path: Refuse(status=503)

    with pytest.raises(StorageUnavailable) as refused:
        store.put("a", [b"x"])

    assert refused.value.transient
    front.script = lambda _method, _path: None
    store.put("a", [b"x"])


def test_nobody_there_is_unavailable(place: Bucket) -> None:
    with in_front_of(place.server.port) as front:
        store = place.store(endpoint=front.url, tries=2)

    with pytest.raises(StorageUnavailable):
        store.stat("a")


def test_a_store_that_hangs_is_unavailable_after_a_while(place: Bucket, front: Faults) -> None:
    store = place.store(endpoint=front.url, read_timeout_s=0.5, tries=2)
    front.script = lambda _method, _path: Hang()
    before = time.monotonic()

    with pytest.raises(StorageUnavailable):
        store.stat("a")

    assert time.monotonic() - before < 60


def test_a_completion_whose_answer_was_lost_is_complete(store: S3Store, front: Faults) -> None:
    data = noise(LARGE)
    upload = store.start_parts("a")
    parts = [
        store.put_part("a", upload, 1, [data[:MIN_PART]]),
        store.put_part("a", upload, 2, [data[MIN_PART:]]),
    ]
    front.script = lost = Once(Lose(), concerns=completes)

    blob = store.complete_parts("a", upload, parts)

    assert lost.over
    assert blob == store.stat("a")
    assert content(store, "a") == data


def test_a_put_whose_completion_was_lost_has_put(store: S3Store, front: Faults) -> None:
    data = noise(LARGE)
    front.script = lost = Once(Lose(), concerns=completes)

    store.put("a", [data])

    assert lost.over
    assert content(store, "a") == data
    assert list(store.unfinished("")) == []


def test_a_put_that_fails_in_the_middle_leaves_nothing(store: S3Store, front: Faults) -> None:
    front.script = lambda method, path: Refuse() if method == "PUT" and "partNumber=2" in path else None

    with pytest.raises(StorageUnavailable):
        store.put("a", [noise(LARGE)])

    assert list(store.list("")) == []
    assert list(store.unfinished("")) == []


def test_what_is_changed_on_its_way_is_refused(store: S3Store, front: Faults) -> None:
    front.script = Once(Garble())

    with pytest.raises(StorageUnavailable):
        store.put("a", [noise(100_000)])

    assert list(store.list("")) == []


# By chance


@dataclass(slots=True)
class Model:
    """What may be stored under each key: more than one content where an answer never came."""

    possible: dict[str, set[bytes | None]] = field(default_factory=dict)

    def of(self, key: str) -> set[bytes | None]:
        return self.possible.setdefault(key, {None})


class Rider:
    """Does things to keys of its own and holds each answer against what may be there."""

    def __init__(self, name: str, store: S3Store, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self.model = Model()
        self.keys = [f"{name}/{letter}" for letter in "abc"]
        self.failed = 0

    def ride(self, count: int) -> None:
        """Do so many things."""
        for number in range(count):
            act = self.random.choice([self.put, self.put, self.put_large, self.upload, self.read, self.read])
            act = self.random.choice([act, act, act, self.copy, self.delete, self.list])
            key, before = self.random.choice(self.keys), {k: set(v) for k, v in self.model.possible.items()}
            try:
                act(key, noise(50_000 + number, number))
            except FramemillError as error:
                if not error.transient:
                    raise
                self.failed += 1
                for name, contents in before.items():
                    self.model.possible[name] = self.model.of(name) | contents

    def put(self, key: str, data: bytes) -> None:
        before = self.model.of(key)
        self.model.possible[key] = before | {data}
        assert self.store.put(key, [data]).bytes == len(data)
        self.model.possible[key] = {data}

    def put_large(self, key: str, data: bytes) -> None:
        self.put(key, noise(LARGE, len(data)))

    def upload(self, key: str, data: bytes) -> None:
        large = noise(LARGE, len(data))
        upload = self.store.start_parts(key)
        self.store.put_part(key, upload, 2, [large[MIN_PART:]])
        self.store.put_part(key, upload, 1, [large[:MIN_PART]])
        self.model.possible[key] = self.model.of(key) | {large}
        self.store.complete_parts(key, upload, self.store.parts(key, upload))
        self.model.possible[key] = {large}

    def read(self, key: str, _data: bytes) -> None:
        try:
            found: bytes | None = content(self.store, key)
        except BlobNotFound:
            found = None
        assert found in self.model.of(key)

    def copy(self, key: str, _data: bytes) -> None:
        target = self.random.choice(self.keys)
        self.model.possible[target] = self.model.of(target) | self.model.of(key)
        try:
            self.store.copy(key, target)
        except BlobNotFound:
            assert None in self.model.of(key)

    def delete(self, key: str, _data: bytes) -> None:
        self.model.possible[key] = self.model.of(key) | {None}
        self.store.delete([key])
        self.model.possible[key] = {None}

    def list(self, key: str, _data: bytes) -> None:
        folder = key.rpartition("/")[0]
        listed = {blob.key for blob in self.store.list(f"{folder}/")}
        for name in self.keys:
            assert None in self.model.of(name) or name in listed
            assert name not in listed or self.model.of(name) != {None}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_operations_end_right_or_say_that_they_may_be_tried_again(
    place: Bucket, front: Faults, seed: int
) -> None:
    chance = Chance(
        seed,
        {
            Refuse(): 0.2,
            Reset(): 0.04,
            Lose(): 0.02,
            Cut(after=30_000): 0.08,
            Drip(bytes=20_000, pause_s=0.01): 0.02,
            Hang(): 0.01,
        },
    )
    store = place.store(endpoint=front.url, sizes=Sizes(part=MIN_PART), read_timeout_s=10)
    riders = [Rider(f"r{number}", store, seed * 100 + number) for number in range(4)]
    front.script = chance

    with ThreadPoolExecutor(4) as pool:
        for ride in [pool.submit(rider.ride, 25) for rider in riders]:
            ride.result()

    assert {Refuse, Reset, Lose, Cut} <= set(chance.done)
    quiet = place.store()
    for rider in riders:
        for key in rider.keys:
            try:
                found: bytes | None = content(quiet, key)
            except BlobNotFound:
                found = None
            assert found in rider.model.of(key)
    # Most is none of the caller's business.
    assert sum(rider.failed for rider in riders) <= 20
