"""`python -m framemill.worker`: a pool in this process. `framemill worker start` becomes this."""

import argparse
import sys

from framemill.app import open_app
from framemill.app.telemetry import announcer, start_telemetry
from framemill.errors import DatabaseUnavailable, FramemillError, InvalidSettings


def main() -> int:
    """Run a pool until it is told to stop."""
    parser = argparse.ArgumentParser(prog="framemill worker start")
    parser.add_argument("--workers", type=int, default=None)
    size = parser.parse_args().workers
    from framemill.worker.messenger import messenger
    from framemill.worker.pools import pool_for

    try:
        app = open_app()
        start_telemetry(app.settings)
        with messenger(app):
            pool_for(app, size=size or app.slots, tell=announcer(app.settings)).run()
    except FramemillError as error:
        _tell(f"error: {error.message} (code: {error.code})")
        if error.hint:
            _tell(f"  try: {error.hint}")
        # As docs/exit-codes.md says for these.
        return 2 if isinstance(error, InvalidSettings) else 5 if isinstance(error, DatabaseUnavailable) else 1
    app.close()
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a service's log is its stderr


if __name__ == "__main__":
    sys.exit(main())
