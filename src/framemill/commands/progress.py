"""Reading ffmpeg's `-progress` blocks, and how far a run is from its known length."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One report. What ffmpeg does not know yet (`N/A`) is None."""

    out_time_us: int | None = None
    frame: int | None = None
    fps: float | None = None  # for display only; 0 in the first second
    speed: float | None = None  # media seconds per second, for display and the time left
    total_size: int | None = None
    finished: bool = False

    def percent(self, *, duration_us: int | None) -> float | None:
        """0 to 100 of `duration_us`; None where either is unknown."""
        if self.finished:
            return 100.0
        if not duration_us or self.out_time_us is None:
            return None
        return min(100.0, max(0.0, 100.0 * self.out_time_us / duration_us))

    def pictures_per_s(self) -> float | None:
        """How many pictures are done in a second; None where there are none, or it is unknown.

        In its first second ffmpeg says 0, as it does not divide by so little.
        """
        if self.fps or not (self.frame and self.speed and self.out_time_us):
            return self.fps or None
        return round(1_000_000 * self.frame * self.speed / self.out_time_us, 2)

    def left_ms(self, *, duration_us: int | None) -> int | None:
        """Milliseconds until the end at the present speed; None where unknown."""
        if self.finished:
            return 0
        if not duration_us or self.out_time_us is None or not self.speed:
            return None
        return max(0, round((duration_us - self.out_time_us) / 1000 / self.speed))


@dataclass(slots=True)
class ProgressReader:
    """Takes lines as they come and gives a Progress at the end of each block."""

    _block: dict[str, str] = field(default_factory=dict)

    def feed(self, line: str) -> Progress | None:
        """The finished block's report, None within a block."""
        key, found, value = line.strip().partition("=")
        if not found:
            return None
        if key != "progress":
            self._block[key] = value.strip()
            return None
        block, self._block = self._block, {}
        return read_block(block, finished=value == "end")


def read_block(block: dict[str, str], *, finished: bool = False) -> Progress:
    """A Progress of one block's keys."""
    time = _number(block.get("out_time_us"))
    return Progress(
        # Before the first frame some versions print the smallest 64-bit number for N/A.
        out_time_us=int(time) if time is not None and time > -(10**15) else None,
        frame=_int(block.get("frame")),
        fps=_float(block.get("fps")),
        speed=_float((block.get("speed") or "").removesuffix("x")),
        total_size=_int(block.get("total_size")),
        finished=finished,
    )


def _number(text: str | None) -> Decimal | None:
    try:
        value = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _int(text: str | None) -> int | None:
    value = _number(text)
    return int(value) if value is not None else None


def _float(text: str | None) -> float | None:
    value = _number(text)
    return float(value) if value is not None else None
