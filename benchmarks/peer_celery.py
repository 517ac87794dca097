"""Celery on its own, with an empty task: what `benchmarks.queue_peers` times. Started as a Celery app."""

import os
import time

import redis
from celery import Celery

app = Celery("peer", broker=os.environ["PEER_BROKER"])
app.conf.update(
    task_ignore_result=True,
    worker_hijack_root_logger=False,
    task_default_queue=os.environ["PEER_QUEUE"],
    broker_connection_retry_on_startup=True,
)


@app.task  # type: ignore[untyped-decorator]  # Celery has no types
def nothing() -> None:
    """Do nothing."""


@app.task  # type: ignore[untyped-decorator]  # the same
def heard(sent: float) -> None:
    """Tell how long the message took, in ms."""
    client = redis.Redis.from_url(os.environ["PEER_BROKER"])
    client.rpush(f"{os.environ['PEER_QUEUE']}-heard", (time.time() - sent) * 1000)
