"""The application, opened for one command and closed after it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from framemill.cli.server_choice import chosen, not_there

NOBODY = "no worker is there to run it: `framemill worker start`"

if TYPE_CHECKING:
    from framemill.app import App


@contextmanager
def opened() -> "Iterator[App]":
    """The application while this holds; NotSupported where the work is to be done on a server."""
    from framemill.app import open_app

    if chosen() is not None:
        raise not_there("this")
    app = open_app()
    try:
        yield app
    finally:
        app.close()


def operator() -> str:
    """Who types here, for the audit trail: `cli:ann`."""
    import getpass

    try:
        return f"cli:{getpass.getuser()}"[:64]
    except (KeyError, OSError):  # a user without a name, as in some containers
        return "cli"


def whole_batch_id(app: "App", given: str) -> str:
    """The id of the batch that `given` begins or ends."""
    if not given.strip():  # an unset variable of a script would fit every batch
        raise typer.BadParameter("give a batch's id", param_hint="BATCH")
    near = app.batches.find(given)
    if len(near) > 1:
        raise typer.BadParameter(f"{given!r} fits several batches; write more of it", param_hint="BATCH")
    return near[0] if near else given


def nobody_works(app: "App") -> bool:
    """True where what is queued will wait: no pool of this database is there."""
    # Celery's workers come and go by their own rules.
    return app.settings.engine == "pool" and not app.workers.list()
