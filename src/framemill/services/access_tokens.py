"""Access tokens: short-lived proofs that a session exists, signed by this installation.

They say who and until when, and nothing of what one may do: that is looked up
with every request.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OctKey

from framemill.errors import Unauthenticated

LIFETIME: Final = timedelta(minutes=15)
ISSUER: Final = "framemill"
AUDIENCE: Final = "framemill-api"
_ALGORITHM = "HS256"
_TYPE = "at+jwt"  # RFC 9068: so that no other token of ours could be taken for one
_LONGEST = 2048  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says."""

    user_id: str
    session_id: str
    version: int  # of the user's rights, when it was made


class AccessTokens:
    """Signs with a key from the first of the secrets and knows those of all, so that they can be replaced."""

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = [_key(secret) for secret in secrets]
        self._newest = str(keys[0].kid)
        self._keys = {str(key.kid): key for key in reversed(keys)}

    def issue(self, claims: Claims, *, now: datetime) -> str:
        """A token that ends after LIFETIME."""
        return jwt.encode(
            {"alg": _ALGORITHM, "kid": self._newest, "typ": _TYPE},
            {
                "iss": ISSUER,
                "aud": AUDIENCE,
                "sub": claims.user_id,
                "sid": claims.session_id,
                "ver": claims.version,
                "iat": int(now.timestamp()),
                "exp": int((now + LIFETIME).timestamp()),
            },
            self._keys[self._newest],
            algorithms=[_ALGORITHM],
        )

    def read(self, token: str, *, now: datetime) -> Claims:
        """What a token says that this installation made and that has not ended; Unauthenticated."""
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            if len(token) > _LONGEST:
                raise ValueError("nothing that was made here")
            found = jwt.decode(token, self._known, algorithms=[_ALGORITHM])
            registry.validate(found.claims)
            if found.header.get("typ") != _TYPE:
                raise ValueError("a token for something else")
            said = Claims(
                user_id=found.claims["sub"], session_id=found.claims["sid"], version=found.claims["ver"]
            )
        except (JoseError, ValueError, TypeError, KeyError):
            # Which of its parts is wrong helps nobody but who makes it up.
            raise Unauthenticated(
                "the token is not valid, or has expired", hint="get a new one from /api/v1/auth/refresh"
            ) from None
        return said

    def _known(self, token: GuestProtocol) -> OctKey:
        key = self._keys.get(str(token.headers().get("kid")))
        if key is None:
            raise ValueError("a key that is not known")
        return key


def _key(secret: str) -> OctKey:
    # A key for this purpose alone: other uses of the secret derive others.
    raw = hmac.digest(secret.encode(), b"framemill access tokens", "sha256")
    return OctKey.import_key(raw, {"kid": sha256(b"id" + raw).hexdigest()[:16], "use": "sig"})
