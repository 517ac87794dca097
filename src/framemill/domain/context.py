"""What is being done at the moment: facts that every log line of it carries.

They follow calls, and threads where `carried` takes them along. The
correlation id is one of them: it joins a request with the job that it asked
for and with what workers say of that.
"""

import contextvars
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_SOUND: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_NONE: Final[Mapping[str, object]] = MappingProxyType({})
_facts: contextvars.ContextVar[Mapping[str, object]] = contextvars.ContextVar(
    "framemill_facts", default=_NONE
)


@contextmanager
def bound(**facts: object) -> Iterator[None]:
    """Add `facts` to all log lines of this block; those that are None are left out."""
    known = {name: value for name, value in facts.items() if value is not None}
    before = _facts.set({**_facts.get(), **known})
    try:
        yield
    finally:
        _facts.reset(before)


def facts() -> Mapping[str, object]:
    """What is bound."""
    return _facts.get()


def correlation_id() -> str | None:
    """The id of the request that all this is for, None where there is none."""
    found = _facts.get().get("correlation_id")
    return None if found is None else str(found)


def sound_id(given: str) -> str | None:
    """A correlation id as a client gave it, None where it is none: 1 to 64 letters, digits and `._-`."""
    return given if _SOUND.fullmatch(given) else None


def carried(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, to be called in another thread with what is bound now."""
    context = contextvars.copy_context()

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return context.run(function, *args, **kwargs)

    return run
