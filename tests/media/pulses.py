"""Clips with a white flash and a beep at the same instants, and reading when each comes out again."""

import array
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from framemill.tools.programs import find_programs
from tests.clips import clip

_RATE = 48_000


def make_pulses(target: Path, *, seconds: int = 12, rate: str = "30", extra: Sequence[str] = ()) -> Path:
    """A clip that flashes for 100 ms and beeps for 100 ms at each whole second from the first."""
    flash = "between(mod(t,1),0,0.0999)*gte(t,0.9)"
    picture = (
        f"color=black:s=640x360:r={rate}:d={seconds},drawbox=c=white:t=fill:enable='{flash}',format=yuv420p"
    )
    sound = f"aevalsrc='sin(2*PI*1000*t)*between(mod(t,1),0,0.0999)*gte(t,0.9)':s={_RATE}:d={seconds}"
    made = clip(
        f"pulses{target.suffix}",
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-c:a", "aac", "-b:a", "128k"),
        *extra,
    )
    shutil.copyfile(made, target)
    return target


def pulse_gaps_ms(picture: Path | str, sound: Path | str | None = None) -> list[int]:
    """For each flash: how many ms after it the nearest beep begins. Empty where nothing flashes."""
    flashes = _flashes_ms(str(picture))
    beeps = _beeps_ms(str(sound or picture))
    if not flashes or not beeps:
        return []
    return [min(beeps, key=lambda beep: abs(beep - flash)) - flash for flash in flashes]


def _flashes_ms(name: str) -> list[int]:
    levels = _ffmpeg(
        "-i",
        name,
        "-map",
        "0:v:0",
        "-vf",
        "scale=1:1:flags=area,format=gray",
        "-f",
        "rawvideo",
        "-fps_mode",
        "passthrough",
        "-",
    )
    times = sorted(_frame_times_ms(name))[: len(levels)]
    return [
        time
        for time, level, before in zip(times, levels, b"\xff" + levels, strict=False)
        if level > 128 >= before
    ]


def _frame_times_ms(name: str) -> list[int]:
    argv: list[str] = [
        str(find_programs().ffprobe),
        "-v",
        "error",
        "-select_streams",
        "v:0",
        "-show_entries",
        "packet=pts_time",
        "-of",
        "json",
        name,
    ]
    found = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
    return [round(float(packet["pts_time"]) * 1000) for packet in found["packets"]]


def _beeps_ms(name: str) -> list[int]:
    # With copyts and first_pts=0 the position of a sample is its time, as in ffprobe.
    raw = _ffmpeg(
        "-copyts",
        "-i",
        name,
        "-map",
        "0:a:0",
        "-af",
        "aresample=async=1:first_pts=0",
        "-ac",
        "1",
        "-ar",
        str(_RATE),
        "-f",
        "s16le",
        "-",
    )
    samples = array.array("h", raw)
    window = _RATE // 1000
    loud = [max(map(abs, samples[n : n + window]), default=0) > 3000 for n in range(0, len(samples), window)]
    return [n for n, now in enumerate(loud) if now and not any(loud[max(0, n - 50) : n])]


def _ffmpeg(*argv: str) -> bytes:
    command = [str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-y", *argv]
    return subprocess.run(command, check=True, capture_output=True).stdout
