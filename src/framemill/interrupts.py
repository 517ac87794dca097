"""Ctrl-C, SIGTERM and a terminal that closes: they end the work, but tear no transaction apart."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_OURS_TO_TAKE = (signal.SIG_DFL, signal.default_int_handler)


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP, while work goes on in the foreground: it ends like Ctrl-C, and cleans up like it."""


class _Held:
    """What this process's main thread, the one that Python hands signals to, must not be torn out of."""

    depth = 0
    meanwhile: KeyboardInterrupt | None = None


@contextmanager
def heeded(*numbers: signal.Signals) -> Iterator[None]:
    """While this holds, the signals raise KeyboardInterrupt (SIGINT) or Terminated in the main thread.

    Signals that the process has plans of its own for, or was told to ignore,
    are left alone; so is everything in another thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: handler for number in numbers if (handler := signal.getsignal(number)) in _OURS_TO_TAKE}
    for number in before:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held_off() -> Iterator[None]:
    """Heeded signals wait until this block ends; a second one does not wait."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _Held.depth += 1
    try:
        yield
    finally:
        _Held.depth -= 1
        if _Held.depth == 0 and (late := _Held.meanwhile) is not None:
            _Held.meanwhile = None
            raise late


def _interrupt(number: int, _frame: FrameType | None) -> None:
    interrupt = KeyboardInterrupt() if number == signal.SIGINT else Terminated()
    if _Held.depth > 0 and _Held.meanwhile is None:
        _Held.meanwhile = interrupt
        return
    raise interrupt
