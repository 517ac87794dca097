"""Ends a process without warning at each line of the storage room in turn."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import framemill.storage

_ROOM = os.path.dirname(framemill.storage.__file__)  # noqa: PTH120 - as code objects name their files


def deaths(act: Callable[[], object], *, rooms: tuple[str, ...] = (_ROOM,), every: int = 1) -> Iterator[int]:
    """Run `act` in a child that is killed at its first line in the rooms, then `every` lines on ...

    Yields after each death; ends with the first child that lives to the end.
    """
    line = 0
    while not _survives(act, line, rooms):
        yield line
        line += every


def _survives(act: Callable[[], object], line: int, rooms: tuple[str, ...]) -> bool:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            _die_at(line, rooms)
            act()
            sys.settrace(None)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "what is to be killed fails by itself"
    return not os.WIFSIGNALED(status)


def _die_at(line: int, rooms: tuple[str, ...]) -> None:
    left = line

    def trace(frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 - a trace function returns one
        nonlocal left
        if not frame.f_code.co_filename.startswith(rooms):
            return None
        if event == "line":
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
        return trace

    threading.settrace(trace)
    sys.settrace(trace)
