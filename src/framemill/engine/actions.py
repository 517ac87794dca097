"""What a step does without a program: commands whose tool is `builtin` name one of these.

An action gets the step's workbench, reads below `in/`, writes below `out/`,
and raises a FramemillError where it cannot.
"""

import shutil
from collections.abc import Callable

from framemill.engine import clips, holding, packaged, parts
from framemill.engine.workbench import Workbench
from framemill.errors import FramemillError

Action = Callable[[Workbench, tuple[str, ...]], None]


def act(bench: Workbench, argv: tuple[str, ...]) -> None:
    """Run the action that `argv` names, with the rest as its arguments."""
    name, *arguments = argv
    if name not in ACTIONS:
        raise FramemillError(
            f"this Framemill has no action {name!r}", hint="run the job on the newest version"
        )
    ACTIONS[name](bench, tuple(arguments))


def _copy(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`copy FROM TO`: a file as it is, such as `copy in/notes.vtt out/notes.vtt`."""
    source, target = argv
    shutil.copyfile(bench.scratch / source, bench.scratch / target)


ACTIONS: dict[str, Action] = {
    "clip_index": clips.index,
    "clip_tags": clips.tags,
    "copy": _copy,
    "dash_folder": packaged.dash_folder,
    "find_crf": holding.find_crf,
    "hls_bandwidth": packaged.hls_bandwidth,
    "hold_quality": holding.hold_quality,
    "parts_report": parts.report,
    "remove": packaged.remove,
    "whole_webvtt": packaged.whole_webvtt,
}
