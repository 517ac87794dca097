from collections.abc import Iterator
from pathlib import Path

import pytest

from framemill.store.database import open_database
from tests.engines import Bench, Clock


@pytest.fixture(name="bench")
def _bench(tmp_path: Path, database_url: str) -> Iterator[Bench]:
    clock = Clock()
    database = open_database(database_url, clock=clock)
    yield Bench(database=database, clock=clock, folder=tmp_path)
    database.close()
