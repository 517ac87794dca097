"""Does anything drift over 25 minutes in chunks? Flashes and beeps, in the source and in what came of it.

    python -m benchmarks.chunks [--minutes 25]

Ends with 1 where a picture's time differs from the source's by more than a
millisecond, or a flash and its beep have moved apart by more.
"""

import argparse
import array
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import framemill as fm
from framemill.app import open_app, read_settings
from framemill.tools.programs import Programs, find_programs

_RATE = 48_000
_EVERY_S = 5
_MOST_MS = 1.0


def main() -> None:
    """Make the clip, encode it in chunks, measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=int, default=25)
    minutes: int = options.parse_args().minutes
    programs = find_programs()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        clip = _pulses(programs, work / "pulses.mp4", seconds=60 * minutes)
        began = time.monotonic()
        chunks = _encoded(clip, work / "out")
        took = time.monotonic() - began
        made = work / "out" / "240p.mp4"
        before, after = _times_ms(programs, clip), _times_ms(programs, made)
        apart = [_gaps_ms(programs, path) for path in (clip, made)]
    same = len(before) == len(after) and len(apart[0]) == len(apart[1]) > 0
    drift = max((abs(a - b) for a, b in zip(before, after, strict=same)), default=0.0)
    moved = max((abs(a - b) for a, b in zip(*apart, strict=same)), default=0.0)
    print(f"{minutes} min in {chunks} chunks, {took:.0f} s: {len(before)} pictures, {len(after)} made;")
    print(f"pictures moved by {drift:.3f} ms at most; {len(apart[0])} flashes and beeps by {moved:.3f} ms")
    sys.exit(0 if same and max(drift, moved) <= _MOST_MS else 1)


def _pulses(programs: Programs, clip: Path, *, seconds: int) -> Path:
    """A flash and a beep of 100 ms at the same instants."""
    on = f"between(mod(t,{_EVERY_S}),0,0.0999)*gte(t,1)"
    picture = f"color=black:s=426x240:r=30000/1001:d={seconds},drawbox=c=white:t=fill:enable='{on}'"
    sound = f"aevalsrc='sin(2*PI*1000*t)*{on}':s={_RATE}:d={seconds}"
    argv = (
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound),
        *("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "250", "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", str(clip)),
    )
    _ffmpeg(programs, *argv)
    return clip


def _encoded(clip: Path, folder: Path) -> int:
    """The clip as a machine with two slots encodes it; returns how many chunks there were."""
    app = open_app(read_settings().model_copy(update={"reuse_bytes": 0}), in_memory=True)
    try:
        vars(app)["machine"] = replace(app.machine, slots=2)
        spec = fm.Ladder(preset="veryfast")
        job_id = app.jobs.submit((spec,), inputs={"input": clip}, destination=folder)
        detail = app.run_job(job_id)
    finally:
        app.close()
    if detail.job.error is not None or any("again" in warning for warning in detail.job.warnings):
        raise SystemExit(f"{detail.job.error} {detail.job.warnings}")
    return sum(":chunk" in task.key for task in detail.tasks)


def _times_ms(programs: Programs, path: Path) -> list[float]:
    argv = [str(programs.ffprobe), "-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"]
    argv += ["-show_entries", "packet=pts_time", str(path)]
    text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return sorted(1000 * float(line.strip(",")) for line in text.split())


def _gaps_ms(programs: Programs, path: Path) -> list[float]:
    """For each flash, by how much its beep is later."""
    shown = _ffmpeg(
        programs,
        *("-i", str(path), "-map", "0:v:0", "-vf", "scale=1:1:flags=area,format=gray"),
        *("-fps_mode", "passthrough", "-f", "rawvideo", "-"),
    )
    times = _times_ms(programs, path)
    flashes = [times[n] for n in range(1, len(shown)) if shown[n] > 128 >= shown[n - 1]]
    raw = _ffmpeg(
        programs,
        *("-copyts", "-i", str(path), "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0"),
        *("-ac", "1", "-ar", str(_RATE), "-f", "s16le", "-"),
    )
    heard = array.array("h", raw)
    return [_onset_ms(heard, flash) - flash for flash in flashes]


def _onset_ms(heard: "array.array[int]", near_ms: float) -> float:
    """Where the beep next to a time begins: the first loud sample from 200 ms before on."""
    first = max(0, round((near_ms - 200) * _RATE / 1000))
    loud = next((n for n in range(first, min(len(heard), first + _RATE)) if abs(heard[n]) > 3000), first)
    return loud * 1000 / _RATE


def _ffmpeg(programs: Programs, *argv: str) -> bytes:
    command = [str(programs.ffmpeg), "-nostdin", "-v", "error", "-y", *argv]
    return subprocess.run(command, check=True, capture_output=True).stdout


if __name__ == "__main__":
    main()
