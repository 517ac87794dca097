"""`python -m framemill.serving`: API and workers in one command. `framemill serve` becomes this.

Worker processes begin by reading this module, so nothing heavy is imported
before it is needed.
"""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from framemill.app import App, open_app
from framemill.app.telemetry import announcer, start_telemetry
from framemill.errors import DatabaseUnavailable, FramemillError, InvalidSettings

_M_ARENA_MAX = -8  # malloc.h
_ACTOR = "serve"  # in the audit trail

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from fastapi import FastAPI

    Handler = Callable[[int, object], object] | signal.Handlers


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="framemill serve")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--no-workers", action="store_true")
    parser.add_argument("--openapi", action="store_true")
    parser.add_argument("--asyncapi", action="store_true")
    asked = parser.parse_args()
    try:
        if asked.openapi or asked.asyncapi:
            return _describe(sockets=asked.asyncapi)
        app = open_app()
        start_telemetry(app.settings)
        try:
            workers = 0 if asked.no_workers else asked.workers or app.slots
            _serve(app, host=asked.host, port=asked.port, workers=workers)
        except KeyboardInterrupt:
            return 0
        finally:
            app.close()
    except FramemillError as error:
        _tell(f"error: {error.message} (code: {error.code})")
        if error.hint:
            _tell(f"  try: {error.hint}")
        # As docs/exit-codes.md says for these.
        return 2 if isinstance(error, InvalidSettings) else 5 if isinstance(error, DatabaseUnavailable) else 1
    return 0


def _describe(*, sockets: bool) -> int:
    if sockets:
        from framemill.api.asyncapi import as_yaml

        text = as_yaml().rstrip()
    else:
        from framemill.api.application import create_app

        text = json.dumps(create_app(open_app(in_memory=True)).openapi(), indent=2)
    try:
        print(text, flush=True)  # noqa: T201 - what was asked for
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as docs/exit-codes.md says
    return 0


def _serve(app: App, *, host: str, port: int, workers: int) -> None:
    from framemill.api.application import create_app
    from framemill.api.server import Server, address, listen
    from framemill.worker.messenger import messenger

    # From the first moment on; a pool has handlers of its own.
    _on_signals(_told)
    _share_memory()
    _ = app.database  # made or brought up to date before anybody asks
    with ExitStack() as open_doors:
        listener = open_doors.enter_context(listen(host, port))
        app.address = address(listener)
        api = create_app(app, hosts=_hosts(app, listener))
        server = Server(api, listener, doorkeeper=api.state.doorkeeper)
        if app.settings.metrics_port is not None:
            open_doors.enter_context(_monitored(app, api))
        over = threading.Event()
        open_doors.enter_context(messenger(app))
        thread = threading.Thread(target=_run, args=(server.run, over), name="api", daemon=True)
        try:
            thread.start()
            _welcome(app, listener)
            if workers:
                from framemill.worker.pools import pool_for

                pool_for(app, size=workers, tell=announcer(app.settings), stays=True).run()
            else:
                _until_told()
        finally:
            # Once is enough: what is being answered has its limit.
            _on_signals(signal.SIG_IGN)
            over.set()
            server.stop()
            if thread.ident is not None:
                thread.join()


@contextmanager
def _monitored(app: App, api: "FastAPI") -> "Iterator[None]":
    """Serve health and metrics on a port of their own while this holds."""
    from framemill.api.monitoring import create_monitoring
    from framemill.api.server import Server, address, listen

    port = app.settings.metrics_port
    assert port is not None
    with listen(app.settings.metrics_host, port) as listener:
        hosts = _hosts(app, listener)
        server = Server(create_monitoring(api.state.figures, api.state.checkup, hosts=hosts), listener)
        thread = threading.Thread(target=server.run, name="metrics", daemon=True)
        thread.start()
        announcer(app.settings)(f"metrics and health at {address(listener)}")
        try:
            yield
        finally:
            server.stop()
            thread.join()


def _on_signals(handler: "Handler") -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _share_memory() -> None:
    """Let all threads take memory from two pools: glibc gives them more, and what one frees no other gets.

    With 100 uploads at once the process grows by 36 MiB so, and by 50 otherwise.
    """
    from ctypes import CDLL

    with suppress(AttributeError, OSError):  # another C library
        CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _run(serve: "Callable[[], None]", over: threading.Event) -> None:
    """The API's thread. Where it ends unasked, everything does."""
    try:
        serve()
    finally:
        if not over.is_set():
            _tell("error: the API has ended")
            os.kill(os.getpid(), signal.SIGTERM)


def _hosts(app: App, listener: "socket.socket") -> tuple[str, ...]:
    """The names that requests may be sent to; none: any.

    Who listens on the loopback only is protected by that from other machines,
    but not from pages in a browser on this one, whose names may lead here.
    """
    from framemill.api.auth import is_loopback
    from framemill.api.guards import LOOPBACK

    given = tuple(name.strip() for name in app.settings.allowed_hosts.split(",") if name.strip())
    if given or is_loopback(str(listener.getsockname()[0])):
        return (*given, *LOOPBACK)
    return ()


def _welcome(app: App, listener: "socket.socket") -> None:
    from urllib.parse import urlsplit

    from framemill.api.auth import is_loopback
    from framemill.api.server import address

    base, tell = address(listener), announcer(app.settings)
    tell(f"serving at {base}")
    # Where all that is said is kept as a log, the link would be kept too.
    if app.settings.log_format != "json" and is_loopback(urlsplit(base).hostname or ""):
        link = f"{base}/login?token={app.access.login_token(actor=_ACTOR)}"
        tell(f"to sign in on this machine, once, within 15 minutes: {link}")
    tell("for programs: `framemill keys create NAME`")


def _until_told() -> NoReturn:
    while True:
        signal.pause()


def _told(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a service's log is its stderr


if __name__ == "__main__":
    sys.exit(main())
