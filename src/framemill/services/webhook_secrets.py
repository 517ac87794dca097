"""What webhooks sign with: made here, kept sealed, and had again for each message.

The scheme is Standard Webhooks (https://www.standardwebhooks.com). A secret
has to be known to sign, so it is no hash that is kept, but a text that opens
only with this installation's own secret.
"""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from framemill.errors import InvalidSettings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_PREFIX: Final = "whsec_"
_BYTES: Final = 32
_ID, _NONCE = 8, 12


def new_secret() -> str:
    """A secret as receivers are given it."""
    return _PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()


def signed(keys: Iterable[str], *, message_id: str, body: str, now: datetime) -> dict[str, str]:
    """The headers of a message that is sent now, with one signature for each of the keys."""
    from standardwebhooks.webhooks import Webhook

    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(message_id, now, body) for key in keys),
    }


class Sealed:
    """Seals with a key from the first of the installation's secrets and opens with those of all."""

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = [_key(secret) for secret in secrets]
        self._newest = _name(keys[0])
        self._keys = {_name(key): key for key in reversed(keys)}

    def seal(self, text: str, *, owner: str) -> str:
        """`text` as it may be kept; it opens for this `owner` only."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._cipher(self._newest).encrypt(nonce, text.encode(), owner.encode())
        return b64encode(self._newest + nonce + sealed).decode()

    def open(self, sealed: str, *, owner: str) -> str:
        """What was sealed; InvalidSettings where the secret that sealed it is known no more."""
        from cryptography.exceptions import InvalidTag

        raw = b64decode(sealed)
        name, nonce, rest = raw[:_ID], raw[_ID : _ID + _NONCE], raw[_ID + _NONCE :]
        try:
            if name not in self._keys:
                raise InvalidTag
            return self._cipher(name).decrypt(nonce, rest, owner.encode()).decode()
        except InvalidTag:
            raise InvalidSettings(
                "the webhook's secret was kept under another secret of the installation",
                hint="add that one to FRAMEMILL_SECRET_KEY again, or give the webhook a new secret",
            ) from None

    def _cipher(self, name: bytes) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._keys[name])


def _key(secret: str) -> bytes:
    # A key for this purpose alone: other uses of the secret derive others.
    return hmac.digest(secret.encode(), b"framemill webhook secrets", "sha256")


def _name(key: bytes) -> bytes:
    return sha256(b"id" + key).digest()[:_ID]
