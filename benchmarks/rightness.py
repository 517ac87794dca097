"""How wrong a result is: frames too many, milliseconds, hertz, loudness units. 0 is right."""

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from framemill.tools.programs import Programs


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The programs, and the clip that results were made of."""

    programs: Programs
    clip: Path  # 1920x1080, 30 frames a second, 10 s, a tone of 330 Hz in stereo

    def ffprobe(self, path: Path, *words: str) -> str:
        """What ffprobe says."""
        return _run(str(self.programs.ffprobe), "-v", "error", *words, str(path)).stdout

    def ffmpeg(self, *words: str) -> str:
        """What ffmpeg says on stderr."""
        return _run(str(self.programs.ffmpeg), "-nostdin", "-hide_banner", *words).stderr

    def ffmpeg_out(self, *words: str) -> str:
        """What ffmpeg writes to stdout."""
        return _run(str(self.programs.ffmpeg), "-nostdin", "-v", "error", *words).stdout

    def frames(self, path: Path) -> int:
        """How many pictures decode."""
        said = self.ffmpeg("-i", str(path), "-map", "0:v:0", "-f", "null", "-")
        return int(re.findall(r"frame= *(\d+)", said)[-1])


@dataclass(frozen=True, slots=True)
class Wrong:
    """How wrong the folder of results is, and in what unit."""

    unit: str
    of: Callable[[Bench, Path], float]


def _run(*argv: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(argv, check=True, capture_output=True, text=True)


def _only(folder: Path) -> Path:
    (made,) = folder.glob("made.*")
    return made


def frames_off(expected: int) -> Wrong:
    """Frames more or fewer than expected, decoded."""
    return Wrong("frames off", lambda bench, out: abs(bench.frames(_only(out)) - expected))


def all_frames_off(expected: int, pattern: str) -> Wrong:
    """The same, over all parts."""

    def of(bench: Bench, out: Path) -> float:
        return abs(sum(bench.frames(part) for part in out.glob(pattern)) - expected)

    return Wrong("frames off", of)


def length_off(expected_s: float) -> Wrong:
    """Milliseconds by which the container's duration differs."""

    def of(bench: Bench, out: Path) -> float:
        said = bench.ffprobe(_only(out), "-show_entries", "format=duration", "-of", "csv=p=0")
        return round(abs(float(said) - expected_s) * 1000)

    return Wrong("ms off", of)


def streams_missing(expected: int) -> Wrong:
    """Streams that did not come along."""

    def of(bench: Bench, out: Path) -> float:
        said = bench.ffprobe(_only(out), "-show_entries", "stream=index", "-of", "json")
        return expected - len(json.loads(said)["streams"])

    return Wrong("streams missing", of)


def unlike_the_source() -> Wrong:
    """One minus SSIM against the clip at the result's size, in thousandths."""
    # Colours that one file names and the other does not would be converted, which costs likeness.
    named = "setparams=range=limited:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
    graph = f"[1:v]{named}[s];[0:v]{named}[m];[s][m]scale2ref=flags=bicubic[r][d];[d][r]ssim"

    def of(bench: Bench, out: Path) -> float:
        inputs = ("-i", str(_only(out)), "-i", str(bench.clip))
        said = bench.ffmpeg(*inputs, "-lavfi", graph, "-f", "null", "-")
        return round((1 - float(re.findall(r"All:([\d.]+)", said)[-1])) * 1000, 1)

    return Wrong("1 - SSIM, ‰", of)


def loudness_off(target: float) -> Wrong:
    """LU away from the target, measured by EBU R128."""

    def of(bench: Bench, out: Path) -> float:
        said = bench.ffmpeg("-i", str(_only(out)), "-map", "0:a:0", "-af", "ebur128", "-f", "null", "-")
        return round(abs(float(re.findall(r"I: +(-?[\d.]+) LUFS", said)[-1]) - target), 1)

    return Wrong("LU off", of)


def tone_off(expected_hz: float) -> Wrong:
    """Hertz by which the tone differs, from its zero crossings."""

    def of(bench: Bench, out: Path) -> float:
        raw = subprocess.run(
            [
                str(bench.programs.ffmpeg),
                *("-v", "error", "-ss", "2", "-t", "4", "-i", str(_only(out))),
                *("-map", "0:a:0", "-ac", "1", "-ar", "48000", "-f", "s16le", "-"),
            ],
            check=True,
            capture_output=True,
        ).stdout
        samples = memoryview(raw).cast("h")
        rises = sum(a < 0 <= b for a, b in pairwise(samples))
        return round(abs(rises * 48_000 / len(samples) - expected_hz), 1)

    return Wrong("Hz off", of)


def pictures_missing(expected: int, pattern: str) -> Wrong:
    """Pictures fewer than asked for."""
    return Wrong("pictures missing", lambda _bench, out: expected - len(list(out.glob(pattern))))


def first_frame_missing(wanted_s: float) -> Wrong:
    """Frames of the first second from `wanted_s` on that are not shown, found by their hashes."""

    def of(bench: Bench, out: Path) -> float:
        def hashes(file: Path, *before: str) -> list[str]:
            raw = bench.ffmpeg_out(*before, "-i", str(file), "-map", "0:v:0", "-f", "framemd5", "-")
            return [line.rpartition(",")[2].strip() for line in raw.splitlines() if not line.startswith("#")]

        shown = set(hashes(_only(out)))
        return sum(digest not in shown for digest in hashes(bench.clip, "-ss", str(wanted_s), "-t", "1"))

    return Wrong("wanted frames missing", of)
