"""How the store is asked to encrypt what it keeps: not, with its keys, with a managed key, or with ours."""

from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any, Literal

from framemill.errors import InvalidSettings

_KEY_BYTES = 32

# Arguments of many requests, each with a type of its own in boto3's stubs.
Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """What requests say about it. Keys do not show when this is printed."""

    stored: Arguments = field(default_factory=dict, repr=False)  # what makes a file
    used: Arguments = field(default_factory=dict, repr=False)  # what reads or extends one
    copied: Arguments = field(default_factory=dict, repr=False)  # what reads one to copy it

    @property
    def own_key(self) -> bool:
        """Whether each request must bring the key, so that an address alone opens nothing."""
        return bool(self.used)


def encryption(kind: Literal["none", "s3", "kms", "c"], key: str | None) -> Encryption:
    """How `kind` is asked for; InvalidSettings where `key` does not fit it."""
    if kind == "kms":
        named = {"SSEKMSKeyId": key} if key else {}
        return Encryption(stored={"ServerSideEncryption": "aws:kms", **named})
    if kind == "c":
        raw = _own(key)
        used = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": raw}
        copied = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": raw}
        return Encryption(stored=used, used=used, copied=copied)
    if key:
        raise InvalidSettings(
            f"setting 's3_sse_key': {kind!r} encryption takes no key", hint="set FRAMEMILL_S3_SSE to kms or c"
        )
    return Encryption(stored={"ServerSideEncryption": "AES256"} if kind == "s3" else {})


def _own(key: str | None) -> bytes:
    try:
        raw = b64decode(key or "", validate=True)
    except ValueError:
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise InvalidSettings(
            f"setting 's3_sse_key': a key of one's own is {_KEY_BYTES} bytes in base64",
            hint="take the output of `openssl rand -base64 32`, and keep it: without it nothing can be read",
        )
    return raw
