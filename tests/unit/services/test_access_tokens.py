"""Tokens that others made, or made for something else, say nothing here."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from framemill.errors import Unauthenticated
from framemill.services.access_tokens import AUDIENCE, ISSUER, LIFETIME, AccessTokens, Claims

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECRET = "a secret of tests"
CLAIMS = Claims(user_id="u", session_id="s", version=3)


@pytest.fixture(name="tokens")
def _tokens() -> AccessTokens:
    return AccessTokens([SECRET])


def _key(tokens: AccessTokens) -> OctKey:
    (key,) = tokens._keys.values()
    return key


def _made(key: OctKey | RSAKey, header: dict[str, Any] | None = None, **changes: object) -> str:
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "u",
        "sid": "s",
        "ver": 3,
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + LIFETIME).timestamp()),
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    head = {"alg": "HS256", "kid": key.kid, "typ": "at+jwt", **(header or {})}
    return jwt.encode(head, kept, key, algorithms=[head["alg"]])


def _unsigned(token: str, *, algorithm: str, signature: str = "") -> str:
    head = {"alg": algorithm, "typ": "at+jwt"}
    made = urlsafe_b64encode(json.dumps(head).encode()).decode().rstrip("=")
    return f"{made}.{token.split('.')[1]}.{signature}"


def test_a_token_says_who_until_it_ends(tokens: AccessTokens) -> None:
    token = tokens.issue(CLAIMS, now=NOW)

    assert tokens.read(token, now=NOW + LIFETIME - timedelta(seconds=1)) == CLAIMS
    with pytest.raises(Unauthenticated):
        tokens.read(token, now=NOW + LIFETIME)


def test_what_is_written_here_as_the_forgers_write_it_is_taken(tokens: AccessTokens) -> None:
    """Or the refusals below would prove nothing."""
    assert tokens.read(_made(_key(tokens)), now=NOW) == CLAIMS


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-api"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": None},
        {"exp": int(NOW.timestamp())},
        {"iat": int(NOW.timestamp()) + 600},
        {"sid": None},
        {"ver": None},
    ],
    ids=str,
)
def test_other_claims_are_refused(tokens: AccessTokens, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        tokens.read(_made(_key(tokens), **changes), now=NOW)


def test_other_keys_algorithms_and_kinds_are_refused(tokens: AccessTokens) -> None:
    key, good = _key(tokens), tokens.issue(CLAIMS, now=NOW)
    other = OctKey.import_key("of somebody else, and long enough", {"kid": key.kid})
    rsa = RSAKey.generate_key(2048, {"kid": key.kid})
    stranger = OctKey.import_key(key.raw_value, {"kid": "nobodys"})
    forged = {
        "another key of the same name": _made(other),
        "a key that is not known": _made(stranger),
        "RS256": _made(rsa, {"alg": "RS256"}),
        "HS512": _made(key, {"alg": "HS512"}),
        "another kind of token": _made(key, {"typ": "JWT"}),
        "none": _unsigned(good, algorithm="none"),
        "None": _unsigned(good, algorithm="None"),
        "none with a signature": _unsigned(good, algorithm="none", signature=good.split(".")[2]),
        "no key named": _unsigned(good, algorithm="HS256", signature=good.split(".")[2]),
        "cut": good[:-2],
        "nothing": "",
        "rubbish": "a.b.c",
        "a whole book": "x" * 5000,
    }

    taken = []
    for name, token in forged.items():
        try:
            tokens.read(token, now=NOW)
        except Unauthenticated:
            continue
        taken.append(name)

    assert taken == []


def test_secrets_are_replaced_one_by_one(tokens: AccessTokens) -> None:
    old = tokens.issue(CLAIMS, now=NOW)
    both = AccessTokens(["another secret of tests", SECRET])
    new = both.issue(CLAIMS, now=NOW)

    assert both.read(old, now=NOW) == CLAIMS
    assert AccessTokens(["another secret of tests"]).read(new, now=NOW) == CLAIMS
    with pytest.raises(Unauthenticated):
        tokens.read(new, now=NOW)
