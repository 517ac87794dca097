"""Runs ffprobe over a whole file to learn how its bytes are spread over its keyframes."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from framemill.commands.failures import classify
from framemill.commands.weighing import Scale, sizes_args
from framemill.domain.cuts import Weights
from framemill.domain.media import MediaInfo
from framemill.errors import NoAudioStream
from framemill.tools.limits import Limits
from framemill.tools.process import run_tool
from framemill.tools.programs import Programs
from framemill.tools.sandbox import Mode, sandboxed

_DEFAULT = Limits()


def weights(
    path: Path,
    *,
    programs: Programs,
    media: MediaInfo,
    limits: Limits = _DEFAULT,
    sandbox: Mode = "off",
    cancelled: Callable[[], bool] = lambda: False,
) -> Weights:
    """How `path`'s bytes are spread over the keyframes of its main video, or over its main sound's packets.

    Raises NoAudioStream where it has neither, and what ffprobe's failure means.
    """
    main = media.main_video or media.main_audio
    if main is None:
        raise NoAudioStream(f"{path.name!r} has neither picture nor sound")
    real = path.resolve()
    scale = Scale(stream=main.index, start_us=media.start_us)
    args = (str(programs.ffprobe), *sizes_args(str(real), max_pixels=limits.max_pixels))
    done = run_tool(
        sandboxed(args, readable=(real,), writable=(), mode=sandbox),
        cwd=Path(tempfile.gettempdir()),
        limits=limits,
        on_line=scale.take,
        cancelled=cancelled,
    )
    found = scale.read()
    if done.exit_code != 0 and not found.marks:
        raise classify(tool="ffprobe", exit_code=done.exit_code, tail=done.tail, name=path.name)
    return found
