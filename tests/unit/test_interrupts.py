import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from framemill.interrupts import Terminated, heeded, held_off
from framemill.store.database import open_database

BOTH = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def _as_python_starts() -> Iterator[None]:
    """Whoever runs the tests in the background may have them ignore Ctrl-C."""
    before = {number: signal.getsignal(number) for number in BOTH}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_a_heeded_signal_interrupts_at_once(number: signal.Signals, kind: type[BaseException]) -> None:
    with pytest.raises(KeyboardInterrupt) as caught, heeded(*BOTH):
        _send(number)

    assert caught.type is kind
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("number", BOTH)
def test_what_must_not_be_torn_apart_is_finished_first(number: signal.Signals) -> None:
    done = []

    def work() -> None:
        with held_off(), held_off():
            _send(number)
            done.append("inside")
        done.append("after")

    with pytest.raises(KeyboardInterrupt), heeded(*BOTH):
        work()

    assert done == ["inside"]


def test_who_asks_twice_does_not_wait() -> None:
    done = []

    def work() -> None:
        for time in ("once", "twice"):
            _send(signal.SIGINT)
            done.append(time)

    with pytest.raises(KeyboardInterrupt), heeded(*BOTH), held_off():
        work()

    assert done == ["once"]


def test_one_that_was_told_twice_is_heard_again_the_next_time() -> None:
    def impatient() -> None:
        _send(signal.SIGINT)
        _send(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), heeded(*BOTH), held_off():
        impatient()

    with heeded(*BOTH), held_off():
        pass


def test_a_process_with_plans_of_its_own_keeps_them() -> None:
    heard = []
    signal.signal(signal.SIGTERM, lambda *_: heard.append("own"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    with heeded(*BOTH):
        _send(signal.SIGTERM)
        _send(signal.SIGINT)

    assert heard == ["own"]


def test_other_threads_are_left_alone() -> None:
    ended = []

    def work() -> None:
        with heeded(*BOTH), held_off():
            ended.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert ended == [signal.SIG_DFL]


def test_a_transaction_is_whole_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'f.db'}")

    def work() -> None:
        with database.write() as session:
            session.execute(text("create table films (name text)"))
            _send(signal.SIGINT)
            session.execute(text("insert into films values ('one')"))

    with pytest.raises(KeyboardInterrupt), heeded(*BOTH):
        work()

    with database.write() as session:
        assert session.execute(text("select name from films")).scalars().all() == ["one"]
    database.close()
