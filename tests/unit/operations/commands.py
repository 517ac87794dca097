"""Reading planned commands in tests: what stands between the guarded inputs and the outputs."""

import shlex
from typing import TypeVar

from framemill.commands.source import guard_args
from framemill.domain.plan import Command
from framemill.domain.work import Tap, Work
from framemill.operations.spec import Spec
from framemill.planner.fuse import fuse

S = TypeVar("S", bound=Spec)

_GUARD = shlex.join(guard_args())


def line(command: Command) -> str:
    """The command on one line; `GUARD` stands for what every input must have."""
    return shlex.join(command.argv).replace(_GUARD, "GUARD")


def lines(work: Work) -> list[str]:
    """All commands of the operation's taps and steps."""
    steps = (*fuse(work.taps), *work.steps)
    return [line(command) for step in steps for command in step.commands]


def only_tap(work: Work) -> Tap:
    """The single tap of an operation that makes one."""
    (tap,) = work.taps
    return tap


def asked(spec: type[S], **fields: object) -> S:
    """The spec as a user writes it: times, sizes and rates in their own notation."""
    return spec.model_validate(fields)
