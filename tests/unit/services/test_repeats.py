from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from framemill.errors import FramemillError, IdempotencyConflict, RequestInProgress
from framemill.services.repeats import KEPT, Answer, Claim, Repeats
from framemill.store.database import Database, open_database

pytestmark = pytest.mark.databases("file", "postgres")


class Clock:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="repeats")
def _repeats(database_url: str, clock: Clock) -> Iterator[Repeats]:
    database: Database = open_database(database_url, clock=clock)
    yield Repeats(database)
    database.close()


def _claimed(repeats: Repeats, *, caller: str = "me", key: str = "k", digest: str = "d") -> Claim:
    claim = repeats.claim(caller, key, digest)
    assert isinstance(claim, Claim)
    return claim


def test_a_request_is_answered_once_and_then_as_before_for_a_day(repeats: Repeats, clock: Clock) -> None:
    answer = Answer(status=201, location="/x", body="{}")

    repeats.keep(_claimed(repeats), answer)

    clock.now += KEPT - timedelta(seconds=1)
    assert repeats.claim("me", "k", "d") == answer
    clock.now += timedelta(seconds=1)
    _claimed(repeats, digest="another")


def test_a_key_is_its_callers_and_stands_for_one_request(repeats: Repeats) -> None:
    _claimed(repeats)

    _claimed(repeats, caller="you", digest="another")
    with pytest.raises(IdempotencyConflict):
        repeats.claim("me", "k", "another")


def test_what_is_being_answered_waits_and_a_lost_claim_ends_by_itself(repeats: Repeats, clock: Clock) -> None:
    lost = _claimed(repeats)
    with pytest.raises(RequestInProgress):
        repeats.claim("me", "k", "d")
    clock.now += timedelta(minutes=3)

    taken_over = _claimed(repeats)
    repeats.keep(lost, Answer(status=500))
    repeats.release(lost)

    with pytest.raises(RequestInProgress):
        repeats.claim("me", "k", "d")
    repeats.keep(taken_over, Answer(status=202))
    assert repeats.claim("me", "k", "d") == Answer(status=202)


def test_what_was_refused_may_be_tried_again(repeats: Repeats) -> None:
    repeats.release(_claimed(repeats))

    _claimed(repeats, digest="mended")


def test_of_many_at_once_one_may_answer(repeats: Repeats) -> None:
    together = Barrier(4)

    def ask(_: int) -> object:
        together.wait(30)
        try:
            return repeats.claim("me", "k", "d")
        except FramemillError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))

    assert sum(isinstance(answer, Claim) for answer in answers) == 1
    assert answers.count("request_in_progress") == 3


def test_what_nobody_will_repeat_is_forgotten(repeats: Repeats, clock: Clock) -> None:
    repeats.keep(_claimed(repeats), Answer(status=201))
    _claimed(repeats, key="lost")
    clock.now += timedelta(hours=1)

    assert (repeats.clear(), repeats.clear()) == (1, 0)
    assert isinstance(repeats.claim("me", "k", "d"), Answer)
