"""`python -m framemill.worker`: a pool in this process. `framemill worker start` becomes this."""

import argparse
import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from framemill.app import App, open_app
from framemill.errors import DatabaseUnavailable, FramemillError, InvalidSettings

if TYPE_CHECKING:
    from framemill.worker.pool import Pool


def main() -> int:
    """Run a pool until it is told to stop."""
    parser = argparse.ArgumentParser(prog="framemill worker start")
    parser.add_argument("--workers", type=int, default=None)
    size = parser.parse_args().workers
    try:
        app = open_app()
        _pool(app, size=size or app.settings.workers or os.cpu_count() or 1).run()
    except FramemillError as error:
        _tell(f"error: {error.message} (code: {error.code})")
        if error.hint:
            _tell(f"  try: {error.hint}")
        # As docs/exit-codes.md says for these.
        return 2 if isinstance(error, InvalidSettings) else 5 if isinstance(error, DatabaseUnavailable) else 1
    app.close()
    return 0


def _pool(app: App, *, size: int) -> "Pool":
    from framemill.worker.pool import Pool

    if app.settings.engine == "pool":
        return Pool(app, size=size, tell=_tell)
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
        tell=_tell,
        work=partial(node.main, size),
        stop_now=signal.SIGQUIT,
        tick=beat.tick,
    )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a service's log is its stderr


if __name__ == "__main__":
    sys.exit(main())
