"""`cut` by copy of a two-hour film against one run of ffmpeg's segment muxer."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.source import make_source
from framemill.tools.programs import Programs

Cases = list[tuple[str, Callable[[Path], list[str]]]]


def cut_cases(programs: Programs, *, corpus: Path, cache: Path) -> tuple[str, Cases, dict[str, float]]:
    """What is measured, how to run it, and the targets."""
    film = cache / "bench-2h.mp4"
    if not film.is_file():
        _make_film(programs.ffmpeg, corpus, cache, film)
    ffmpeg = str(programs.ffmpeg)

    def plain(out: Path) -> list[str]:
        out.mkdir()
        head = [ffmpeg, "-nostdin", "-v", "error", "-i", str(film), "-map", "0", "-c", "copy"]
        return [
            *head,
            "-f",
            "segment",
            "-segment_time",
            "660",
            "-reset_timestamps",
            "1",
            f"{out}/part_%03d.mp4",
        ]

    ours = [sys.executable, "-m", "framemill", "cut", "-i", str(film), "-d", "11"]
    size_mb = film.stat().st_size // 1_000_000
    return (
        f"cut: two hours ({size_mb} MB) by copy into 11-minute parts",
        [("segment-muxer", plain), ("framemill", lambda out: [*ours, "-o", str(out)])],
        {"segment-muxer": 1.2},
    )


def _make_film(ffmpeg: Path, corpus: Path, cache: Path, film: Path) -> None:
    clip = cache / "bench-60s.mp4"
    make_source(ffmpeg, corpus, clip)
    part = film.with_suffix(".part.mp4")
    head = [str(ffmpeg), "-nostdin", "-v", "error", "-y", "-stream_loop", "119"]
    subprocess.run([*head, "-i", str(clip), "-c", "copy", str(part)], check=True)
    part.rename(film)
