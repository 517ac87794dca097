"""The connection to one bucket: boto3 clients set up so that every compatible store understands them."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from framemill.errors import InvalidSettings, InvalidSpec
from framemill.storage.blobs import check_key
from framemill.storage.s3.encryption import Encryption, encryption

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_MIB: Final = 1 << 20
DIGEST: Final = "PayloadDigest"  # an argument of upload_part that only we know


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much moves at once, in bytes."""

    part: int = 8 * _MIB  # of what is sent in parts; what is smaller goes in one request
    copied: int = 1 << 30  # what is larger is copied in parts; S3 itself takes 5 GiB at once
    copied_part: int = 256 * _MIB
    side_by_side: int = 4  # parts
    deleted: int = 1000  # keys in one request


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One bucket, and the part of it below a prefix that is ours."""

    client: "S3Client" = field(repr=False)
    signing: "S3Client" = field(repr=False)  # makes addresses for others
    bucket: str
    prefix: str  # empty, or with a slash at its end
    encryption: Encryption
    sizes: Sizes = Sizes()

    def name(self, key: str) -> str:
        """What the store calls `key`; InvalidSpec."""
        return self.prefix + check_key(key)

    def beginning(self, prefix: str) -> str:
        """What the names of keys that begin with `prefix` begin with; InvalidSpec."""
        if prefix:
            check_key(prefix.removesuffix("/"))
        return self.prefix + prefix

    def key(self, name: str) -> str:
        """The key of what the store calls `name`."""
        return name.removeprefix(self.prefix)


def connect(
    *,
    bucket: str,
    endpoint: str | None,
    public_endpoint: str | None,
    region: str | None,
    access_key: str | None,
    secret_key: str | None,
    prefix: str = "",
    addressing: Literal["auto", "path", "virtual"] = "auto",
    sse: Literal["none", "s3", "kms", "c"] = "none",
    sse_key: str | None = None,
    sizes: Sizes | None = None,
    connect_timeout_s: float = 10,
    read_timeout_s: float = 60,
    tries: int = 5,
) -> Connection:
    """A connection that asks nothing yet; InvalidSettings."""
    if bool(access_key) != bool(secret_key):
        raise InvalidSettings(
            "settings 's3_access_key' and 's3_secret_key' belong together: set both or none"
        )
    config = Config(
        # Older signatures cannot be limited in time to the second, and new regions refuse them.
        signature_version="s3v4",
        # The digest of every body is signed, so that the store refuses what changed on the way.
        s3={"addressing_style": addressing, "payload_signing_enabled": True},
        # The newer checksums are unknown to older compatible stores.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=connect_timeout_s,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": tries},
        max_pool_connections=32,
        tcp_keepalive=True,
    )
    # Compatible stores do not mind the region, but a signature names one.
    where = region or ("us-east-1" if endpoint else None)
    try:
        session = Session(aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=where)
        client = session.client("s3", endpoint_url=endpoint, config=config)
        signing = (
            session.client("s3", endpoint_url=public_endpoint, config=config) if public_endpoint else client
        )
    except (BotoCoreError, ValueError) as error:
        raise InvalidSettings(
            f"the S3 store cannot be used: {error}", hint="look at FRAMEMILL_S3_*"
        ) from error
    for operation in ("DeleteObjects", "PutBucketCors"):
        client.meta.events.register(f"before-call.s3.{operation}", _with_md5)
    signing.meta.events.register("provide-client-params.s3.UploadPart", _take_digest)
    signing.meta.events.register("before-sign.s3.UploadPart", _sign_digest)
    return Connection(
        client=client,
        signing=signing,
        bucket=bucket,
        prefix=_folder(prefix),
        encryption=encryption(sse, sse_key),
        sizes=sizes or Sizes(),
    )


def _folder(prefix: str) -> str:
    inner = prefix.strip("/")
    if not inner:
        return ""
    try:
        return f"{check_key(inner)}/"
    except InvalidSpec as error:
        raise InvalidSettings(f"setting 's3_prefix': {error.message}") from error


# The arguments of botocore's events are plain dictionaries, typed nowhere.
def _with_md5(params: dict[str, Any], **_: object) -> None:
    """These requests must carry a digest; every store knows this one, and some no other."""
    body = params["body"]
    digest = hashlib.md5(body if isinstance(body, bytes) else body.encode(), usedforsecurity=False)
    params["headers"]["Content-MD5"] = b64encode(digest.digest()).decode()
    # What botocore would add instead.
    params["context"].pop("checksum", None)


def _take_digest(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    if DIGEST in params:
        context[DIGEST] = params.pop(DIGEST)


def _sign_digest(request: Any, **_: object) -> None:  # noqa: ANN401 - an AWSRequest, which has no types
    """Sign the digest that the body has to have: every store checks it, where newer checksums are ignored."""
    if digest := request.context.get(DIGEST):
        request.headers["X-Amz-Content-SHA256"] = digest
