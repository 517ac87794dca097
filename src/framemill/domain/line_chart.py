"""A small chart of values over time, as SVG: panels above each other on one time axis.

Text without a library: the figures are few and the drawing is plain. It has a
light ground of its own, so that it can be read on a dark page too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from framemill.domain.units import US

_WIDTH = 760
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 12, 36
_PANEL, _GAP = 120, 22
_COLOURS = ("#1f5fa8", "#b4471f", "#2f7a4d", "#7a3f8f")
_INK, _FAINT, _GROUND = "#33383e", "#d9dde2", "#fbfcfd"
_FONT = "font-family='system-ui,sans-serif' font-size='11'"
# A point to two pixels; more than that is drawn as the mean with the range behind it.
_MOST_POINTS = (_WIDTH - _LEFT - _RIGHT) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One panel: what its axis is called, and a value for each time."""

    label: str
    values: Sequence[float]
    ceiling: float | None = None  # the axis ends no higher


def line_chart(times_us: Sequence[int], lines: Sequence[Line]) -> str:
    """An SVG document; `times_us` in order, at least one, as many as each line has values."""
    height = _TOP + len(lines) * (_PANEL + _GAP) - _GAP + _BOTTOM
    first, last = times_us[0] / US, times_us[-1] / US
    ticks = [t for t in _ticks(first, last, most=8) if first <= t <= last]
    body: list[str] = []
    for number, line in enumerate(lines):
        top = _TOP + number * (_PANEL + _GAP)
        body += _panel(line, times_us, top=top, colour=_COLOURS[number % len(_COLOURS)], ticks=ticks)
    for tick in ticks:
        body.append(_text(_x(tick, first, last), height - 18, _clock(tick, last), anchor="middle"))
    body.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, height - 4, "time", anchor="middle"))
    sizes = f"viewBox='0 0 {_WIDTH} {height}' width='{_WIDTH}' height='{height}'"
    return "\n".join(
        (
            f"<svg xmlns='http://www.w3.org/2000/svg' {sizes} role='img' {_FONT}>",
            f"<rect width='{_WIDTH}' height='{height}' rx='6' fill='{_GROUND}'/>",
            *body,
            "</svg>",
            "",
        )
    )


def _panel(
    line: Line, times_us: Sequence[int], *, top: int, colour: str, ticks: Sequence[float]
) -> Iterator[str]:
    first, last = times_us[0] / US, times_us[-1] / US
    low, high, marks = _axis(line)

    def y(value: float) -> float:
        return top + _PANEL - (value - low) / (high - low) * _PANEL

    for mark in marks:
        yield f"<path d='M{_LEFT} {y(mark):.1f}H{_WIDTH - _RIGHT}' stroke='{_FAINT}'/>"
        yield _text(_LEFT - 6, y(mark) + 4, f"{mark:.10g}", anchor="end")
    for tick in ticks:
        yield f"<path d='M{_x(tick, first, last):.1f} {top}V{top + _PANEL}' stroke='{_FAINT}'/>"
    middle = top + _PANEL / 2
    yield _text(14, middle, line.label, anchor="middle", more=f" transform='rotate(-90 14 {middle:.1f})'")
    points = [
        (_x(at, first, last), y(mean), y(least), y(most))
        for at, mean, least, most in _thinned(times_us, line.values)
    ]
    if len(points) < len(line.values):
        upper = " ".join(f"{x:.1f},{most:.1f}" for x, _, _, most in points)
        lower = " ".join(f"{x:.1f},{least:.1f}" for x, _, least, _ in reversed(points))
        yield f"<polygon points='{upper} {lower}' fill='{colour}' fill-opacity='0.22'/>"
    if len(points) == 1:
        yield f"<circle cx='{points[0][0]:.1f}' cy='{points[0][1]:.1f}' r='2.5' fill='{colour}'/>"
    drawn = " ".join(f"{x:.1f},{mean:.1f}" for x, mean, _, _ in points)
    yield (
        f"<polyline points='{drawn}' fill='none' stroke='{colour}' stroke-width='1.4' "
        "stroke-linejoin='round'/>"
    )


def _thinned(times_us: Sequence[int], values: Sequence[float]) -> Iterator[tuple[float, float, float, float]]:
    """Time in seconds, mean, least and most value of each group of neighbours."""
    size = ceil(len(values) / _MOST_POINTS)
    for n in range(0, len(values), size):
        group = values[n : n + size]
        middle = (times_us[n] + times_us[min(n + size, len(values)) - 1]) / 2 / US
        yield middle, sum(group) / len(group), min(group), max(group)


def _axis(line: Line) -> tuple[float, float, list[float]]:
    """Where the axis begins and ends, and its marks."""
    least, most = min(line.values), max(line.values)
    # Nearly equal values would make noise fill the panel.
    room = max(most - least, abs(most) * 0.02, 1e-6)
    marks = _ticks(max(0.0, least - room * 0.1) if least >= 0 else least, most + room * 0.1, most=4)
    if line.ceiling is not None:
        marks = [mark for mark in marks if mark <= line.ceiling]
        if not marks or marks[-1] < min(most, line.ceiling):
            marks.append(line.ceiling)
    return marks[0], marks[-1], marks


def _ticks(low: float, high: float, *, most: int) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, about `most` of them."""
    span = max(high - low, 1e-9)
    rough = span / most
    power = 10.0 ** floor(log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    return [step * n for n in range(floor(low / step), ceil(high / step) + 1)]


def _x(at: float, first: float, last: float) -> float:
    room = _WIDTH - _LEFT - _RIGHT
    return _LEFT + (room * (at - first) / (last - first) if last > first else room / 2)


def _clock(seconds: float, last: float) -> str:
    if last < 60:
        return f"{seconds:.10g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if last >= 3600 else f"{minutes}:{rest:02}"


def _text(x: float, y: float, words: str, *, anchor: str, more: str = "") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' fill='{_INK}' text-anchor='{anchor}'{more}>{escape(words)}</text>"
