"""Runs ffmpeg over a whole file to find where new scenes begin."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from framemill.commands.failures import classify
from framemill.commands.scenes import changes_args, read
from framemill.domain.media import MediaInfo
from framemill.errors import NoVideoStream
from framemill.tools.limits import Limits
from framemill.tools.process import run_tool
from framemill.tools.programs import Programs
from framemill.tools.sandbox import Mode, sandboxed

_DEFAULT = Limits()


def scenes(
    path: Path,
    *,
    programs: Programs,
    media: MediaInfo,
    threshold: float,
    limits: Limits = _DEFAULT,
    sandbox: Mode = "off",
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[int, ...]:
    """When the first frame of each new scene is shown, in µs from the file's start, in order.

    Raises NoVideoStream, and what ffmpeg's failure means.
    """
    main = media.main_video
    if main is None:
        raise NoVideoStream(f"{path.name!r} has no video stream")
    real = path.resolve()
    lines: list[str] = []
    args = changes_args(str(real), main, threshold=threshold, max_pixels=limits.max_pixels)
    done = run_tool(
        sandboxed((str(programs.ffmpeg), *args), readable=(real,), writable=(), mode=sandbox),
        cwd=Path(tempfile.gettempdir()),
        limits=limits,
        on_line=lines.append,
        cancelled=cancelled,
    )
    if done.exit_code != 0:
        raise classify(tool="ffmpeg", exit_code=done.exit_code, tail=done.tail, name=path.name)
    return tuple(sorted({find.at_us for find in read(lines) if find.at_us > 0}))
