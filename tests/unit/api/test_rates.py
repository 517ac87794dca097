"""How often one caller may ask."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from framemill.api.application import create_app
from framemill.api.rates import OwnTally, SharedTally
from framemill.app import open_app
from framemill.domain.access import Scope
from framemill.settings import Settings
from tests.unit.api.conftest import BASE, bearer

SELF, JOBS = "/api/v1/auth/self", "/api/v1/jobs"


@pytest.fixture(name="client")
def _client(tmp_path: Path) -> Iterator[TestClient]:
    """Three reads and two writes in a minute."""
    app = open_app(Settings(data_dir=tmp_path / "data", rate_reads=3, rate_writes=2))
    yield TestClient(create_app(app), base_url=BASE, client=("127.0.0.1", 50000))
    app.close()


@pytest.fixture(name="key")
def _key(client: TestClient) -> Callable[[str], dict[str, str]]:
    access = client.app.state.app.access  # type: ignore[attr-defined]  # FastAPI's
    return lambda name: bearer(access.create_key(name, scope=Scope.WRITE).secret)


def _asked(client: TestClient, times: int, headers: dict[str, str], path: str = SELF) -> list[int]:
    return [client.get(path, headers=headers).status_code for _ in range(times)]


def test_who_asks_too_often_is_told_when_to_come_back(
    client: TestClient, key: Callable[[str], dict[str, str]]
) -> None:
    mine = key("mine")
    # The first request is of an address; then it is known whose key it is.
    first = client.get(SELF, headers=mine)
    rest = _asked(client, 3, mine)
    refused = client.get(SELF, headers=mine)

    assert first.headers["ratelimit-policy"] == '"reads";q=3;w=60'
    assert first.headers["ratelimit"].startswith('"reads";r=2;t=')
    assert rest == [200, 200, 200]
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit"] == f'"reads";r=0;t={refused.headers["retry-after"]}'
    assert "x-correlation-id" in refused.headers


def test_one_callers_requests_are_not_anothers_and_writes_no_reads(
    client: TestClient, key: Callable[[str], dict[str, str]]
) -> None:
    mine, yours = key("mine"), key("yours")
    client.get(SELF, headers=mine)
    client.get(SELF, headers=yours)
    assert _asked(client, 4, mine)[-1] == 429

    assert client.get(SELF, headers=yours).status_code == 200
    assert client.post(JOBS, json={}, headers=mine).status_code == 422


def test_who_tries_one_key_after_another_is_one_address(client: TestClient) -> None:
    answers = [client.get(SELF, headers=bearer(f"fm_{n}")).status_code for n in range(5)]
    public = [client.get("/docs", headers=bearer(f"fm_{n}")).status_code for n in range(5)]

    assert answers == [401, 401, 401, 429, 429]
    assert public == [429] * 5


def test_health_and_media_do_not_count(client: TestClient) -> None:
    assert _asked(client, 5, {}, "/health/live") == [200] * 5
    assert _asked(client, 5, {}, "/media/x/y") == [403] * 5
    assert client.get("/health/live").headers.get("ratelimit") is None


def test_a_minute_begins_anew() -> None:
    tally = OwnTally()

    async def counts() -> list[int]:
        return [await tally.add(name, window) for name, window in (("a", 1), ("a", 1), ("b", 1), ("a", 2))]

    assert asyncio.run(counts()) == [1, 2, 1, 1]


@pytest.mark.integration
def test_two_processes_count_together_and_a_lost_redis_stops_nobody(
    redis_url: str, redis_prefix: str
) -> None:
    async def counts() -> list[int]:
        one, other = (SharedTally(redis_url, prefix=redis_prefix) for _ in range(2))
        found = [await tally.add("a", 1) for tally in (one, other, one)]
        await one.close()
        await other.close()
        return found

    async def alone() -> list[int]:
        lost = SharedTally("redis://127.0.0.1:1/0", prefix=redis_prefix)
        return [await lost.add("a", 1) for _ in range(2)]

    assert asyncio.run(counts()) == [1, 2, 3]
    assert asyncio.run(alone()) == [1, 2]


def test_a_broker_that_is_redis_counts_for_all(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, broker_url=SecretStr("redis://127.0.0.1:1/0"), rate_reads=1)
    app = open_app(settings)
    try:
        client = TestClient(create_app(app), base_url=BASE)
        assert [client.get("/docs").status_code for _ in range(2)] == [200, 429]
    finally:
        app.close()
