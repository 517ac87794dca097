"""What is sent to a broker, on Kombu's own in memory."""

from datetime import UTC, datetime
from secrets import token_hex

import pytest
from kombu import Connection, Message

from framemill.engine.broker import WAKE, Broker, check, message_priority, queue_of
from framemill.engine.dispatch import Wake
from framemill.errors import InvalidSettings

URL = "memory://"
LATER = datetime(2026, 11, 2, 12, 30, tzinfo=UTC)


@pytest.fixture(name="prefix")
def _prefix() -> str:
    """Brokers in memory live as long as the process, so each test has queues of its own."""
    return f"mill-{token_hex(4)}"


def _sent(prefix: str, resource: str) -> list[Message]:
    """The messages of a queue, oldest first."""
    with Connection(URL) as connection, connection.channel() as channel:
        return list(iter(lambda: channel.basic_get(queue_of(resource, prefix), no_ack=True), None))


def test_a_message_holds_the_id_and_goes_to_the_queue_of_its_class(prefix: str) -> None:
    Broker(URL, prefix=prefix).nudge(
        [
            Wake(task_id="one", resource="cpu", priority=5),
            Wake(task_id="two", resource="io", priority=5, not_before=LATER),
        ]
    )

    (cpu,), (io,), gpu = (_sent(prefix, resource) for resource in ("cpu", "io", "gpu"))

    assert [cpu.payload[:2], io.payload[:2]] == [[["one"], {}], [["two"], {}]]
    assert [cpu.headers["eta"], io.headers["eta"]] == [None, "2026-11-02T12:30:00+00:00"]
    assert cpu.headers["task"] == WAKE
    assert gpu == []


@pytest.mark.parametrize(
    ("url", "most", "normal", "least"),
    [("redis://host/0", 0, 5, 9), ("rediss://host/0", 0, 5, 9), ("amqp://host//", 10, 5, 1)],
)
def test_redis_counts_priorities_the_other_way_round(url: str, most: int, normal: int, least: int) -> None:
    assert [message_priority(priority, url) for priority in (10, 5, 1)] == [most, normal, least]


def test_a_reminder_is_left_out_where_messages_wait(prefix: str) -> None:
    broker = Broker(URL, prefix=prefix)
    broker.nudge([Wake(task_id="one", resource="cpu", priority=5)])

    broker.nudge(
        [
            Wake(task_id="one", resource="cpu", priority=5, again=True),
            Wake(task_id="two", resource="io", priority=5, again=True),
        ]
    )

    assert (len(_sent(prefix, "cpu")), len(_sent(prefix, "io"))) == (1, 1)


def test_a_broker_that_is_not_there_is_told_once_and_not_asked_again_for_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Port 1 of this host: nobody listens.
    broker = Broker("redis://:secret@127.0.0.1:1/0", prefix="mill")

    for _ in range(3):
        broker.nudge([Wake(task_id="one", resource="cpu", priority=5)])

    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["broker.unreachable"]
    assert "secret" not in caplog.text


@pytest.mark.parametrize("url", ["filesystem://", "sqla+sqlite:///f.db", "http://host", "", "host"])
def test_a_broker_that_would_lose_messages_or_priorities_is_refused(url: str) -> None:
    with pytest.raises(InvalidSettings, match="broker"):
        check(url)


def test_queues_are_named_after_the_installation() -> None:
    assert queue_of("gpu", "mill") == "mill.gpu"
