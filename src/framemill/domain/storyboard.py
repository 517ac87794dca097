"""How the pictures of a storyboard lie on its sheets, and when each is shown."""

from collections.abc import Iterator
from dataclasses import dataclass

from framemill.domain.units import US

# As many pictures as a scrub bar has use for; one a second is as fine as a hand can aim.
_USUAL_COUNT = 100
LEAST_US = US


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One picture: when it stands for the video, and where it lies."""

    start_us: int
    end_us: int
    sheet: int  # from 1
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Sheets of `columns` × `rows` pictures of `width` × `height` pixels, one picture each `interval_us`."""

    duration_us: int
    interval_us: int
    columns: int
    rows: int
    width: int
    height: int

    @property
    def count(self) -> int:
        """How many pictures there are: the last may stand for less than an interval."""
        return max(1, -(-self.duration_us // self.interval_us))

    @property
    def sheets(self) -> int:
        """How many sheets there are."""
        return -(-self.count // (self.columns * self.rows))

    @property
    def sheet_size(self) -> tuple[int, int]:
        """Pixels of each sheet."""
        return self.columns * self.width, self.rows * self.height

    def cues(self) -> Iterator[Cue]:
        """Every picture in order; together they cover the whole video without a gap."""
        for number in range(self.count):
            sheet, place = divmod(number, self.columns * self.rows)
            row, column = divmod(place, self.columns)
            start = number * self.interval_us
            yield Cue(
                start_us=start,
                end_us=max(start + 1000, min(start + self.interval_us, self.duration_us)),
                sheet=sheet + 1,
                x=column * self.width,
                y=row * self.height,
            )


def usual_interval(duration_us: int) -> int:
    """Whole seconds between pictures that make about a hundred of them."""
    return max(LEAST_US, -(-duration_us // (_USUAL_COUNT * US)) * US)
