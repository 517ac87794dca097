"""Fixtures over real servers. A server starts when the first test of a session asks for it."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import postgres as postgres_server
from tests.servers import redis as redis_server
from tests.servers import rgw as rgw_server
from tests.servers.keeping import Server, shared
from tests.servers.postgres import Postgres, empty


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what has the mark `databases` on each kind of database that it names."""
    mark = metafunc.definition.get_closest_marker("databases")
    if mark is not None and "database_url" in metafunc.fixturenames:
        real = [pytest.mark.integration]
        kinds = [pytest.param(kind, marks=real if "postgres" in kind else ()) for kind in mark.args]
        metafunc.parametrize("database_url", kinds, indirect=True)


@pytest.fixture(name="database_url")
def _database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that only this test has: in memory, or of the kind that the mark `databases` says."""
    kind = getattr(request, "param", "memory")
    if kind == "memory":
        return "sqlite://"
    if kind == "file":
        return f"sqlite:///{tmp_path / 'data' / 'f.db'}"
    url: str = request.getfixturevalue(f"{kind}_url")
    return url


@pytest.fixture(scope="session", name="servers_folder")
def _servers_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """What the session's workers share."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if hasattr(request.config, "workerinput") else own) / "servers"


@pytest.fixture(scope="session", name="postgres")
def _postgres(servers_folder: Path) -> Postgres:
    """A running PostgreSQL."""
    return Postgres(shared(servers_folder, "postgres", postgres_server.start))


@pytest.fixture(scope="session", name="workers_postgres_url")
def _workers_postgres_url(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture(name="postgres_url")
def _postgres_url(workers_postgres_url: str) -> Iterator[str]:
    """A database with empty tables; the tests of one worker have it in turn, as a new one takes a while."""
    yield workers_postgres_url
    empty(workers_postgres_url)


@pytest.fixture(name="own_postgres_url")
def _own_postgres_url(postgres: Postgres) -> Iterator[str]:
    """A database with all tables that nobody else ever has: for tests that change more than rows."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session", name="redis")
def _redis(servers_folder: Path) -> Server:
    """A running Redis."""
    return shared(servers_folder, "redis", redis_server.start)


@pytest.fixture(name="redis_url")
def _redis_url(redis: Server) -> str:
    """Where the session's Redis listens; whatever a test keeps there begins with its `redis_prefix`."""
    return redis_server.url(redis)


@pytest.fixture(name="redis_prefix")
def _redis_prefix() -> str:
    """What the names of this test's keys and queues begin with."""
    return f"t-{secrets.token_hex(6)}-"


@pytest.fixture(scope="session", name="rgw")
def _rgw(servers_folder: Path) -> Server:
    """A running S3 store."""
    return shared(servers_folder, "rgw", rgw_server.start)


@pytest.fixture(scope="session", name="s3_bucket")
def _s3_bucket(rgw: Server) -> str:
    """A bucket that only this worker of the session has; each test has a prefix in it."""
    bucket = f"t-{secrets.token_hex(6)}"
    rgw_server.client(rgw).create_bucket(Bucket=bucket)
    return bucket
