"""Finding scene changes, black, freeze and silence: ffmpeg's detectors, and reading what they write.

Detectors put their finds into frames' metadata, which a filter prints into
files. Times there are those of frames in a clock of microseconds, since the
detectors' own words are rounded.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from framemill.commands.source import guard_args
from framemill.domain.media import VideoStream
from framemill.domain.units import US, seconds

# Detectors find the same in a small picture, and the pass then costs little more than decoding.
_SIDE = 320
_FRAME = re.compile(r"frame:\s*\d+\s+pts:\s*(-?\d+)")


@dataclass(frozen=True, slots=True)
class Find:
    """One frame that a detector marked: its time and what was written of it."""

    at_us: int
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A detector with its settings, and the marks that begin and end what it finds."""

    filter: str
    begins: str  # names of metadata
    ends: str | None = None  # None: it finds moments, not ranges
    at_least: float | None = None  # what the number of `begins` must reach, where every frame has one

    def marks(self) -> tuple[str, ...]:
        """The names of both."""
        return (self.begins, *((self.ends,) if self.ends else ()))


def scene_changes(threshold: float) -> Detector:
    """The first frames of new scenes: those that differ from the one before by `threshold` of 100."""
    return Detector(filter=f"scdet=threshold={threshold:g}", begins="lavfi.scd.score", at_least=threshold)


def black(*, level: float, share: float) -> Detector:
    """Ranges where `share` of the pixels are no brighter than `level` of full white, however short."""
    return Detector(
        filter=f"blackdetect=black_min_duration=0:pixel_black_th={level:g}:picture_black_ratio_th={share:g}",
        begins="lavfi.black_start",
        ends="lavfi.black_end",
    )


def freeze(*, noise_db: float, min_us: int) -> Detector:
    """Ranges where the picture stands still but for noise."""
    return Detector(
        filter=f"freezedetect=noise={noise_db:g}dB:duration={seconds(min_us)}",
        begins="lavfi.freezedetect.freeze_start",
        ends="lavfi.freezedetect.freeze_end",
    )


def silence(*, level_db: float, min_us: int) -> Detector:
    """Ranges where the sound stays below a level."""
    return Detector(
        filter=f"silencedetect=noise={level_db:g}dB:duration={seconds(min_us)}",
        begins="lavfi.silence_start",
        ends="lavfi.silence_end",
    )


def looking(video: VideoStream) -> str:
    """Filters from a decoded frame, not turned upright, to what detectors look at."""
    scale = min(1.0, _SIDE / max(video.width, video.height))
    width, height = (max(2, round(side * scale / 2) * 2) for side in (video.width, video.height))
    return f"scale=w={width}:h={height}:flags=bilinear,format=yuv420p,settb=1/{US}"


def printing(detector: Detector, files: Iterable[str], *, sound: bool = False) -> str:
    """The detector, and a filter for each of its marks that writes marked frames into one of `files`."""
    printed = "ametadata" if sound else "metadata"
    reached = (
        ""
        if detector.at_least is None
        else rf":value={detector.at_least:g}:function=expr:expr='gte(VALUE1\,VALUE2)'"
    )
    marks = (
        f"{printed}=mode=print:key={mark}{reached}:file={file}"
        for mark, file in zip(detector.marks(), files, strict=True)
    )
    return ",".join((detector.filter, *marks))


def changes_args(path: str, video: VideoStream, *, threshold: float, max_pixels: int) -> tuple[str, ...]:
    """ffmpeg arguments that print the scene changes of a file on stdout."""
    return (
        *("-nostdin", "-v", "error"),
        *guard_args(max_pixels=max_pixels),
        # Detectors do not mind; turning full pictures costs.
        "-noautorotate",
        *("-i", f"file:{path}"),
        *("-map", f"0:{video.index}"),
        *("-filter:v", f"{looking(video)},{printing(scene_changes(threshold), ('-',))}"),
        *("-fps_mode", "passthrough"),
        *("-f", "null", "-"),
    )


def read(lines: Iterable[str]) -> Iterator[Find]:
    """The frames that a printing filter wrote."""
    at_us: int | None = None
    words: dict[str, str] = {}
    for line in lines:
        if found := _FRAME.match(line):
            if at_us is not None:
                yield Find(at_us, words)
            at_us, words = int(found[1]), {}
        elif "=" in line:
            key, _, value = line.strip().partition("=")
            words[key] = value
    if at_us is not None:
        yield Find(at_us, words)


def ranges(
    begun: Iterable[int], ended: Iterable[int], *, end_us: int, min_us: int
) -> tuple[tuple[int, int], ...]:
    """Each beginning with the next end, the last with `end_us` where it has none; short ones left out."""
    ends = sorted(ended)
    found = []
    for start in sorted(begun):
        stop = next((end for end in ends if end > start), end_us)
        if stop - start >= min_us:
            found.append((max(0, start), stop))
    return tuple(found)


def said_us(find: Find, mark: str) -> int:
    """The time that the detector itself wrote, which may be before the marked frame."""
    return round(Decimal(find.words[mark]) * US)
