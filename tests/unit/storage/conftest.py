from pathlib import Path

import pytest

from framemill.storage.disk import Disk
from framemill.storage.local import LocalStore
from framemill.storage.signing import Signer

SECRET = "a secret of the tests"


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    return tmp_path / "storage"


@pytest.fixture(name="store")
def _store(root: Path) -> LocalStore:
    return LocalStore(Disk(root), signer=Signer([SECRET]), public_url="https://mill.example/")
