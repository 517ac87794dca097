from datetime import timedelta
from itertools import count, takewhile

import pytest

from framemill.domain.webhooks import TRIED_FOR, checked_events, next_try, rest
from framemill.errors import InvalidSpec


def _tries() -> list[timedelta]:
    """When a message is sent that never arrives, after the first time."""
    at = [timedelta()]
    for attempt in count(1):
        wait = next_try(attempt, age=at[-1], spread=lambda: 0.0)
        if wait is None:
            return at
        at.append(at[-1] + wait)
    return at


def test_a_message_is_tried_soon_then_seldom_for_a_day_and_not_longer() -> None:
    tries = _tries()

    assert [int(at.total_seconds()) for at in tries[:5]] == [0, 5, 25, 105, 425]
    assert timedelta(hours=20) < tries[-1] <= TRIED_FOR
    assert len(tries) < 20


def test_a_receiver_that_asks_for_time_gets_it_but_not_for_ever() -> None:
    asked = [next_try(1, age=timedelta(), asked_s=s, spread=lambda: 0.0) for s in (60, 1e9)]

    assert asked == [timedelta(minutes=1), timedelta(hours=4)]


def test_a_webhook_that_fails_rests_a_minute_at_most() -> None:
    assert list(takewhile(lambda s: s < 60, (rest(n).total_seconds() for n in count(1)))) == [2, 4, 8, 16, 32]


def test_events_are_known_ones_each_once() -> None:
    assert checked_events(["job.failed", "job.completed", "job.failed"]) == ["job.completed", "job.failed"]
    for wrong in ([], ["job.exploded"], ["webhook.test"]):
        with pytest.raises(InvalidSpec):
            checked_events(wrong)
