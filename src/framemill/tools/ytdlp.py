"""Running yt-dlp: in a Python of its own that knows nothing of ours, and finds no other program."""

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from framemill.errors import ToolFailed, ToolMissing
from framemill.tools.limits import GIB, Limits
from framemill.tools.process import run_tool
from framemill.tools.programs import Programs
from framemill.tools.sandbox import Mode, sandboxed

_MEMORY = 2 * GIB
_INSTALL = "install it with `pip install 'framemill[yt-dlp]'`"


def check_ytdlp(floor: tuple[int, ...]) -> None:
    """ToolMissing where yt-dlp is not installed, or too old to be let at hostile pages."""
    try:
        found = version("yt-dlp")
    except PackageNotFoundError as error:
        raise ToolMissing("yt-dlp", hint=_INSTALL) from error
    if tuple(int(part) for part in found.split(".")[: len(floor)] if part.isdigit()) < floor:
        needed = ".".join(f"{part:02}" for part in floor)
        raise ToolMissing("yt-dlp", hint=f"{found} is too old, {needed} is the least: {_INSTALL}")


def join(
    argv: Sequence[str],
    *,
    folder: Path,
    programs: Programs,
    limits: Limits,
    sandbox: Mode,
    cancelled: Callable[[], bool],
) -> None:
    """Run ffmpeg with `argv` in `folder`, which holds what it reads and writes; ToolFailed."""
    done = run_tool(
        sandboxed((str(programs.ffmpeg), *argv), readable=(), writable=(folder,), mode=sandbox),
        cwd=folder,
        limits=limits,
        cancelled=cancelled,
    )
    if done.exit_code != 0:
        raise ToolFailed(tool="ffmpeg", exit_code=done.exit_code, tail=done.tail)


def run_ytdlp(
    options: Path,
    *,
    folder: Path,
    max_bytes: int | None,
    timeout_s: float,
    on_line: Callable[[str], None],
    cancelled: Callable[[], bool],
    on_start: Callable[[int, float], None] = lambda _pid, _started: None,
) -> tuple[int, Sequence[str]]:
    """Run it with the options file; returns its exit code and its last words.

    Raises what `tools.process.run_tool` raises.
    """
    done = run_tool(
        # -I: neither its folder, which holds what it downloads, nor anybody's settings are looked into.
        (
            *(sys.executable, "-I", "-m", "yt_dlp"),
            *("--ignore-config", "--config-locations", str(options)),
        ),
        cwd=folder,
        limits=Limits(memory_bytes=_MEMORY, file_bytes=max_bytes, timeout_s=timeout_s, stall_s=120),
        on_line=on_line,
        cancelled=cancelled,
        on_start=on_start,
        # No PATH: rtmpdump, mplayer and their like would find their own way out.
        knows={
            "PATH": "/nonexistent",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LC_ALL": "C.UTF-8",
            "YTDLP_NO_PLUGINS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    return done.exit_code, done.tail
