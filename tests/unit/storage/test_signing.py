import random
from base64 import urlsafe_b64decode
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.errors import InvalidSettings, SignatureExpired, SignatureInvalid
from framemill.storage.doors import FILES, PARTS
from framemill.storage.local import LocalStore
from framemill.storage.signing import Grant, Signer

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD, NEW = "the secret of last year", "the secret of this year"
FOLDER = Grant(scope="media", method="GET", key="workspaces/w/v/j/hls/", expires=NOW + timedelta(hours=1))
FILE = replace(FOLDER, scope=FILES, key="workspaces/w/v/original.mp4", filename='my "film".mp4')
PART = replace(FILE, scope=PARTS, method="PUT", filename="", upload="u1", part=3, bytes=10, sha256="ab" * 32)


def _signer(*secrets: str, now: Callable[[], datetime] = lambda: NOW) -> Signer:
    return Signer(secrets or (NEW,), now=now)


def _check(signer: Signer, params: dict[str, str] | list[tuple[str, str]], of: Grant) -> Grant:
    pairs = list(params.items()) if isinstance(params, dict) else params
    return signer.check_query(pairs, scope=of.scope, method=of.method, key=of.key)


@pytest.mark.parametrize("grant", [FOLDER, FILE, PART])
def test_what_was_signed_is_read_back(grant: Grant) -> None:
    signer = _signer()

    assert signer.open_token(signer.token(grant), scope=grant.scope, method=grant.method) == grant
    assert _check(signer, signer.query(grant), grant) == grant


texts = st.text(max_size=40)


seconds = st.integers(int(NOW.timestamp()) + 1, 1 << 32).map(lambda at: datetime.fromtimestamp(at, UTC))
grants = st.builds(
    Grant,
    **dict.fromkeys(("scope", "method", "key", "filename", "upload", "sha256"), texts),
    **dict.fromkeys(("part", "bytes"), st.integers(0, 1 << 50)),
    expires=seconds,
)


@given(grant=grants)
def test_any_grant_survives_a_token(grant: Grant) -> None:
    signer = _signer()

    token = signer.token(grant)

    assert signer.open_token(token, scope=grant.scope, method=grant.method) == grant
    assert not set(token) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_thousand_changed_tokens_are_all_refused() -> None:
    signer, chance = _signer(), random.Random(5)  # noqa: S311 - no secret
    token = signer.token(FOLDER)
    tried = 0
    while tried < 1000:
        changed = _mutated(token, chance)
        if changed == token:
            continue
        tried += 1
        with pytest.raises(SignatureInvalid):
            signer.open_token(changed, scope="media", method="GET")


@pytest.mark.parametrize("grant", [FILE, PART])
def test_a_thousand_changed_addresses_are_all_refused(grant: Grant) -> None:
    signer, chance = _signer(), random.Random(6)  # noqa: S311 - no secret
    params = signer.query(grant)
    tried = 0
    while tried < 1000:
        name = chance.choice(sorted(params))
        changed = {**params, name: _mutated(params[name], chance)}
        if changed == params:
            continue
        tried += 1
        with pytest.raises(SignatureInvalid):
            _check(signer, changed, grant)


def _mutated(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    other = chance.choice("ABCabc019-_=+/ .\n\x00é٣" + text)
    return chance.choice(
        [
            text[:at] + other + text[at + 1 :],
            text[:at] + text[at + 1 :],
            text[:at] + other + text[at:],
            text + other,
            text[:at] + text[at:].swapcase(),
            other + text,
            text * 2,
            "",
        ]
    )


def test_every_spelling_of_the_same_bytes_but_one_is_refused() -> None:
    signer = _signer()
    token = next(t for n in range(9) if len(t := signer.token(replace(FOLDER, key="k" * n + "/"))) % 4)
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same = [
        token[:-1] + c
        for c in alphabet
        if c != token[-1] and urlsafe_b64decode(token[:-1] + c + "=" * (-len(token) % 4)) == raw
    ]
    assert same

    for other in (*same, token + "=", token + "==", f"{token}\n", token[:5] + "!" + token[5:]):
        with pytest.raises(SignatureInvalid):
            signer.open_token(other, scope="media", method="GET")


@pytest.mark.parametrize(
    "change",
    [
        lambda q: [*q, ("x", "1")],
        lambda q: [*q, ("filename", "")],
        lambda q: [*q, ("upload", "")],
        lambda q: [*q, q[0]],
        lambda q: [*q, ("signature", "a")],
        lambda q: [(k, "0" + v if k in {"expires", "part", "bytes"} else v) for k, v in q],
        lambda q: [(k, "+" + v if k in {"expires", "part", "bytes"} else v) for k, v in q],
        lambda q: [(k, " " + v if k == "expires" else v) for k, v in q],
        lambda q: [(k, v.upper() if k == "kid" else v) for k, v in q],
        lambda q: [(k, "9" * 5000 if k == "expires" else v) for k, v in q],
        lambda q: [(k, "9" * 30 if k == "expires" else v) for k, v in q],
        lambda q: [(k, "\ud800" if k == "signature" else v) for k, v in q],
        lambda q: [(k, v) for k, v in q if k != "signature"],
        lambda q: [(k, v) for k, v in q if k != "kid"],
        lambda q: [(k, v) for k, v in q if k != "bytes"],
        lambda _: [],
    ],
)
def test_an_address_with_more_less_or_other_words_is_refused(
    change: Callable[[list[tuple[str, str]]], list[tuple[str, str]]],
) -> None:
    # With a letter in the id of the key, so that its upper case is another text.
    signer = next(s for n in range(99) if _has_letter(s := _signer(f"a secret with a number {n}")))

    with pytest.raises(SignatureInvalid):
        _check(signer, change(list(signer.query(PART).items())), PART)


def _has_letter(signer: Signer) -> bool:
    return any(c.isalpha() for c in signer.query(PART)["kid"])


@pytest.mark.parametrize(
    "other",
    [{"key": "workspaces/w/v/other.mp4"}, {"scope": "media"}, {"method": "PUT"}, {"method": "DELETE"}],
)
def test_an_address_opens_no_other_file_door_or_act(other: dict[str, str]) -> None:
    signer = _signer()
    wanted = replace(FILE, **other)  # type: ignore[arg-type]  # fields of a grant

    with pytest.raises(SignatureInvalid):
        _check(signer, signer.query(FILE), wanted)
    if "key" not in other:
        with pytest.raises(SignatureInvalid):
            signer.open_token(signer.token(FILE), scope=wanted.scope, method=wanted.method)


def test_no_field_is_left_unsigned() -> None:
    signer = _signer()
    params = signer.query(PART)
    changes: dict[str, object] = {
        field.name: getattr(PART, field.name) + 1
        if isinstance(getattr(PART, field.name), int)
        else getattr(PART, field.name) + timedelta(seconds=1)
        if field.name == "expires"
        else getattr(PART, field.name) + "x"
        for field in fields(Grant)
    }

    for name, value in changes.items():
        other = signer.query(replace(PART, **{name: value}))  # type: ignore[arg-type]  # fields of a grant
        assert other["signature"] != params["signature"], name


def test_a_signature_of_one_form_is_none_of_the_other() -> None:
    signer = _signer()
    raw = urlsafe_b64decode(signer.token(FOLDER) + "==")
    query = signer.query(FOLDER)

    seal = raw[4:36]

    assert seal != urlsafe_b64decode(query["signature"] + "=")


def test_head_goes_with_get() -> None:
    signer = _signer()

    assert signer.open_token(signer.token(FOLDER), scope="media", method="HEAD") == FOLDER
    assert signer.check_query(signer.query(FILE).items(), scope=FILES, method="HEAD", key=FILE.key) == FILE


@pytest.mark.parametrize(("late_s", "expired"), [(-1, False), (0, True), (1, True)])
def test_it_expires_at_its_second(late_s: int, expired: bool) -> None:
    token, query = _signer().token(FOLDER), _signer().query(FILE)
    later = _signer(now=lambda: FOLDER.expires + timedelta(seconds=late_s))

    for act in (
        partial(later.open_token, token, scope="media", method="GET"),
        partial(_check, later, query, FILE),
    ):
        with pytest.raises(SignatureExpired) if expired else nullcontext():
            act()


def test_whoever_changed_an_address_is_not_told_that_it_expired() -> None:
    later = _signer(now=lambda: NOW + timedelta(days=9))
    query = _signer().query(FILE) | {"filename": "other.mp4"}

    with pytest.raises(SignatureInvalid):
        _check(later, query, FILE)


def test_secrets_are_replaced_one_after_the_other() -> None:
    before, during, after = _signer(OLD), _signer(NEW, OLD), _signer(NEW)

    assert during.open_token(before.token(FOLDER), scope="media", method="GET") == FOLDER
    assert after.open_token(during.token(FOLDER), scope="media", method="GET") == FOLDER
    assert _check(during, before.query(FILE), FILE) == FILE
    for token in (before.token(FOLDER), _signer("some other secret").token(FOLDER)):
        with pytest.raises(SignatureInvalid):
            after.open_token(token, scope="media", method="GET")


@pytest.mark.parametrize("secrets", [[], [""], ["short"], [NEW, "short"]])
def test_a_secret_that_can_be_guessed_is_refused(secrets: list[str]) -> None:
    with pytest.raises(InvalidSettings):
        Signer(secrets)


@pytest.mark.parametrize(
    "path", ["../original.mp4", "", "/", "a/../../b", "/etc/passwd", "a//b", ".x", "a%2fb"]
)
def test_a_folders_grant_leads_to_nothing_else(path: str) -> None:
    with pytest.raises(SignatureInvalid):
        FOLDER.file(path)


def test_a_folders_grant_leads_to_what_is_below() -> None:
    assert FOLDER.file("720p/init.mp4") == "workspaces/w/v/j/hls/720p/init.mp4"
    with pytest.raises(SignatureInvalid):
        FILE.file("x")


def test_a_store_signs_its_addresses(store: LocalStore) -> None:
    get = urlsplit(store.get_url("w/v/o.mp4", lifetime=timedelta(hours=1), filename="ü & b.mp4"))
    put = urlsplit(store.part_url("w/k", "u", 2, bytes=9, lifetime=timedelta(hours=1), sha256="0" * 64))
    signer = Signer(["a secret of the tests"])

    read = signer.check_query(
        parse_qsl(get.query), scope=FILES, method="GET", key=unquote(get.path).removeprefix("/storage/files/")
    )
    part = signer.check_query(parse_qsl(put.query), scope=PARTS, method="PUT", key="w/k")

    assert (get.scheme, get.netloc, get.path) == ("https", "mill.example", "/storage/files/w/v/o.mp4")
    assert (read.key, read.filename) == ("w/v/o.mp4", "ü & b.mp4")
    assert (put.path, part.upload, part.part, part.bytes, part.sha256) == (
        "/storage/parts/w/k", "u", 2, 9, "0" * 64,
    )  # fmt: skip
