"""What needs no S3 store to be known: how answers are read, how names are written, what is asked for."""

import re
import subprocess
import sys
from base64 import b64encode

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ResponseStreamingError,
)
from urllib3.exceptions import ProtocolError

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
from framemill.storage.s3 import open_s3
from framemill.storage.s3.encryption import encryption
from framemill.storage.s3.refusals import asking, refused_keys

OWN_KEY = b64encode(b"k" * 32).decode()


def answer(code: str, status: int) -> ClientError:
    """What boto3 raises about such an answer."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": "it says"},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "",
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        "PutObject",
    )


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NoSuchKey", 404, BlobNotFound),
        ("404", 404, BlobNotFound),
        ("NoSuchBucket", 404, InvalidSettings),
        ("AccessDenied", 403, InvalidSettings),
        ("403", 403, InvalidSettings),
        ("RequestTimeTooSkewed", 403, InvalidSettings),
        ("KMS.DisabledException", 400, InvalidSettings),
        ("ExpiredToken", 400, StorageUnavailable),
        ("RequestTimeout", 400, StorageUnavailable),
        ("BadDigest", 400, StorageUnavailable),
        ("XAmzContentSHA256Mismatch", 400, StorageUnavailable),
        ("SlowDown", 503, StorageUnavailable),
        ("429", 429, StorageUnavailable),
        ("InternalError", 500, StorageUnavailable),
        ("", 502, StorageUnavailable),
        ("PreconditionFailed", 412, StorageUnavailable),
        ("NotImplemented", 501, NotSupported),
        ("QuotaExceeded", 403, DiskFull),
        ("XMinioStorageFull", 507, DiskFull),
    ],
)
def test_an_answer_is_raised_as_what_it_means(code: str, status: int, expected: type[FramemillError]) -> None:
    with pytest.raises(FramemillError) as raised, asking(key="a"):
        raise answer(code, status)

    assert type(raised.value) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # Ceph calls an upload that is gone a key that is not there.
        ("NoSuchUpload", UploadNotFound),
        ("NoSuchKey", UploadNotFound),
        ("InvalidPart", InvalidUpload),
        ("EntityTooSmall", InvalidUpload),
        ("BadDigest", StorageUnavailable),
    ],
)
def test_an_answer_about_an_upload_is_raised_as_what_it_means(
    code: str, expected: type[FramemillError]
) -> None:
    with pytest.raises(FramemillError) as raised, asking(upload="u"):
        raise answer(code, 400)

    assert type(raised.value) is expected


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://s3"),
        ConnectTimeoutError(endpoint_url="http://s3"),
        ResponseStreamingError(error="cut"),
        ProtocolError("cut"),
        ConnectionResetError(),
        TimeoutError(),
    ],
)
def test_a_broken_connection_may_be_tried_again(error: Exception) -> None:
    with pytest.raises(StorageUnavailable) as raised, asking():
        raise error

    assert raised.value.transient


def test_missing_keys_are_a_setting() -> None:
    with pytest.raises(InvalidSettings, match="FRAMEMILL_S3"), asking():
        raise NoCredentialsError


def test_what_was_not_deleted_is_tried_again_unless_it_is_forbidden() -> None:
    failed = [
        {"Key": "a", "Code": "InternalError"},
        {"Key": "b", "Code": "NoSuchKey"},
        {"Key": "c", "Code": "SlowDown"},
    ]

    assert refused_keys(failed) == ["a", "c"]  # type: ignore[arg-type]  # as boto3 gives it
    with pytest.raises(InvalidSettings):
        refused_keys([{"Key": "a", "Code": "AccessDenied"}])


@pytest.mark.parametrize(
    ("kind", "key", "stored", "used"),
    [
        ("none", None, {}, {}),
        ("s3", None, {"ServerSideEncryption": "AES256"}, {}),
        ("kms", None, {"ServerSideEncryption": "aws:kms"}, {}),
        ("kms", "alias/x", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/x"}, {}),
    ],
)
def test_encryption_is_asked_for_where_a_file_is_made(
    kind: str, key: str | None, stored: dict[str, str], used: dict[str, str]
) -> None:
    asked = encryption(kind, key)  # type: ignore[arg-type]  # each of its literals

    assert (asked.stored, asked.used, asked.own_key) == (stored, used, False)


def test_a_key_of_ones_own_goes_with_every_request() -> None:
    asked = encryption("c", OWN_KEY)

    assert asked.own_key
    assert asked.stored == asked.used == {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}
    assert asked.copied["CopySourceSSECustomerKey"] == b"k" * 32
    assert "kkkk" not in repr(asked)


def test_without_boto3_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("framemill.storage.s3.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "boto3.session", None)

    with pytest.raises(InvalidSettings, match=re.escape("pip install 'framemill[s3]'")):
        open_s3(bucket="b")


def test_boto3_is_not_loaded_before_it_is_needed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, framemill.storage.s3; print('boto3' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "False\n"


def test_opening_asks_nothing_of_anybody() -> None:
    # Nobody is there.
    store = open_s3(bucket="b", endpoint="http://127.0.0.1:9", access_key="a", secret_key="b")

    assert store.local_path("a/b") is None
