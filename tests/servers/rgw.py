"""An S3 store for tests: Ceph's object gateway over one disk file. Each test session has its own buckets."""

import http.client
import os
import secrets
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from tests.servers.keeping import Server, Unavailable, kept

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

ACCESS_KEY = "FRAMEMILLTEST"
_PROGRAMS = (
    "ceph",
    "ceph-authtool",
    "ceph-mgr",
    "ceph-mon",
    "ceph-osd",
    "monmaptool",
    "radosgw",
    "radosgw-admin",
)
# Half a minute on an idle machine; it formats a disk and elects a monitor first.
_READY_S = 240


def url(server: Server) -> str:
    """Where the store listens."""
    return f"http://127.0.0.1:{server.port}"


def client(server: Server) -> "S3Client":
    """How a test looks at what is really there."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=url(server),
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=server.password,
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )


def start() -> Server:
    """Start one; Unavailable where there is no Ceph."""
    if missing := [name for name in _PROGRAMS if shutil.which(name) is None]:
        raise Unavailable(f"there is no Ceph (Debian: radosgw ceph-mon ceph-osd ceph-mgr): no {missing[0]}")
    password = secrets.token_urlsafe(24)
    port, pid, keeper = kept(
        "rgw",
        prepare=_prepare,
        command=partial(_command, password),
        ready=_answers,
        ready_s=_READY_S,
    )
    return Server(port=port, pid=pid, keeper=keeper, password=password)


def _prepare(folder: Path) -> None:
    # Who runs it may not enter ours.
    program = folder / "rgw_cluster.py"
    shutil.copy(Path(__file__).with_name("rgw_cluster.py"), program)
    program.chmod(0o644)


def _command(password: str, folder: Path, port: int) -> list[str]:
    python = shutil.which("python3", path=os.defpath) or sys.executable
    return [python, str(folder / "rgw_cluster.py"), str(folder), str(port), ACCESS_KEY, password]


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
