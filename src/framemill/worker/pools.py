"""Which pool the settings ask for: worker processes of our own, or a Celery worker with its Beat."""

import signal
from collections.abc import Callable
from functools import partial

from framemill.app import App
from framemill.worker.pool import Pool


def pool_for(app: App, *, size: int, tell: Callable[[str], object], stays: bool = False) -> Pool:
    """A pool of `size` workers, to be run; one that `stays` does so without any; InvalidSettings."""
    if app.settings.engine == "pool":
        return Pool(app, size=size, tell=tell, stays=stays)
    from framemill.engine.broker import check

    check(app.broker_url)  # before what needs Celery is loaded
    # One Celery worker with `size` processes of its own, beside a pool that is its Beat.
    from framemill.worker import celery_app, node
    from framemill.worker.beat import InPlace

    beat = InPlace(celery_app.app)
    return Pool(
        app,
        size=1,
        each=size,
        tell=tell,
        work=partial(node.main, size),
        stop_now=signal.SIGQUIT,
        tick=beat.tick,
        stays=stays,
    )
