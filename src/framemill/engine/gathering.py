"""What can be read from a job's inputs for planning: a first look at each, then answers to questions."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from framemill.domain.media import MediaInfo, Picture
from framemill.domain.subtitles import SubtitleFile
from framemill.engine.fonts import check_font
from framemill.engine.images import read_picture
from framemill.engine.machine import Machine, Report, Rules, Stop
from framemill.engine.sidecars import read_subtitles
from framemill.engine.tryouts import tryout
from framemill.errors import FramemillError, InputUnreadable, InvalidSpec, OutputInvalid, ToolFailed
from framemill.operations.planning import Question
from framemill.operations.spec import InputKind, Spec, references
from framemill.tools.cropping import picture_area
from framemill.tools.pictures import pictures
from framemill.tools.probe import keyframes, probe
from framemill.tools.scenes import scenes
from framemill.tools.weighing import weights

# A still picture larger than this is none that anybody lays over a video.
_MOST_PICTURE_BYTES = 64 * 1024 * 1024


def _frames(path: Path, _media: MediaInfo, _detail: object, rules: Rules, _report: Report) -> int:
    """How many pictures the main video decodes to, 0 where it has none."""
    main = probe(path, count_frames=True, **rules).main_video
    return (main.frame_count or 0) if main else 0


# How each kind of question is answered; Any: the question's own detail.
Answer = Callable[[Path, MediaInfo, Any, Rules, Report], object]
ANSWERS: dict[str, Answer] = {
    "crop": lambda path, media, limit, rules, _report: picture_area(path, media=media, limit=limit, **rules),
    "frames": _frames,
    "keyframes": lambda path, media, _detail, rules, _report: keyframes(path, media=media, **rules),
    "pictures": lambda path, media, ranges, rules, _report: pictures(
        path, media=media, ranges=ranges, **rules
    ),
    "scenes": lambda path, media, least, rules, _report: scenes(path, media=media, threshold=least, **rules),
    "tryout": lambda path, _media, wish, rules, report: tryout(path, wish=wish, report=report, **rules),
    "weights": lambda path, media, _detail, rules, _report: weights(path, media=media, **rules),
}


def kinds_of(specs: Iterable[Spec], inputs: Iterable[str]) -> dict[str, InputKind]:
    """What each input is read as: media, unless a spec names it as something else."""
    kinds: dict[str, InputKind] = dict.fromkeys(inputs, "media")
    named: dict[str, InputKind] = {}
    for spec in specs:
        for field, name, kind in references(spec):
            if named.setdefault(name, kind) != kind:
                raise InvalidSpec(f"{field}: {name!r} is used as {named[name]} and as {kind}")
    return {name: named.get(name, kind) for name, kind in kinds.items()}


def first_look(
    kinds: Mapping[str, InputKind], paths: Mapping[str, Path], machine: Machine, stop: Stop
) -> tuple[dict[str, MediaInfo], dict[str, Picture]]:
    """What the inputs contain: media and still pictures, by name. Raises InputNotFound, InputUnreadable."""
    media = {name: machine.look(path, stop=stop) for name, path in paths.items() if kinds[name] == "media"}
    stills: dict[str, Picture] = {}
    for name, path in paths.items():
        try:
            if kinds[name] == "picture":
                stills[name] = _picture(path, machine, stop)
            elif kinds[name] == "font":
                check_font(path)
        except InputUnreadable as error:
            error.hint = f"check that the file is complete and is a {kinds[name]}"
            raise
    return media, stills


def subtitle_files(kinds: Mapping[str, InputKind], paths: Mapping[str, Path]) -> dict[str, SubtitleFile]:
    """What the inputs that are subtitle files hold, by name. Raises InputUnreadable."""
    return {
        name: read_subtitles(path, name=path.name)[1]
        for name, path in paths.items()
        if kinds[name] == "subtitles"
    }


def answer(
    question: Question, path: Path, media: MediaInfo, machine: Machine, stop: Stop, report: Report
) -> object:
    """The answer to what planning asks about `path`; `report` hears of what takes long."""
    if question.kind not in ANSWERS:
        raise FramemillError(f"planning asks for unknown facts: {question}")
    return ANSWERS[question.kind](path, media, question.detail, machine.rules(stop), report)


def _picture(path: Path, machine: Machine, stop: Stop) -> Picture:
    try:
        if not path.is_file() or path.stat().st_size > _MOST_PICTURE_BYTES:
            raise InputUnreadable(path.name, "it is no file of a picture's size")
        found = read_picture(path)
    except OutputInvalid as error:
        raise InputUnreadable(path.name, "it is no whole JPEG, PNG, WebP, AVIF or GIF picture") from error
    if found.demuxer is None:
        raise InputUnreadable(path.name, "it is an animated WebP, which cannot be decoded")
    if not 0 < found.width * found.height <= machine.limits.max_pixels:
        raise InputUnreadable(path.name, f"a picture of {found.width}x{found.height} is not decoded")
    try:
        machine.decode(path, demuxer=found.demuxer, stop=stop)
    except ToolFailed as error:
        raise InputUnreadable(path.name, "it is a damaged picture") from error
    return found
