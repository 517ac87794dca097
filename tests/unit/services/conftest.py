from collections.abc import Iterator
from pathlib import Path

import pytest

from framemill.storage.disk import Disk
from framemill.storage.local import LocalStore
from framemill.storage.signing import Signer
from framemill.store.database import open_database
from tests.engines import Clock
from tests.shelves import Shelves


@pytest.fixture(name="shelves")
def _shelves(tmp_path: Path, database_url: str) -> Iterator[Shelves]:
    clock = Clock()
    database = open_database(database_url, clock=clock)
    blobs = LocalStore(
        Disk(tmp_path / "storage"), signer=Signer(["a secret of the tests"]), public_url="http://mill.example"
    )
    yield Shelves(database=database, clock=clock, blobs=blobs, folder=tmp_path)
    database.close()
