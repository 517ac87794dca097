import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from framemill.storage.disk import Disk
from framemill.storage.local import LocalStore
from framemill.storage.sealing import Keyring
from framemill.storage.signing import Signer

SECRET = "a secret of the tests"
KEY = b"a storage key for all the tests!"


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    return tmp_path / "storage"


def a_store(root: Path, *, keys: Sequence[bytes] = (), clock: Callable[[], int] = time.time_ns) -> LocalStore:
    """A store in `root`, sealed where there are keys."""
    return LocalStore(
        Disk(root, clock=clock),
        signer=Signer([SECRET]),
        public_url="https://mill.example/",
        keyring=Keyring(keys) if keys else None,
    )


@pytest.fixture(name="store", params=[(), (KEY,)], ids=["plain", "sealed"])
def _store(root: Path, request: pytest.FixtureRequest) -> LocalStore:
    return a_store(root, keys=request.param)
