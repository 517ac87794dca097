"""The BlobStore in an S3-compatible store.

boto3 is an extra and slow to import: what needs it is in the modules below,
and `open_s3` is the way in.
"""

from typing import TYPE_CHECKING, Literal

from framemill.errors import InvalidSettings
from framemill.storage.doors import Doors

if TYPE_CHECKING:
    from framemill.storage.s3.store import S3Store


def open_s3(
    *,
    bucket: str,
    endpoint: str | None = None,
    public_endpoint: str | None = None,
    region: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    prefix: str = "",
    addressing: Literal["auto", "path", "virtual"] = "auto",
    sse: Literal["none", "s3", "kms", "c"] = "none",
    sse_key: str | None = None,
    doors: Doors | None = None,
) -> "S3Store":
    """The store in `bucket`; nothing is asked of it yet. InvalidSettings.

    Without `endpoint` it is AWS; without keys boto3 looks for them where it
    always does. Signed addresses lead to `public_endpoint`, where browsers
    reach the store by another name than we do; with a key of one's own they
    lead to `doors`.
    """
    try:
        from framemill.storage.s3.connection import connect
        from framemill.storage.s3.store import S3Store
    except ImportError as error:
        raise InvalidSettings("boto3 is not installed", hint="pip install 'framemill[s3]'") from error
    return S3Store(
        connect(
            bucket=bucket,
            endpoint=endpoint,
            public_endpoint=public_endpoint,
            region=region,
            access_key=access_key,
            secret_key=secret_key,
            prefix=prefix,
            addressing=addressing,
            sse=sse,
            sse_key=sse_key,
        ),
        doors=doors,
    )
