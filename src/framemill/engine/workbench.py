"""What an action of a step works with: the step's folder, and programs run under the step's own limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from framemill.commands.progress import Progress
from framemill.tools.process import Finished

# Runs ffmpeg and passes on what it reports.
Watched = Callable[[tuple[str, ...], Callable[[Progress], None]], Finished]


def _no_trials(_argv: tuple[str, ...], _on_progress: Callable[[Progress], None]) -> Finished:
    raise AssertionError("this workbench runs no trials")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """One step's place to work."""

    scratch: Path  # holds in/ and out/, and is where programs run
    # Runs ffmpeg with these arguments, sandboxed, limited, counted and recorded like any command of the step.
    # A failure is raised as what it means; Cancelled where the work must end.
    ffmpeg: Callable[[tuple[str, ...]], Finished]
    report: Callable[[float], None] = lambda _share: None  # how far the action is, from 0 to 1
    # What people are told with the result, since nobody knew it before: a note, or with True a warning.
    say: Callable[[str, bool], None] = lambda _text, _warning: None
    # Runs ffmpeg likewise, but is not recorded among the commands that made the result: for trials and
    # measurements, which may be many and long. Its reports keep it from being taken for stalled.
    trial: Watched = _no_trials
    # Keeps what was found out, by name, in the task's result and the provenance of what the step publishes.
    found: Callable[[str, Mapping[str, object]], None] = lambda _name, _data: None
