"""What an S3 store and the way to it say, in our words."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
)
from urllib3.exceptions import HTTPError

from framemill.errors import (
    BlobNotFound,
    DiskFull,
    FramemillError,
    InvalidSettings,
    InvalidUpload,
    NotSupported,
    StorageUnavailable,
    UploadNotFound,
)

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import ErrorTypeDef

# What a connection that breaks, stalls or talks nonsense raises.
BROKEN: Final = (BotoCoreError, HTTPError, ConnectionError, TimeoutError)
_ABSENT = frozenset({"NoSuchKey", "NoSuchUpload", "404"})
_NO_ROOM = frozenset({"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507"})
_PASSING = frozenset(
    {
        "BadDigest",  # changed on the way
        "XAmzContentSHA256Mismatch",
        "ExpiredToken",  # boto3 fetches another
        "IncompleteBody",
        "OperationAborted",
        "RequestTimeout",
        "SlowDown",
        "TooManyRequests",
    }
)
_WRONG_PARTS = frozenset(
    {"EntityTooSmall", "EntityTooLarge", "InvalidPart", "InvalidPartOrder", "MalformedXML"}
)
_HINTS = {
    "NoSuchBucket": "make the bucket, or look at FRAMEMILL_S3_BUCKET",
    "RequestTimeTooSkewed": "set this machine's clock",
    "PermanentRedirect": "look at FRAMEMILL_S3_REGION",
    "AuthorizationHeaderMalformed": "look at FRAMEMILL_S3_REGION",
    "InvalidAccessKeyId": "look at FRAMEMILL_S3_ACCESS_KEY",
    "SignatureDoesNotMatch": "look at FRAMEMILL_S3_SECRET_KEY and FRAMEMILL_S3_REGION",
    "AccessDenied": "allow what docs/guides/s3.md lists",
    "403": "allow what docs/guides/s3.md lists",
}
_SETUP = (NoCredentialsError, NoRegionError, PartialCredentialsError, ParamValidationError)


@contextmanager
def asking(*, key: str | None = None, upload: str | None = None) -> Iterator[None]:
    """Raise what the store refuses about `key`, or about `upload`, as one of our errors."""
    try:
        yield
    except ClientError as error:
        raise refusal(error, key=key, upload=upload) from error
    except CredentialRetrievalError as error:
        raise StorageUnavailable(f"the S3 store's credentials cannot be had: {error}") from error
    except _SETUP as error:
        raise InvalidSettings(
            f"the S3 store cannot be used: {error}", hint="look at FRAMEMILL_S3_*"
        ) from error
    except BROKEN as error:
        raise broken(error) from error


def refusal(error: ClientError, *, key: str | None = None, upload: str | None = None) -> FramemillError:
    """What `error` means."""
    code, status = code_of(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = error.response.get("Error", {}).get("Message") or code
    if code in _ABSENT and upload is not None:
        return UploadNotFound(upload)
    if code in _ABSENT and key is not None:
        return BlobNotFound(key)
    if code in _NO_ROOM:
        return DiskFull(f"the S3 store has no room: {said}", hint="free some space there, or raise its quota")
    if code in _WRONG_PARTS and upload is not None:
        return InvalidUpload(f"the S3 store does not take these parts: {said}")
    if code in {"PreconditionFailed", "412"}:
        return StorageUnavailable("the file was replaced meanwhile")
    if code == "NotImplemented" or status == 501:
        return NotSupported(f"the S3 store cannot do this: {said}")
    if code in _PASSING or status >= 500 or status in {408, 429}:
        return StorageUnavailable(f"the S3 store fails: {said}")
    return InvalidSettings(
        f"the S3 store refuses the request: {said}", hint=_HINTS.get(code, "look at FRAMEMILL_S3_*")
    )


def refused_keys(refusals: Iterable["ErrorTypeDef"]) -> list[str]:
    """The names that were not deleted and may be next time; raises where it makes no sense to try again."""
    left = []
    for found in refusals:
        code, name = found.get("Code", ""), found.get("Key", "")
        if code in _HINTS:
            raise InvalidSettings(
                f"the S3 store does not delete: {found.get('Message') or code}", hint=_HINTS[code]
            )
        if code not in _ABSENT:
            left.append(name)
    return left


def broken(error: BaseException) -> StorageUnavailable:
    """What it means that the connection breaks. Its own words name hosts and files, so the log has them."""
    return StorageUnavailable(f"the S3 store does not answer ({type(error).__name__})")


def code_of(error: ClientError) -> str:
    """The store's name for what went wrong; where it gave none, the status."""
    return error.response.get("Error", {}).get("Code") or ""
