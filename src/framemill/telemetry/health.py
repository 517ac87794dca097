"""Looking whether what work needs is there, within a time: a part that hangs keeps nobody.

What the parts are, and how each is looked at, who asks says.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from framemill.errors import FramemillError, TimedOut

State = Literal["ok", "off", "degraded", "down"]
# What a look finds; raising a FramemillError says that the part is down.
Found = tuple[State, str | None]  # and a code that says why
Look = Callable[[], Found]

OK: Final[Found] = ("ok", None)
OFF: Final[Found] = ("off", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that work needs, as it was found."""

    name: str
    state: State  # degraded: work goes on without it; off: not in use here
    code: str | None
    latency_ms: int


class Checkup:
    """Looks at all parts side by side, each time anew."""

    def __init__(self, looks: Mapping[str, Look], *, limit_s: float = 2.0) -> None:
        self._looks = looks
        self._limit_s = limit_s
        self._running: dict[str, _Glance] = {}
        self._lock = threading.Lock()

    def look(self) -> tuple[Part, ...]:
        """Every part, after `limit_s` at most. One that still hangs from before is not asked again."""
        with self._lock:
            glances = [self._glance(name, look) for name, look in self._looks.items()]
        limit = time.monotonic() + self._limit_s
        return tuple(glance.wait(until=limit) for glance in glances)

    def _glance(self, name: str, look: Look) -> "_Glance":
        running = self._running.get(name)
        if running is None or running.over:
            running = self._running[name] = _Glance(name, look)
        return running


class _Glance:
    def __init__(self, name: str, look: Look) -> None:
        self._name = name
        self._look = look
        self._began = time.monotonic()
        self._part: Part | None = None
        # A daemon: one that hangs must not keep the process.
        self._thread = threading.Thread(target=self._run, name=f"health {name}", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        return self._part is not None

    def wait(self, *, until: float) -> Part:
        self._thread.join(max(0.0, until - time.monotonic()))
        return self._part or self._as("down", TimedOut.code)

    def _run(self) -> None:
        try:
            state, code = self._look()
        except FramemillError as error:
            state, code = "down", error.code
        except Exception:  # noqa: BLE001 - whatever it is, the part cannot be used
            state, code = "down", FramemillError.code
        self._part = self._as(state, code)

    def _as(self, state: State, code: str | None) -> Part:
        took = round((time.monotonic() - self._began) * 1000)
        return Part(name=self._name, state=state, code=code, latency_ms=took)
