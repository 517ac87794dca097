"""Celery's application: what `celery -A framemill.worker.celery_app` finds.

It holds configuration and hooks only, and opens no database: worker processes
are forked from the process that loads it. Each of them is a worker.child.
"""

import logging
import multiprocessing
import os
import signal
import threading
from typing import Any

from celery import Celery, signals

from framemill.app import App, open_app
from framemill.app.telemetry import start_telemetry
from framemill.engine.broker import WAKE, configuration
from framemill.worker import child

WATCH = "framemill.watch"


def make(application: App) -> Celery:
    """Celery as the settings say; InvalidSettings where they name no broker."""
    settings = application.settings
    celery = Celery("framemill", set_as_current=False)
    celery.conf.update(configuration(application.broker_url, prefix=settings.queue_prefix))
    celery.conf.update(
        worker_max_tasks_per_child=settings.tasks_per_child,
        # A worker that starts and one that lost its broker wait for it; what runs goes on meanwhile.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        # A process that is not there in time is replaced; the database of one that begins may be slow.
        worker_proc_alive_timeout=60.0,
        # For Flower; a few more messages for each task, which nobody keeps.
        worker_send_task_events=True,
        beat_scheduler="framemill.worker.beat:InPlace",
        beat_enable_remote_control=False,
        beat_schedule={"watchdog": {"task": WATCH, "schedule": settings.watchdog_interval}},
    )
    celery.task(child.answer, name=WAKE)
    celery.task(child.watch, name=WATCH)
    return celery


def _begin(**_: object) -> None:
    child.begin(_classes())


def _end(**_: object) -> None:
    child.end()


def _limit_drain(how: str, **_: object) -> None:
    """A worker that was told to stop waits for what runs, as long as the settings say."""
    if how != "Warm" or multiprocessing.parent_process() is not None:
        return  # a pool that keeps us counts the time itself
    grace = threading.Timer(_grace_s, os.kill, args=(os.getpid(), signal.SIGQUIT))
    grace.daemon = True
    grace.start()


def _classes() -> list[str]:
    """The classes of tasks whose queues this worker listens to."""
    names: Any = app.amqp.queues.consume_from  # a mapping by name; Celery has no types
    return sorted(name.rpartition(".")[2] for name in names)


def _log(**_: object) -> None:
    """Celery's own lines go where ours go, through the same processors."""
    start_telemetry(_application.settings)
    logging.getLogger("celery").setLevel(logging.WARNING)


signals.setup_logging.connect(_log)
signals.worker_process_init.connect(_begin)
signals.worker_process_shutdown.connect(_end)
signals.worker_shutting_down.connect(_limit_drain)
_application = open_app()
_grace_s = _application.settings.drain_grace.total_seconds()
app = make(_application)
