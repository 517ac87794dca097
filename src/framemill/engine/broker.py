"""The dispatcher by a message broker (Redis or RabbitMQ): messages that wake Celery's workers.

A message holds the id of a ready task and nothing else, and stands for one
task's worth of work of its class. Which task that is, the rows say when a
worker asks. What is configured here is for both ends; the other end is `worker`.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

from framemill.domain import context
from framemill.domain.plan import Resource
from framemill.engine.dispatch import Wake
from framemill.errors import InvalidSettings
from framemill.telemetry.log import get_log

if TYPE_CHECKING:
    from celery import Celery
    from kombu import Connection

WAKE = "framemill.wake"  # Celery's name for what a message asks for

log = get_log(__name__)

_REDIS = frozenset({"redis", "rediss", "sentinel"})
_RABBITMQ = frozenset({"amqp", "amqps", "pyamqp"})
# Nobody who submits waits longer than this for a broker that does not answer, nor asks it again so soon.
_PATIENCE_S, _PAUSE_S = 1.0, 5.0
# A reminder is sent by somebody who has time, and may be a thousand messages.
_LONG_PATIENCE_S = 20.0
_REDIS_LIMITS = ("socket_timeout", "socket_connect_timeout")
_RABBITMQ_LIMITS = ("read_timeout", "write_timeout")


class Broker:
    """Sends messages. A broker that is down costs a second now and then, and no job: reapers ring again."""

    def __init__(self, url: str, *, prefix: str, pause_s: float = _PAUSE_S) -> None:
        self._url = url
        self._prefix = prefix
        self._pause_s = pause_s
        self._silent_until = 0.0
        self._connection: Connection | None = None
        self._sending = threading.Lock()
        check(url)

    def nudge(self, wakes: Sequence[Wake]) -> None:
        """As Dispatcher says."""
        if not wakes or time.monotonic() < self._silent_until:
            return
        celery = self._celery  # importing it takes a while, and is no fault of the broker's
        # A thread, because a name that does not resolve or a network that swallows packets obeys no timeout.
        sending = threading.Thread(
            target=context.carried(self._send), args=(celery, wakes), name="nudge", daemon=True
        )
        sending.start()
        sending.join(_LONG_PATIENCE_S if wakes[0].again else _PATIENCE_S)
        if sending.is_alive():
            self._be_silent("it does not answer")

    def answers(self) -> bool:
        """True where the broker takes a connection, within about a second."""
        try:
            with self._celery.connection_for_write() as connection:
                connection.channel().close()
        except Exception:  # noqa: BLE001 - each transport has its own
            return False
        return True

    def _send(self, celery: "Celery", wakes: Sequence[Wake]) -> None:
        with self._sending:
            # A connection that was kept may have died long ago: only a new one says how the broker is.
            for kept in (True, False) if self._connection else (False,):
                try:
                    self._send_by(celery, self._connected(celery), wakes)
                except Exception as error:  # noqa: BLE001 - each transport has its own, and none may stop a submit
                    self._disconnect()
                    if not kept:
                        self._be_silent(str(error))
                else:
                    return

    def _send_by(self, celery: "Celery", connection: "Connection", wakes: Sequence[Wake]) -> None:
        with connection.Producer(auto_declare=False) as producer:
            for queue, group in groupby(wakes, key=lambda wake: queue_of(wake.resource, self._prefix)):
                some = list(group)
                if some[0].again and waiting_in(connection, queue):
                    continue  # workers are not through with it yet, and go by the rows when they are
                for wake in some:
                    celery.send_task(
                        WAKE,
                        (wake.task_id,),
                        queue=queue,
                        priority=message_priority(wake.priority, self._url),
                        eta=wake.not_before,
                        producer=producer,
                        retry=False,
                        ignore_result=True,
                    )

    def _connected(self, celery: "Celery") -> "Connection":
        if self._connection is None:
            self._connection = celery.connection_for_write()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # it is broken already
                connection.release()

    def _be_silent(self, reason: str) -> None:
        self._silent_until = time.monotonic() + self._pause_s
        # Ready tasks are announced again later.
        log.warning("broker.unreachable", reason=reason)

    @cached_property
    def _celery(self) -> "Celery":
        from celery import Celery

        celery = Celery("framemill", set_as_current=False)
        celery.conf.update(configuration(self._url, prefix=self._prefix))
        celery.conf.broker_connection_timeout = _PATIENCE_S
        limits = _REDIS_LIMITS if _is_redis(self._url) else _RABBITMQ_LIMITS
        celery.conf.broker_transport_options = {
            **celery.conf.broker_transport_options,
            **dict.fromkeys(limits, _PATIENCE_S),
            "max_retries": 0,
        }
        celery.connection_for_write().get_transport_cls()  # loads its driver
        return celery


def configuration(url: str, *, prefix: str) -> dict[str, Any]:
    """Celery's settings that both ends share. Any: each has a type of its own."""
    from kombu import Exchange, Queue

    redis = _is_redis(url)
    exchange = Exchange(prefix, type="direct")
    names = [queue_of(resource, prefix) for resource in Resource]
    return {
        "broker_url": url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": _redis_options() if redis else {},
        "task_queues": [Queue(name, exchange, routing_key=name) for name in names],
        "task_default_queue": queue_of(Resource.IO, prefix),
        "task_default_exchange": prefix,
        "task_queue_max_priority": None if redis else 10,
        "task_create_missing_queues": False,
        "task_ignore_result": True,
        "result_backend": None,
        "result_expires": None,
        # Transient messages: rows are what must not be lost.
        "task_default_delivery_mode": 1,
        "task_serializer": "json",
        "accept_content": ["json"],
        "enable_utc": True,
        # A worker takes a message when it has a process for it, and not before: others may be idle.
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": redis,
        # The message is gone as soon as it is heard; a lease on the row decides from there.
        "task_acks_late": False,
    }


def check(url: str) -> None:
    """Raise InvalidSettings where the broker's kind is none that works here, or Celery is not installed."""
    if (scheme := _scheme(url)) not in _REDIS | _RABBITMQ | {"memory"}:
        raise InvalidSettings(
            f"a broker of the kind {scheme!r} is not supported",
            hint="use redis://, rediss://, sentinel://, amqp:// or amqps://",
        )
    try:
        import celery  # noqa: F401
    except ImportError as error:
        raise InvalidSettings("Celery is not installed", hint="pip install 'framemill[celery]'") from error


def queue_of(resource: str, prefix: str) -> str:
    """The queue of a class of tasks."""
    return f"{prefix}.{resource}"


def message_priority(priority: int, url: str) -> int:
    """A job's priority (10 is the most urgent) in the broker's terms."""
    # Redis takes from the list of the smallest number first.
    return 10 - priority if _is_redis(url) else priority


def waiting_in(connection: "Connection", queue: str) -> int:
    """How many messages wait in a queue; none where there is no such queue."""
    from kombu.exceptions import OperationalError

    channel = connection.channel()
    try:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except (*connection.channel_errors, OperationalError):
        return 0
    finally:
        channel.close()


def _redis_options() -> Mapping[str, object]:
    return {
        # A list for each of our priorities; four would do for most.
        "priority_steps": list(range(10)),
        "queue_order_strategy": "priority",
        "health_check_interval": 15,
        "socket_keepalive": True,
        "socket_connect_timeout": 5.0,
        # Without it a broker that vanished without a word is waited for forever. Longer than any read blocks.
        "socket_timeout": 20.0,
    }


def _is_redis(url: str) -> bool:
    return _scheme(url) in _REDIS


def _scheme(url: str) -> str:
    return url.partition("://")[0]
