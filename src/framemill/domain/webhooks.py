"""What a webhook may be told, and how long it is tried: names of events, states, waits.

Signing is `services.webhook_secrets`' work, sending `services.courier`'s.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

from framemill.domain.happenings import Happening, VideoHappening
from framemill.errors import InvalidSpec

EVENTS: Final = (*(f"job.{one}" for one in Happening), *(f"video.{one}" for one in VideoHappening))
TEST_EVENT: Final = "webhook.test"
# What a webhook hears of where nothing is said: how jobs end.
USUAL_EVENTS: Final = tuple(f"job.{one}" for one in Happening if one.final)

TRIED_FOR: Final = timedelta(hours=24)
_FIRST_S, _GROWTH, _LONGEST_S = 5, 4, 4 * 3600
_LONGEST_REST_S = 60


class DeliveryState(StrEnum):
    """What became of one message to one webhook."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Outcome(StrEnum):
    """How one attempt ended."""

    DELIVERED = "delivered"
    REFUSED = "refused"  # an answer, and not a good one
    UNREACHABLE = "unreachable"  # no answer, in time or at all
    FORBIDDEN = "forbidden"  # an address that may not be connected to


def checked_events(events: Sequence[str]) -> list[str]:
    """The names of events in their usual order, each once; InvalidSpec for unknown ones."""
    if unknown := sorted({event[:60] for event in events if event not in EVENTS}):
        raise InvalidSpec(f"there are no events {', '.join(unknown)}", hint=f"one of {', '.join(EVENTS)}")
    if not events:
        raise InvalidSpec("a webhook hears of one event at least", hint=f"one of {', '.join(EVENTS)}")
    return [event for event in EVENTS if event in events]


def next_try(
    attempt: int, *, age: timedelta, asked_s: float = 0.0, spread: Callable[[], float]
) -> timedelta | None:
    """How long to wait after the failed `attempt` of a message that is so old; None: it is given up.

    5 s, 20 s, 80 s and so on, at most 4 h, with up to a tenth of jitter; longer where `asked_s` says so.
    """
    wait_s = min(_LONGEST_S, _FIRST_S * _GROWTH ** min(attempt - 1, 8)) * (1 + spread() / 10)
    wait = timedelta(seconds=max(wait_s, min(asked_s, _LONGEST_S)))
    return wait if age + wait <= TRIED_FOR else None


def rest(failures: int) -> timedelta:
    """How long a webhook that failed so often in a row is left alone, whatever waits for it."""
    return timedelta(seconds=min(_LONGEST_REST_S, 2 ** min(failures, 8)))
