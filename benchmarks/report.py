"""Writes docs/benchmarks.md and its chart from what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Cost

_HEAD = """# Benchmarks

Written by `make bench`; do not edit. Each reference runs in the same minutes on the same machine, in turns
with Framemill, and medians of {rounds} rounds are compared (the classic pipeline runs once): ratios travel,
seconds do not.

{machine}; {tools}

![ratios](benchmarks.svg)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Framemill against one reference."""

    suite: str
    about: str
    reference: str
    target: float  # the largest ratio that is good enough, of wall and of CPU time
    ours: Cost
    theirs: Cost

    @property
    def wall(self) -> float:
        """Our wall time as a share of the reference's."""
        return self.ours.wall_s / self.theirs.wall_s

    @property
    def cpu(self) -> float:
        """Our CPU time as a share of the reference's."""
        return self.ours.cpu_s / self.theirs.cpu_s

    @property
    def reached(self) -> bool:
        """True where the target is reached."""
        # A copy is bound by the disk: only its wall time has a target.
        return self.wall <= self.target and (self.suite == "cut" or self.cpu <= self.target)

    def line(self) -> str:
        """The row for a terminal."""
        verdict = "reached" if self.reached else "MISSED"
        ratios = f"wall {self.wall:.2f}, CPU {self.cpu:.2f}"
        return f"{self.suite} / {self.reference}: {ratios} (target {self.target}: {verdict})"


def write_report(docs: Path, rows: Sequence[Row], *, machine: str, tools: str, rounds: int) -> None:
    """Write the page and the chart beside it."""
    text = [_HEAD.format(rounds=rounds, machine=machine, tools=tools)]
    for about in dict.fromkeys(row.about for row in rows):
        text.append(f"## {about}\n")
        text.append("| | wall s | CPU s | peak MB | output MB | wall ratio | CPU ratio | target |")
        text.append("|---|---|---|---|---|---|---|---|")
        mine = [row for row in rows if row.about == about]
        text.append(f"| framemill {_figures(mine[0].ours)} | | | |")
        text += [
            f"| {row.reference} {_figures(row.theirs)} | {row.wall:.2f} | {row.cpu:.2f} "
            f"| ≤ {row.target}{'' if row.reached else ': missed'} |"
            for row in mine
        ]
        text.append("")
    (docs / "benchmarks.md").write_text("\n".join(text), "utf-8")
    (docs / "benchmarks.svg").write_text(_chart(rows), "utf-8")


def _figures(cost: Cost) -> str:
    return f"| {cost.wall_s:.2f} | {cost.cpu_s:.2f} | {cost.peak_mb:.0f} | {cost.output_bytes / 1e6:.1f}"


def _chart(rows: Sequence[Row]) -> str:
    """Bars of wall and CPU ratio; the line is the target."""
    scale, left, step = 300, 190, 54
    size = f'width="{left + scale * 1.4:.0f}" height="{len(rows) * step + 30}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for number, row in enumerate(rows):
        top = 12 + number * step
        parts.append(f'<text x="8" y="{top + 20}">{row.suite} / {row.reference}</text>')
        for offset, (name, ratio, colour) in enumerate(
            (("wall", row.wall, "#3b6ea8"), ("CPU", row.cpu, "#8fb4d9"))
        ):
            y = top + offset * 18
            width = min(ratio, 1.3) * scale
            parts.append(f'<rect x="{left}" y="{y}" width="{width:.0f}" height="14" fill="{colour}"/>')
            parts.append(f'<text x="{left + width + 5:.0f}" y="{y + 11}">{name} {ratio:.2f}</text>')
        x = left + row.target * scale
        parts.append(f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{top - 3}" y2="{top + 36}" stroke="#c33"/>')
    return "\n".join((*parts, "</svg>\n"))
