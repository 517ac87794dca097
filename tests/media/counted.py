"""Clips whose every frame has a brightness of its own, and reading which frames come out again."""

import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from framemill.tools.programs import find_programs
from tests.clips import clip

# Brightness steps that survive encoding; it takes so many frames until one repeats.
CYCLE = 100


def make_counted(
    target: Path, *, frames: int = 300, rate: Fraction = Fraction(30), extra: Sequence[str] = ()
) -> Path:
    """H.264 with B-frames and a keyframe every 50 frames, and a tone; `extra` are output options."""
    picture = f"color=black:s=160x96:r={rate},geq=lum='mod(N,{CYCLE})*2+24':cb=128:cr=128"
    made = clip(
        f"counted{target.suffix}",
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"),
        *("-t", f"{float(frames / rate):.6f}"),
        *("-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-sc_threshold", "0", "-crf", "12"),
        *("-pix_fmt", "yuv420p", "-c:a", "aac"),
        *extra,
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, target)
    return target


def with_cue(source: Path, target: Path, *, start: str, end: str) -> Path:
    """`source` with a subtitle cue; times as `00:00:01,500`."""
    text = target.with_suffix(".srt")
    text.write_text(f"1\n{start} --> {end}\nHello\n")
    codec = "mov_text" if target.suffix == ".mp4" else "srt"
    ffmpeg(
        "-i", str(source), "-i", str(text), "-map", "0", "-map", "1", "-c", "copy", "-c:s", codec, str(target)
    )
    return target


def cues(path: Path) -> list[tuple[float, float]]:
    """Start and end of each subtitle cue in seconds; empty ones are MP4's way to say nothing."""
    rows = [line.split(",") for line in read(path, "s:0", "packet=pts_time,duration_time,size")]
    return [(float(p), round(float(p) + float(d), 3)) for p, d, size in rows if int(size) > 2]


def counted(first: int, end: int) -> list[int]:
    """The numbers of the frames from `first` up to `end`."""
    return [n % CYCLE for n in range(first, end)]


def numbers(path: Path) -> list[int]:
    """Which frame each shown frame of `path` is, modulo CYCLE."""
    levels = ffmpeg(
        *("-i", str(path), "-map", "0:v:0", "-vf", "crop=64:64,scale=1:1:flags=area,format=yuv444p"),
        *("-fps_mode", "passthrough", "-f", "rawvideo", "-"),
    )
    return [round((level - 24) / 2) for level in levels[::3]]


def frame_times(path: Path) -> list[float]:
    """When each frame is shown in the file's own seconds, in order."""
    return [float(t) for t in read(path, "v:0", "frame=pts_time")]


def frame_times_ms(path: Path) -> list[int]:
    """The same in whole milliseconds."""
    return [round(t * 1000) for t in frame_times(path)]


def heard(path: Path, folder: Path) -> Path:
    """The sound of `path` as a player gives it out: each packet at its time, gaps as silence."""
    target = folder / "heard.wav"
    gaps = "aresample=async=1:min_hard_comp=0.005:first_pts=0"
    ffmpeg("-i", str(path), "-map", "0:a:0", "-af", gaps, str(target))
    return target


def spans(path: Path) -> dict[str, tuple[float, float]]:
    """Start and end in seconds of the first picture and sound, as packets say."""
    found = {}
    for kind in ("v", "a"):
        lines = [line.split(",") for line in read(path, f"{kind}:0", "packet=pts_time,duration_time,flags")]
        shown = [(float(p), float(d)) for p, d, flags in (line[:3] for line in lines) if "D" not in flags]
        if shown:
            found[kind] = (min(p for p, _ in shown), max(p + d for p, d in shown))
    return found


def read(path: Path, stream: str, entries: str) -> list[str]:
    """What ffprobe lists of a stream, a line an entry."""
    argv = [str(find_programs().ffprobe), "-v", "error", "-select_streams", stream]
    argv += ["-show_entries", entries, "-of", "csv=p=0", str(path)]
    text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return [line.strip(",") for line in text.splitlines() if line.strip(",")]


def ffmpeg(*argv: str) -> bytes:
    """What ffmpeg writes to its output."""
    command = [str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-y", *argv]
    return subprocess.run(command, check=True, capture_output=True).stdout
