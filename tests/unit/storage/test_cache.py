import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from framemill.errors import BlobNotFound, InputUnreadable
from framemill.storage.cache import Cache
from framemill.storage.local import LocalStore
from tests.unit.engine.dying import deaths

FILM = bytes(range(256)) * 4096 * 3
DIGEST = hashlib.sha256(FILM).hexdigest()


class Cancelled(Exception):
    pass


def _go_on() -> None: ...


@contextmanager
def _held(
    cache: Cache, key: str = "a/film", *, size: int = len(FILM), sha256: str | None = DIGEST
) -> Iterator[Path]:
    with cache.held(key, bytes=size, sha256=sha256, check=_go_on, wait=_go_on) as path:
        yield path


@pytest.fixture(name="counted")
def _counted(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Where each read of the store began."""
    starts: list[int] = []
    real = store.read

    def read(key: str, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        starts.append(start)
        return real(key, start=start, stop=stop)

    monkeypatch.setattr(store, "read", read)
    return starts


@pytest.fixture(name="cache")
def _cache(store: LocalStore, tmp_path: Path) -> Cache:
    store.put("a/film", [FILM])
    return Cache(store, tmp_path / "cache", limit=2 * len(FILM))


def test_a_copy_is_fetched_once_and_is_the_same(cache: Cache, counted: list[int]) -> None:
    with _held(cache) as first, _held(cache) as second:
        assert first == second
        assert first.read_bytes() == FILM

    with _held(cache) as again:
        assert again == first
    assert counted == [0]


def test_several_that_ask_at_once_wait_for_one_fetch(cache: Cache, counted: list[int]) -> None:
    together, found = threading.Barrier(6), []

    def ask() -> None:
        together.wait()
        with _held(cache) as path:
            found.append(path.read_bytes() == FILM)
            together.wait()  # all hold it at once: nobody waits for another's use to end

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 6
    assert counted == [0]


def test_an_interrupted_fetch_goes_on_where_it_was(cache: Cache, counted: list[int]) -> None:
    pieces = iter(range(100))

    def end_soon() -> None:
        if next(pieces) == 2:
            raise Cancelled

    with (
        pytest.raises(Cancelled),
        cache.held("a/film", bytes=len(FILM), sha256=DIGEST, check=end_soon, wait=_go_on),
    ):
        pytest.fail("there was not even half of it")

    with _held(cache) as path:
        assert path.read_bytes() == FILM
    assert counted[0] == 0
    assert 0 < counted[1] < len(FILM)


def test_what_a_dead_process_left_damaged_is_fetched_anew(cache: Cache, tmp_path: Path) -> None:
    with _held(cache) as path:
        pass
    path.unlink()
    path.with_name(f"{path.name}.part").write_bytes(b"x" * 1000)

    with _held(cache) as again:
        assert again.read_bytes() == FILM


@pytest.mark.parametrize(
    ("size", "sha256"), [(len(FILM), "0" * 64), (len(FILM) - 1, None), (len(FILM) + 1, None)]
)
def test_other_bytes_than_were_stored_are_refused_and_not_kept(
    cache: Cache, tmp_path: Path, size: int, sha256: str | None
) -> None:
    with pytest.raises(InputUnreadable), _held(cache, size=size, sha256=sha256):
        pytest.fail("it is another file")

    assert not [path for path in (tmp_path / "cache").iterdir() if path.suffix != ".lock"]


def test_what_is_not_in_the_store_is_said_to_be_missing(cache: Cache) -> None:
    with pytest.raises(BlobNotFound), _held(cache, "a/other"):
        pytest.fail("there is none")


def test_the_longest_unused_copy_goes_first_and_one_in_use_never(
    cache: Cache, store: LocalStore, tmp_path: Path
) -> None:
    for name in ("one", "two", "three", "four"):
        store.put(f"a/{name}", [FILM])

    def age(path: Path, seconds: int) -> None:
        for file in (path, path.with_name(f"{path.name}.lock")):
            os.utime(file, (seconds, seconds))

    with ExitStack() as used:
        one = used.enter_context(_held(cache, "a/one"))
        with _held(cache, "a/two") as two:
            pass
        age(one, 1000)
        age(two, 2000)
        with _held(cache, "a/three") as three:
            pass
        kept = [path.exists() for path in (one, two, three)]
    age(three, 3000)
    age(one, 4000)  # it was used last
    with _held(cache, "a/four") as four:
        pass

    assert kept == [True, False, True]
    assert [path.exists() for path in (one, three, four)] == [True, False, True]


def test_a_file_larger_than_the_limit_is_still_worked_on(store: LocalStore, tmp_path: Path) -> None:
    store.put("a/film", [FILM])

    with _held(Cache(store, tmp_path / "cache", limit=0)) as path:
        assert path.read_bytes() == FILM


def test_wherever_a_fetch_is_killed_nobody_sees_half_a_file(store: LocalStore, tmp_path: Path) -> None:
    store.put("a/film", [FILM])
    folder = tmp_path / "cache"

    def fetch() -> None:
        with _held(Cache(store, folder, limit=1 << 30)):
            pass

    for _line in deaths(fetch, every=5):
        with _held(Cache(store, folder, limit=1 << 30)) as path:
            assert path.read_bytes() == FILM
        path.unlink()
