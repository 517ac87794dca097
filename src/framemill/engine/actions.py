"""What a step does without a program: commands whose tool is `builtin` name one of these.

An action gets the step's workbench, reads below `in/`, writes below `out/`,
and raises a FramemillError where it cannot.
"""

import shutil
from collections.abc import Callable

from framemill.engine import (
    chunks,
    clips,
    encrypting,
    fonts,
    holding,
    letters,
    levelling,
    measuring,
    moving,
    packaged,
    parts,
    picks,
    proof,
    scenes,
    splicing,
    storyboards,
    subtitling,
)
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
    "align_pictures": measuring.align_pictures,
    "chunks_fit": chunks.fit,
    "clip_index": clips.index,
    "clip_tags": clips.tags,
    "copy": _copy,
    "default_font": fonts.default_font,
    "font_letters": letters.check,
    "dash_folder": packaged.dash_folder,
    "encrypt_hls": encrypting.encrypt_hls,
    "discard": splicing.discard,
    "hls_bandwidth": packaged.hls_bandwidth,
    "normalize_loudness": levelling.normalize,
    "find_crf": holding.find_crf,
    "hold_quality": holding.hold_quality,
    "parts_report": parts.report,
    "quality_report": measuring.quality_report,
    "pick_pictures": picks.pick,
    "remove": packaged.remove,
    "scenes_report": scenes.report,
    "storyboard_index": storyboards.index,
    "remove_still": moving.remove_still,
    "subtitle_burnable": subtitling.burnable,
    "subtitle_fonts": subtitling.fonts_folder,
    "subtitle_text": subtitling.text,
    "ranges_report": parts.of_ranges,
    "smart_proof": proof.prove,
    "smart_splice": splicing.splice,
    "whole_webvtt": packaged.whole_webvtt,
}
