import os
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.errors import BlobDamaged, BlobNotFound, InvalidSettings, InvalidUpload
from framemill.storage.blobs import MIN_PART
from framemill.storage.disk import Staged
from framemill.storage.local import LocalStore
from framemill.storage.sealing import BLOCK, HEADER, Keyring
from tests.unit.storage.conftest import KEY, a_store
from tests.unit.storage.killing import kills

_OTHER = b"another storage key of the tests"
_NEWEST = b"the newest storage key of tests!"
_SEALED = BLOCK + 28


@pytest.fixture(name="sealed")
def _sealed(root: Path) -> LocalStore:
    return a_store(root, keys=[KEY])


def _read(store: LocalStore, key: str = "k", **bounds: int) -> bytes:
    return b"".join(store.read(key, **bounds))


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 20 * BLOCK + 7])
def test_what_was_sealed_is_read_back_with_its_own_size(sealed: LocalStore, root: Path, size: int) -> None:
    data = os.urandom(size)

    blob = sealed.put("k", [data])

    assert _read(sealed) == data
    assert blob.bytes == size
    assert [b.bytes for b in sealed.list("")] == [size]
    if size >= 32:  # of fewer bytes some are there by chance
        assert data[:32] not in (root / "k").read_bytes()
    assert sealed.local_path("k") is None


@given(
    size=st.integers(0, 40 * BLOCK),
    start=st.integers(0, 41 * BLOCK),
    stop=st.none() | st.integers(0, 41 * BLOCK),
    cuts=st.lists(st.integers(1, 3 * BLOCK), max_size=5),
)
def test_any_range_of_any_size_is_read_as_a_slice_is(
    tmp_path_factory: pytest.TempPathFactory, size: int, start: int, stop: int | None, cuts: list[int]
) -> None:
    store = a_store(tmp_path_factory.mktemp("s"), keys=[KEY])
    data = os.urandom(size)
    ends = [sum(cuts[:n]) for n in range(len(cuts) + 1)]
    store.put("k", [data[a:b] for a, b in zip(ends, [*ends[1:], size], strict=True)])

    pieces = list(store.read("k", start=start, stop=stop))

    assert b"".join(pieces) == data[start:stop]
    assert all(0 < len(piece) <= 1 << 20 for piece in pieces)


def _flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda raw: raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def _block(raw: bytes, n: int) -> bytes:
    return raw[HEADER + n * _SEALED : HEADER + (n + 1) * _SEALED]


def _swapped(raw: bytes) -> bytes:
    return raw[:HEADER] + _block(raw, 1) + _block(raw, 0) + raw[HEADER + 2 * _SEALED :]


def _claiming(size: int) -> Callable[[bytes], bytes]:
    """Cut after its second block, with a header that says so."""
    return lambda raw: raw[:56] + size.to_bytes(8) + raw[64 : HEADER + 2 * _SEALED]


@pytest.mark.parametrize(
    "change",
    [
        *(pytest.param(_flipped(at), id=f"header {at}") for at in range(12, HEADER)),
        pytest.param(_flipped(HEADER), id="nonce"),
        pytest.param(_flipped(HEADER + 100), id="block"),
        pytest.param(_flipped(HEADER + _SEALED - 1), id="tag"),
        pytest.param(_flipped(-1), id="end"),
        pytest.param(_swapped, id="two blocks swapped"),
        pytest.param(
            lambda raw: raw[:HEADER] + _block(raw, 0) * 2 + raw[HEADER + 2 * _SEALED :], id="doubled"
        ),
        pytest.param(lambda raw: raw[: HEADER + 2 * _SEALED], id="cut between blocks"),
        pytest.param(_claiming(2 * BLOCK), id="cut and said so"),
        pytest.param(lambda raw: raw[:-1], id="cut"),
        pytest.param(lambda raw: raw[:50], id="cut in the header"),
        pytest.param(lambda raw: raw[:HEADER], id="only the header"),
        pytest.param(lambda raw: raw + b"x", id="longer"),
        pytest.param(lambda raw: raw + _block(raw, 2), id="longer by a block"),
    ],
)
def test_whatever_was_changed_on_the_disk_does_not_open(
    sealed: LocalStore, root: Path, change: Callable[[bytes], bytes]
) -> None:
    sealed.put("k", [os.urandom(3 * BLOCK)])
    file = root / "k"
    raw = file.read_bytes()
    changed = change(raw)
    file.write_bytes(changed)
    assert changed != raw

    # A key that is not known is a setting to mend, and a header may only seem to name one.
    with pytest.raises((BlobDamaged, InvalidSettings)):
        _read(sealed)


def test_a_block_of_another_file_does_not_open(sealed: LocalStore, root: Path) -> None:
    for key in ("a", "b"):
        sealed.put(key, [key.encode() * BLOCK])
    mine, theirs = (root / "a").read_bytes(), (root / "b").read_bytes()

    (root / "a").write_bytes(mine[:HEADER] + theirs[HEADER:])

    with pytest.raises(BlobDamaged, match="'a'"):
        _read(sealed, "a")


def test_a_range_needs_only_its_own_blocks(sealed: LocalStore, root: Path) -> None:
    data = os.urandom(40 * BLOCK)
    sealed.put("k", [data])
    raw = bytearray((root / "k").read_bytes())
    intact = range(17, 19)
    for n in set(range(40)) - set(intact):
        raw[HEADER + n * _SEALED + 50] ^= 1
    (root / "k").write_bytes(raw)

    assert _read(sealed, start=17 * BLOCK, stop=19 * BLOCK) == data[17 * BLOCK : 19 * BLOCK]
    assert _read(sealed, start=18 * BLOCK + 5, stop=18 * BLOCK + 9) == data[18 * BLOCK + 5 : 18 * BLOCK + 9]
    with pytest.raises(BlobDamaged):
        _read(sealed, start=19 * BLOCK - 1, stop=19 * BLOCK + 1)


def test_nothing_of_a_film_is_on_the_disk_at_any_time(
    sealed: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = b"the canary of this test"
    written: list[bytes] = []
    real = Staged.write

    def watched(self: Staged, piece: bytes | memoryview) -> None:
        written.append(bytes(piece))
        real(self, piece)

    monkeypatch.setattr(Staged, "write", watched)
    upload = sealed.start_parts("up")
    parts = [sealed.put_part("up", upload, n, [canary * (MIN_PART // 20)]) for n in (1, 2)]
    on_the_way = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())

    sealed.put("put", [canary, canary * BLOCK])
    sealed.complete_parts("up", upload, parts)
    sealed.copy("up", "copied")

    in_the_end = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert canary not in on_the_way + in_the_end + b"".join(written)
    assert _read(sealed, "copied") == canary * (MIN_PART // 20) * 2


def test_equal_films_look_different(sealed: LocalStore, root: Path) -> None:
    for key in ("a", "b"):
        sealed.put(key, [bytes(BLOCK)])

    assert _block((root / "a").read_bytes(), 0) != _block((root / "b").read_bytes(), 0)


@pytest.mark.parametrize("keys", [[], [_OTHER]], ids=["without keys", "with another key"])
def test_without_its_key_a_file_is_not_served_as_it_lies_there(
    sealed: LocalStore, root: Path, keys: list[bytes]
) -> None:
    sealed.put("k", [b"film"])
    store = a_store(root, keys=keys)

    with pytest.raises(InvalidSettings, match="FRAMEMILL_STORAGE_KEYS"):
        _read(store)
    assert store.local_path("k") is None
    assert store.stat("k").bytes == 4


def test_plain_and_sealed_files_live_side_by_side(root: Path) -> None:
    a_store(root).put("plain", [b"old"])
    store = a_store(root, keys=[KEY])
    store.put("sealed", [b"new"])

    assert (_read(store, "plain"), _read(store, "sealed")) == (b"old", b"new")
    assert store.copy("plain", "copied").bytes == 3


def test_an_upload_survives_a_change_of_keys(root: Path) -> None:
    first, second, third = bytes(MIN_PART), os.urandom(MIN_PART), b"end"
    plain, old, new = a_store(root), a_store(root, keys=[KEY]), a_store(root, keys=[_NEWEST, KEY])
    upload = plain.start_parts("k")
    parts = [
        plain.put_part("k", upload, 1, [first]),
        old.put_part("k", upload, 2, [second]),
        new.put_part("k", upload, 3, [third]),
    ]

    assert new.complete_parts("k", upload, parts).bytes == 2 * MIN_PART + 3
    assert _read(new) == first + second + third


def test_what_would_pass_for_sealed_is_refused_where_nothing_is_sealed(
    sealed: LocalStore, root: Path, tmp_path: Path
) -> None:
    sealed.put("k", [b"film"])
    forged = (root / "k").read_bytes()
    plain = a_store(root)
    (tmp_path / "forged").write_bytes(forged)

    for source in ([forged], [forged[:5], forged[5:]], tmp_path / "forged"):
        with pytest.raises(InvalidUpload):
            plain.put("forged", source)
    upload = plain.start_parts("forged")
    with pytest.raises(InvalidUpload):
        plain.put_part("forged", upload, 1, [forged])
    with pytest.raises(BlobNotFound):
        plain.stat("forged")
    sealed.put("forged", [forged])
    assert _read(sealed, "forged") == forged


def test_files_are_sealed_with_the_first_key_and_opened_with_all(root: Path) -> None:
    old, both, new = (a_store(root, keys=keys) for keys in ([KEY], [_NEWEST, KEY], [_NEWEST]))
    old.put("old", [b"old"])
    both.put("new", [b"new"])

    assert (_read(both, "old"), _read(new, "new")) == (b"old", b"new")
    assert list(both.outdated("")) == ["old"]
    assert list(old.outdated("")) == ["new"]


def test_a_file_is_sealed_anew_with_its_content_and_its_time(root: Path) -> None:
    a_store(root).put("plain", [b"film" * BLOCK])
    a_store(root, keys=[KEY]).put("sealed", [b"film" * BLOCK])
    store = a_store(root, keys=[_NEWEST, KEY])
    before = {key: store.stat(key) for key in ("plain", "sealed")}

    assert [store.seal_anew(key) for key in before] == [True, True]

    alone = a_store(root, keys=[_NEWEST])
    assert list(alone.outdated("")) == []
    for key, blob in before.items():
        assert _read(alone, key) == b"film" * BLOCK
        assert alone.stat(key).modified == blob.modified


def test_what_was_replaced_or_removed_while_it_was_sealed_anew_stays_so(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_store(root).put("k", [b"old"])
    store = a_store(root, keys=[KEY])
    real = Keyring.seal
    then: list[Callable[[], object]] = [lambda: a_store(root).put("k", [b"new"]), lambda: store.delete(["k"])]

    def meanwhile(self: Keyring, staged: Staged, pieces: object) -> None:
        real(self, staged, pieces)  # type: ignore[arg-type]  # handed on
        then.pop(0)()

    monkeypatch.setattr(Keyring, "seal", meanwhile)

    assert not store.seal_anew("k")
    assert _read(store) == b"new"
    assert not store.seal_anew("k")
    assert list(store.list("")) == []


def test_sealing_anew_killed_anywhere_leaves_the_file_readable(root: Path) -> None:
    a_store(root).put("k", [b"film" * 100])
    store = a_store(root, keys=[KEY])
    died = 0

    for _ in kills(lambda: store.seal_anew("k")):
        died += 1
        assert _read(store) == b"film" * 100

    assert died > 15
    assert list(store.outdated("")) == []


@pytest.mark.parametrize(
    "text", ["", "abc", "?", b64encode(b"short").decode(), f"{b64encode(KEY).decode()},", "é"]
)
def test_what_is_no_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(InvalidSettings, match="32 bytes") as raised:
        Keyring.parsed(text)

    assert b64encode(KEY).decode() not in str(raised.value)


def test_keys_are_read_from_the_setting(root: Path) -> None:
    text = f" {b64encode(_NEWEST).decode()} , {b64encode(KEY).decode()}"

    assert Keyring.parsed(text).newest == Keyring([_NEWEST, KEY]).newest
