"""Signed permissions: what may be done with which file until when, in an address that nobody can change.

A permission travels as query parameters, or as a token that is one element of
a path, so that what a playlist names relatively inherits it. Who may be given
one, the services decide.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from framemill.errors import InvalidSettings, InvalidSpec, SignatureExpired, SignatureInvalid
from framemill.storage.blobs import check_key

LEAST_SECRET: Final = 16  # characters
_KEY_ID, _SEAL = 4, 32  # bytes
_LONGEST = 4096  # characters of a token
_MOST_OPENED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What is allowed. `key` names a file, or with a slash at its end everything below."""

    scope: str  # the door that takes it: one door's permission opens no other
    method: str  # GET stands for HEAD too
    key: str
    expires: datetime  # whole seconds
    filename: str = ""  # what browsers save the file as; "": they show it
    upload: str = ""
    part: int = 0
    bytes: int = 0  # of that part
    sha256: str = ""  # of that part, in hex

    def file(self, path: str) -> str:
        """The key of `path` below a granted folder; SignatureInvalid where that leads outside."""
        if not self.key.endswith("/"):
            raise SignatureInvalid("the address is for one file, not for a folder")
        try:
            return check_key(self.key + path)
        except InvalidSpec as error:
            raise SignatureInvalid("the address leads to no file of its folder") from error


class Signer:
    """Signs with the first of its secrets and accepts them all, so that they can be replaced one by one."""

    def __init__(
        self, secrets: Sequence[str], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        if not secrets or min(map(len, secrets)) < LEAST_SECRET:
            raise InvalidSettings(
                f"setting 'secret_key': a secret has at least {LEAST_SECRET} characters",
                hint="take the output of `openssl rand -base64 48`",
            )
        # A key for this purpose alone: other uses of the secret derive others.
        keys = [hmac.digest(secret.encode(), b"framemill signed addresses", "sha256") for secret in secrets]
        self._newest = _id_of(keys[0])
        self._keys = {_id_of(key): key for key in reversed(keys)}
        self._now = now
        self._opened: dict[str, Grant] = {}  # what its own seal was found on

    def after(self, lifetime: timedelta) -> datetime:
        """The moment at which something that begins now expires, in whole seconds."""
        return (self._now() + lifetime).replace(microsecond=0)

    def token(self, grant: Grant) -> str:
        """`grant` as one element of a path."""
        body = _packed(grant)
        return _text(self._newest + self._seal(self._newest, b"token", body) + body)

    def open_token(self, token: str, *, scope: str, method: str) -> Grant:
        """The grant in `token`; SignatureInvalid, SignatureExpired."""
        # A player comes with the same token for each of a film's hundreds of ranges.
        if (grant := self._opened.get(token)) is None:
            raw = _bytes(token)
            key_id, seal, body = raw[:_KEY_ID], raw[_KEY_ID : _KEY_ID + _SEAL], raw[_KEY_ID + _SEAL :]
            if not hmac.compare_digest(self._seal(key_id, b"token", body), seal):
                raise SignatureInvalid
            grant = _unpacked(body)
            if len(self._opened) >= _MOST_OPENED:
                self._opened.clear()
            self._opened[token] = grant
        return self._valid(grant, scope=scope, method=method)

    def query(self, grant: Grant) -> dict[str, str]:
        """`grant` as the parameters that go with its key in an address."""
        return self._query(grant, self._newest)

    def check_query(self, params: Iterable[tuple[str, str]], *, scope: str, method: str, key: str) -> Grant:
        """The grant that the parameters of an address give for `key`; SignatureInvalid, SignatureExpired.

        Whatever `query` would not have written is refused: another parameter,
        one twice, a number with a zero before it.
        """
        given = list(params)
        found = dict(given)
        if len(found) != len(given):
            raise SignatureInvalid
        try:
            key_id = bytes.fromhex(found["kid"])
            grant = Grant(
                scope=scope,
                method="GET" if method == "HEAD" else method,
                key=key,
                expires=datetime.fromtimestamp(int(found["expires"]), UTC),
                filename=found.get("filename", ""),
                upload=found.get("upload", ""),
                part=int(found.get("part", "0")),
                bytes=int(found.get("bytes", "0")),
                sha256=found.get("sha256", ""),
            )
            expected = self._query(grant, key_id)
            said, signature = found.pop("signature").encode(), expected.pop("signature").encode()
        except (KeyError, ValueError, OverflowError, OSError) as error:
            raise SignatureInvalid from error
        if not hmac.compare_digest(said, signature) or found != expected:
            raise SignatureInvalid
        return self._valid(grant, scope=scope, method=method)

    def _query(self, grant: Grant, key_id: bytes) -> dict[str, str]:
        more = {
            name: str(getattr(grant, name))
            for name in ("filename", "upload", "part", "bytes", "sha256")
            if getattr(grant, name)
        }
        return {
            **more,
            "expires": str(_seconds(grant.expires)),
            "kid": key_id.hex(),
            "signature": _text(self._seal(key_id, b"query", _packed(grant))),
        }

    def _seal(self, key_id: bytes, form: bytes, body: bytes) -> bytes:
        if key_id not in self._keys:
            raise SignatureInvalid
        return hmac.digest(self._keys[key_id], _sized(form) + _sized(key_id) + body, "sha256")

    def _valid(self, grant: Grant, *, scope: str, method: str) -> Grant:
        if grant.scope != scope or grant.method != ("GET" if method == "HEAD" else method):
            raise SignatureInvalid
        if grant.expires <= self._now():
            raise SignatureExpired
        return grant


def _packed(grant: Grant) -> bytes:
    """Every field with its length before it, so that no two grants give the same bytes."""
    values = (getattr(grant, field.name) for field in fields(grant))
    return b"".join(
        _sized(str(_seconds(value) if isinstance(value, datetime) else value).encode()) for value in values
    )


def _unpacked(body: bytes) -> Grant:
    values, at = [], 0
    while at < len(body):
        end = at + 2 + int.from_bytes(body[at : at + 2])
        values.append(body[at + 2 : end].decode())
        at = end
    try:
        scope, method, key, expires, filename, upload, part, size, digest = values
    except ValueError as error:
        raise SignatureInvalid from error  # another version's
    return Grant(
        scope=scope,
        method=method,
        key=key,
        expires=datetime.fromtimestamp(int(expires), UTC),
        filename=filename,
        upload=upload,
        part=int(part),
        bytes=int(size),
        sha256=digest,
    )


def _sized(value: bytes) -> bytes:
    return len(value).to_bytes(2) + value


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _id_of(key: bytes) -> bytes:
    return sha256(b"id" + key).digest()[:_KEY_ID]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """What `_text` wrote. Other spellings of the same bytes are refused."""
    try:
        raw = urlsafe_b64decode(text[:_LONGEST] + "=" * (-len(text) % 4))
    except ValueError as error:
        raise SignatureInvalid from error
    if _text(raw) != text:
        raise SignatureInvalid
    return raw
