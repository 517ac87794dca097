"""A Celery worker as the pool keeps it: a process that hears messages, and children that do the work."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait


def main(size: int) -> None:
    """Work until SIGTERM (what runs finishes) or SIGQUIT (it is handed back), or until the pool is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the pool, which tells us
    from framemill.worker.celery_app import app

    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    app.worker_main(
        [
            *("--quiet", "worker", "--loglevel=WARNING"),
            *(f"--concurrency={size}", f"--hostname=framemill-{os.getpid()}@%h"),
            # Talk among workers that none of ours needs.
            *("--without-gossip", "--without-mingle"),
        ]
    )


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
