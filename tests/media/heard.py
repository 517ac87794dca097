"""What is heard in a file: samples, pitch and loudness, measured without Framemill."""

import array
import re
import subprocess
from pathlib import Path

from framemill.tools.programs import find_programs

RATE = 48_000


def samples(path: Path, *, track: int = 0) -> "array.array[int]":
    """A sound track mixed to mono, 48 kHz, 16 bits, from time zero."""
    raw = ffmpeg(
        *("-i", str(path), "-map", f"0:a:{track}", "-af", "aresample=async=1:first_pts=0"),
        *("-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"),
    ).stdout
    return array.array("h", raw)


def pitch_hz(path: Path) -> float:
    """The pitch of a lone tone, from the zero crossings of its middle half."""
    heard = samples(path)
    middle = heard[len(heard) // 4 : 3 * len(heard) // 4]
    rising = [n for n in range(1, len(middle)) if middle[n - 1] < 0 <= middle[n]]
    # Where the wave crosses zero between two samples.
    exact = [n - middle[n] / (middle[n] - middle[n - 1]) for n in (rising[0], rising[-1])]
    return (len(rising) - 1) * RATE / (exact[1] - exact[0])


def level(path: Path, start: float, end: float, *, track: int = 0) -> float:
    """The root mean square of a range in seconds, of a full scale of 1."""
    heard = samples(path, track=track)[round(start * RATE) : round(end * RATE)]
    return float((sum(s * s for s in heard) / max(1, len(heard))) ** 0.5 / 32768)


def loudness(path: Path, *, track: int = 0) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBFS, as ffmpeg's ebur128 says."""
    said = ffmpeg(
        *("-i", str(path), "-map", f"0:a:{track}", "-af", "ebur128=peak=true:framelog=quiet"),
        *("-f", "null", "-"),
    ).stderr.decode()
    whole, peak = re.findall(r"I:\s+(-?[\d.]+|-inf) LUFS", said), re.findall(r"Peak:\s+(-?[\d.]+|-inf)", said)
    return float(whole[-1]), float(peak[-1])


def ffmpeg(*argv: str) -> "subprocess.CompletedProcess[bytes]":
    """Run ffmpeg, which must succeed."""
    command = [str(find_programs().ffmpeg), "-nostdin", "-hide_banner", "-y", *argv]
    return subprocess.run(command, check=True, capture_output=True, timeout=120)
