"""Which workers can do a step: those whose ffmpeg has the encoders that it was planned with."""

from collections.abc import Iterable
from itertools import pairwise

from framemill.domain.plan import Command, Step


def needed(step: Step, *, encoders: frozenset[str]) -> str:
    """The encoders that `step` calls, of those that the planning machine has: the task's `requires`.

    A device is not needed: where it is missing, the same is done in software.
    """
    found = {word for command in step.commands for word in _codecs(command.in_software())}
    return ",".join(sorted(found & encoders))


def can(requires: str, *, encoders: frozenset[str]) -> bool:
    """True where a machine with these encoders can do what needs `requires`."""
    return not requires or encoders.issuperset(requires.split(","))


def _codecs(command: Command) -> Iterable[str]:
    return (word for flag, word in pairwise(command.argv) if flag.startswith("-c"))
