"""Decoded pictures as plain numbers: what a pixel, a part, a whole frame looks like."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pvariance

from framemill.tools.programs import find_programs

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Still:
    """One decoded picture in RGB."""

    width: int
    height: int
    data: bytes

    def at(self, x: int, y: int) -> Rgb:
        """The pixel, averaged with its neighbours: encoding blurs."""
        found = [self._pixel(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        r, g, b = (round(fmean(part)) for part in zip(*found, strict=True))
        return r, g, b

    def light(self, x: int, y: int, width: int, height: int) -> list[float]:
        """The brightness of every pixel of a part."""
        return [
            0.299 * r + 0.587 * g + 0.114 * b
            for row in range(y, y + height)
            for r, g, b in (self._pixel(col, row) for col in range(x, x + width))
        ]

    def mean(self, x: int = 0, y: int = 0, width: int | None = None, height: int | None = None) -> float:
        """How light a part is, from 0 to 255."""
        return fmean(self.light(x, y, width or self.width - x, height or self.height - y))

    def variance(self, x: int, y: int, width: int, height: int) -> float:
        """How much goes on in a part."""
        return pvariance(self.light(x, y, width, height))

    def difference(self, other: "Still") -> float:
        """How far two pictures of one size are apart, from 0 to 255 a channel."""
        return fmean(abs(a - b) for a, b in zip(self.data, other.data, strict=True))

    def _pixel(self, x: int, y: int) -> Rgb:
        x, y = min(max(x, 0), self.width - 1), min(max(y, 0), self.height - 1)
        at = 3 * (y * self.width + x)
        return self.data[at], self.data[at + 1], self.data[at + 2]


def near(found: Rgb, wanted: Rgb, *, within: int = 14) -> bool:
    """True where no channel is further away."""
    return all(abs(a - b) <= within for a, b in zip(found, wanted, strict=True))


def stills(path: Path, size: tuple[int, int], *, frames: str = "1", most: int = 1000) -> list[Still]:
    """The pictures that the filter expression `frames` selects by n and t."""
    out = ffmpeg(
        *("-i", str(path), "-map", "0:v:0", "-vf", f"select='{frames}'", "-fps_mode", "passthrough"),
        *("-frames:v", str(most), "-pix_fmt", "rgb24", "-f", "rawvideo", "-"),
    )
    length = 3 * size[0] * size[1]
    assert out
    assert len(out) % length == 0, f"{len(out)} bytes are no pictures of {size}"
    return [Still(*size, out[at : at + length]) for at in range(0, len(out), length)]


def first(path: Path, size: tuple[int, int], *, at: float = 0) -> Still:
    """The first picture shown at `at` seconds or later."""
    return stills(path, size, frames=f"gte(t,{at - 0.001})", most=1)[0]


def loudness_db(path: Path, *, start: float = 0, length: float = 60) -> float:
    """The mean volume of a part of the sound, in dB below full scale."""
    said = _said(
        "-ss", str(start), "-t", str(length), "-i", str(path), "-map", "0:a:0", "-af", "volumedetect"
    )
    found = re.search(r"mean_volume: (-?[\d.]+|-inf)", said)
    assert found, said[-2000:]
    return float(found[1])


def integrated_lufs(path: Path) -> float:
    """Loudness after EBU R128."""
    said = _said("-i", str(path), "-map", "0:a:0", "-af", "ebur128")
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1])


def packets_md5(path: Path, stream: str) -> str:
    """A hash of a stream's packets as they are stored."""
    return ffmpeg("-i", str(path), "-map", f"0:{stream}", "-c", "copy", "-f", "md5", "-").decode()


def ffmpeg(*args: str) -> bytes:
    """What ffmpeg writes to stdout."""
    return subprocess.run(
        (str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-y", *args),
        check=True,
        capture_output=True,
        timeout=120,
    ).stdout


def _said(*args: str) -> str:
    done = subprocess.run(
        (str(find_programs().ffmpeg), "-nostdin", "-hide_banner", "-nostats", *args, "-f", "null", "-"),
        check=True,
        capture_output=True,
        timeout=120,
    )
    return done.stderr.decode("utf-8", "replace")
