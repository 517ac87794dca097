"""Trial encodes: what is tried on which moments of a video, and what that gave."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One range that is encoded; its first `frames` are measured. Without a start: all of the video."""

    start_us: int | None
    length_us: int
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one setting gave on all takes."""

    crf: float
    score: float  # mean VMAF of their frames
    bytes: int
    cpu_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One size to try at some crf values: commands with places left open, see commands.trials."""

    name: str
    crfs: tuple[float, ...]
    encode: tuple[str, ...]
    compare: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tryout:
    """Several sizes tried on the same moments."""

    takes: tuple[Take, ...]
    settings: tuple[Setting, ...]
