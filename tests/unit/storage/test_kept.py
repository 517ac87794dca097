import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framemill.storage.kept import Kept, KeptBlobs, KeptFiles
from framemill.storage.local import LocalStore
from tests.unit.engine.dying import deaths

KEY, OTHER = "a" * 64, "b" * 64
LONG = timedelta(days=14)
Maker = Callable[..., Kept]


def _go_on() -> None: ...


@pytest.fixture(name="made")
def _made(tmp_path: Path) -> Path:
    made = tmp_path / "made.mp4"
    made.write_bytes(b"encoded " * 1000)
    return made


@pytest.fixture(name="make", params=["files", "blobs"])
def _make(request: pytest.FixtureRequest, tmp_path: Path, store: LocalStore) -> Maker:
    def make(limit: int = 1 << 20, age: timedelta = LONG) -> Kept:
        if request.param == "files":
            return KeptFiles(tmp_path / "kept", limit=limit, age=age)
        return KeptBlobs(store, limit=limit, age=age)

    return make


def _keep(kept: Kept, file: Path, key: str = KEY, scope: str = "one") -> None:
    kept.keep(scope, key, file, check=_go_on)


def _taken(kept: Kept, folder: Path, key: str = KEY, scope: str = "one") -> bytes | None:
    target = folder / f"taken-{len(list(folder.iterdir()))}"
    if not kept.take(scope, key, target, check=_go_on):
        assert not target.exists()
        return None
    return target.read_bytes()


def test_what_is_kept_can_be_taken_again_and_again(make: Maker, made: Path, tmp_path: Path) -> None:
    _keep(make(), made)
    made.unlink()

    assert make().among("one", (KEY, OTHER)) == {KEY}
    assert [_taken(make(), tmp_path) for _ in range(2)] == [b"encoded " * 1000] * 2
    assert _taken(make(), tmp_path, OTHER) is None


def test_what_is_taken_is_a_file_of_its_own(make: Maker, made: Path, tmp_path: Path) -> None:
    _keep(make(), made)
    target = tmp_path / "result.mp4"
    make().take("one", KEY, target, check=_go_on)

    target.write_bytes(b"edited by somebody")

    assert _taken(make(), tmp_path) == b"encoded " * 1000


def test_nobody_sees_what_is_kept_for_another(make: Maker, made: Path, tmp_path: Path) -> None:
    _keep(make(), made)

    assert make().among("two", (KEY,)) == frozenset()
    assert _taken(make(), tmp_path, scope="two") is None
    assert make().scopes() == {"one"}


def test_the_first_of_two_that_keep_the_same_stays(make: Maker, made: Path, tmp_path: Path) -> None:
    _keep(make(), made)
    again = tmp_path / "again.mp4"
    again.write_bytes(b"encoded on another machine")

    _keep(make(), again)

    assert _taken(make(), tmp_path) == b"encoded " * 1000


def test_damaged_bytes_are_not_taken_and_make_way(
    make: Maker, made: Path, tmp_path: Path, store: LocalStore
) -> None:
    _keep(make(), made)
    for file in (tmp_path / "kept").rglob(hashlib.sha256(b"encoded " * 1000).hexdigest()):
        file.write_bytes(b"damaged " * 1000)
    for blob in list(store.list("kept/")):
        store.put(blob.key, [b"damaged " * 1000])

    assert _taken(make(), tmp_path) is None
    assert make().among("one", (KEY,)) == frozenset()
    made.write_bytes(b"made anew")
    _keep(make(), made)
    assert _taken(make(), tmp_path) == b"made anew"


def test_what_was_changed_after_it_was_linked_is_not_taken(made: Path, tmp_path: Path) -> None:
    kept = KeptFiles(tmp_path / "kept", limit=1 << 20, age=LONG)
    _keep(kept, made)
    assert made.stat().st_nlink == 2

    made.write_bytes(b"edited in place")

    assert _taken(kept, tmp_path) is None


@pytest.mark.parametrize("keys", [(KEY,), None])
def test_what_is_forgotten_is_gone(make: Maker, made: Path, keys: tuple[str, ...] | None) -> None:
    _keep(make(), made)
    _keep(make(), made, OTHER)
    _keep(make(), made, scope="two")

    make().forget("one", keys)
    make().forget("three", keys)

    assert make().among("one", (KEY, OTHER)) == ({OTHER} if keys else frozenset())
    assert make().among("two", (KEY,)) == {KEY}


def test_what_is_too_much_goes_the_oldest_first(
    make: Maker, made: Path, tmp_path: Path, store: LocalStore
) -> None:
    keys = [letter * 64 for letter in "abc"]
    for days, key in zip((3, 2, 1), keys, strict=True):
        _keep(make(), made, key)
        _age(tmp_path, store, key, days)

    removed = make(limit=2 * made.stat().st_size).tidy()

    assert removed == 1
    assert make().among("one", keys) == set(keys[1:])


def test_what_is_too_old_goes(make: Maker, made: Path, tmp_path: Path, store: LocalStore) -> None:
    for key in (KEY, OTHER):
        _keep(make(), made, key)
    _age(tmp_path, store, KEY, 15)

    assert make().tidy() == 1
    assert make().among("one", (KEY, OTHER)) == {OTHER}


def test_a_use_makes_a_file_young_again_and_room_is_made_for_new_ones(made: Path, tmp_path: Path) -> None:
    kept = KeptFiles(tmp_path / "kept", limit=2 * made.stat().st_size, age=LONG)
    for days, key in ((5, KEY), (2, OTHER)):
        _keep(kept, made, key)
        os.utime(tmp_path / "kept" / "one" / key, (0, datetime.now(UTC).timestamp() - days * 86400))
    _taken(kept, tmp_path, KEY)

    _keep(kept, made, "c" * 64)

    assert kept.among("one", (KEY, OTHER, "c" * 64)) == {KEY, "c" * 64}


def test_what_is_larger_than_the_limit_is_not_kept(make: Maker, made: Path) -> None:
    _keep(make(limit=made.stat().st_size - 1), made)

    assert make().scopes() == frozenset()


def test_whoever_dies_while_keeping_leaves_all_or_nothing(made: Path, tmp_path: Path) -> None:
    kept = KeptFiles(tmp_path / "kept", limit=1 << 20, age=LONG)
    died = whole = 0
    for _ in deaths(lambda: _keep(kept, made)):
        died += 1
        there = bool(kept.among("one", (KEY,)))
        whole += there
        assert _taken(kept, tmp_path) == (b"encoded " * 1000 if there else None)
        kept.forget("one")  # or each death would leave more for the next to look through

    assert 0 < whole < died


def test_what_the_dead_left_half_done_goes_after_a_day(made: Path, tmp_path: Path) -> None:
    kept = KeptFiles(tmp_path / "kept", limit=1 << 20, age=LONG)
    parts = [tmp_path / "kept" / "one" / f"{KEY}.{name}.part" for name in ("left", "fresh")]
    for part in parts:
        part.mkdir(parents=True)
        (part / "copy").write_bytes(made.read_bytes()[:100])
    os.utime(parts[0], (0, 0))

    assert kept.tidy() == 1
    assert [part.exists() for part in parts] == [False, True]
    assert _taken(kept, tmp_path) is None


def _age(folder: Path, store: LocalStore, key: str, days: int) -> None:
    then = datetime.now(UTC).timestamp() - days * 86400
    if (place := folder / "kept" / "one" / key).exists():
        os.utime(place, (then, then))
    for blob in store.list(f"kept/one/{key}/"):
        for file in folder.rglob(blob.key.rpartition("/")[2]):
            if key in str(file):
                os.utime(file, (then, then))
