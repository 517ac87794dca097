"""The stores that one suite holds to one contract. A kind is a line in MAKERS."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from framemill.storage.blobs import BlobStore
from framemill.storage.disk import Disk
from framemill.storage.doors import Doors
from framemill.storage.local import LocalStore
from framemill.storage.s3.connection import Connection, Sizes, connect
from framemill.storage.s3.store import S3Store
from framemill.storage.sealing import Keyring
from framemill.storage.signing import Signer
from tests.servers import rgw
from tests.servers.keeping import Server

SECRET = "a secret of the tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A place in an S3 store that only one test has."""

    server: Server
    bucket: str
    prefix: str

    # The rest are the arguments of `connect`, each of its own type.
    def connection(self, **changed: Any) -> Connection:  # noqa: ANN401
        """A connection to it; it gives up sooner than one in earnest."""
        arguments: dict[str, Any] = {
            "bucket": self.bucket,
            "endpoint": rgw.url(self.server),
            "public_endpoint": None,
            "region": None,
            "access_key": rgw.ACCESS_KEY,
            "secret_key": self.server.password,
            "prefix": self.prefix,
            "addressing": "path",
        }
        return connect(**{**arguments, **changed})

    def store(self, **changed: Any) -> S3Store:  # noqa: ANN401 - the same
        """A store in it."""
        doors = Doors(Signer([SECRET]), "https://mill.example")
        return S3Store(self.connection(**changed), doors=doors)


def bucket(request: pytest.FixtureRequest) -> Bucket:
    """A new place in the session's S3 store."""
    return Bucket(
        server=request.getfixturevalue("rgw"),
        bucket=request.getfixturevalue("s3_bucket"),
        prefix=f"p-{secrets.token_hex(6)}",
    )


def _local(request: pytest.FixtureRequest, keyring: Keyring | None = None) -> BlobStore:
    folder: Path = request.getfixturevalue("tmp_path")
    return LocalStore(
        Disk(folder / "storage"), signer=Signer([SECRET]), public_url="https://mill.example", keyring=keyring
    )


def _sealed(request: pytest.FixtureRequest) -> BlobStore:
    return _local(request, Keyring([b"k" * 32]))


def _s3(request: pytest.FixtureRequest) -> BlobStore:
    # Small parts, so that a file of a few of them is soon sent and copied.
    return bucket(request).store(sizes=Sizes(part=5 << 20, copied=6 << 20, copied_part=5 << 20, deleted=3))


MAKERS: dict[str, Callable[[pytest.FixtureRequest], BlobStore]] = {
    "local": _local,
    "sealed": _sealed,
    "s3": _s3,
}
