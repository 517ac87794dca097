"""What an action of a step works with: the step's folder, and programs run under the step's own limits."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from framemill.tools.process import Finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """One step's place to work."""

    scratch: Path  # holds in/ and out/, and is where programs run
    # Runs ffmpeg with these arguments, sandboxed, limited, counted and recorded like any command of the step.
    # A failure is raised as what it means; Cancelled where the work must end.
    ffmpeg: Callable[[tuple[str, ...]], Finished]
    report: Callable[[float], None] = lambda _share: None  # how far the action is, from 0 to 1
    say: Callable[[str], None] = lambda _text: None  # tell the user what the plan could not foresee
