"""Attempts that several processes count together, and what becomes of that when Redis goes."""

import pytest

from framemill.api.throttle import LoginThrottle
from framemill.errors import TooManyAttempts


def _tries(throttle: LoginThrottle, times: int) -> int:
    for done in range(times):
        try:
            throttle.attempt(account="ann", address="192.0.2.7")
        except TooManyAttempts:
            return done
    return times


def test_processes_with_a_redis_count_together(redis_url: str) -> None:
    one, two = LoginThrottle(redis_url), LoginThrottle(redis_url)
    one.succeeded(account="ann")

    assert (_tries(one, 6), _tries(two, 6)) == (6, 4)
    one.succeeded(account="Ann")
    assert _tries(two, 3) == 3


def test_where_redis_is_away_each_counts_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    throttle = LoginThrottle("redis://127.0.0.1:1/0")

    assert _tries(throttle, 12) == 10
    assert "login.throttle_unshared" in caplog.text
    throttle.succeeded(account="ann")
    assert _tries(throttle, 1) == 1
