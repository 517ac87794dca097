"""`python -m framemill.worker`: a pool in this process. `framemill worker start` becomes this."""

import argparse
import os
import sys

from framemill.app import open_app
from framemill.errors import FramemillError


def main() -> int:
    """Run a pool until it is told to stop."""
    parser = argparse.ArgumentParser(prog="framemill worker start")
    parser.add_argument("--workers", type=int, default=None)
    size = parser.parse_args().workers
    try:
        app = open_app()
        from framemill.worker.pool import Pool

        pool = Pool(app, size=size or app.settings.workers or os.cpu_count() or 1, tell=_tell)
        pool.run()
    except FramemillError as error:
        _tell(f"error: {error.message} (code: {error.code})")
        return 1
    app.close()
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a service's log is its stderr


if __name__ == "__main__":
    sys.exit(main())
