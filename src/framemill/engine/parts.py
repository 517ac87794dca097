"""Writes what a cut turned out to be: where each part begins and ends, and how far that is from the wish."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from framemill.domain.units import US
from framemill.engine.workbench import Workbench
from framemill.errors import OutputInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a cut; times in the source."""

    name: str
    start_us: int
    end_us: int
    wanted_us: int  # where it was asked to begin
    moved_us: int  # how much later it begins
    bytes: int
    title: str | None


def report(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`parts_report LIST TARGET WISH`: ffmpeg's list of segments as JSON, with what was wished for.

    WISH is JSON: `mode`, `wanted_us` (boundaries), `titles` (of parts, may be
    empty), `prefix` (of published names). Raises OutputInvalid where a part is empty.
    """
    listing, target, wish_text = argv
    wish = json.loads(wish_text)
    with (bench.scratch / "out" / listing).open(newline="", encoding="utf-8") as file:
        rows = [(name, _us(start), _us(end)) for name, start, end in csv.reader(file)]
    parts = _parts(rows, bench.scratch / "out", [0, *wish["wanted_us"]], wish["titles"], wish["prefix"])
    data = {"mode": wish["mode"], "parts": [asdict(part) for part in parts]}
    (bench.scratch / "out" / target).write_text(
        json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def of_ranges(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`ranges_report TARGET WISH`: the parts that WISH (JSON) names, with their sizes, as JSON.

    `mode`; `parts`: of each the `file` below out/ and what is reported of it as it is.
    """
    target, wish = argv[0], json.loads(argv[1])
    out = bench.scratch / "out"
    parts = []
    for row in wish["parts"]:
        file = out / row.pop("file")
        part = {**row, "moved_us": row["start_us"] - row["wanted_us"], "bytes": file.stat().st_size}
        if mended(file).exists():
            mended(file).unlink()
            part["encoded_frames"] = part["frames"]
        parts.append(part)
    data = {"mode": wish["mode"], "parts": parts}
    (out / target).write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def mended(file: Path) -> Path:
    """The mark that a part was encoded from end to end after all."""
    return file.with_name(f"{file.name}.mended")


def _parts(
    rows: Sequence[tuple[str, int, int]],
    out: Path,
    wanted: Sequence[int],
    titles: Sequence[str | None],
    prefix: str,
) -> list[Part]:
    parts: list[Part] = []
    for number, (name, start, end) in enumerate(rows):
        # A list rounds ends to the last packet; a part lasts until the next begins.
        until = rows[number + 1][1] if number + 1 < len(rows) else end
        if until <= start:
            raise OutputInvalid(f"part {number + 1} is empty: it begins and ends at {start / US:.3f} s")
        begin = start if number else 0
        parts.append(
            Part(
                name=f"{prefix}_{number + 1:03d}{Path(name).suffix}",
                start_us=begin,
                end_us=until,
                wanted_us=wanted[number],
                moved_us=begin - wanted[number],
                bytes=(out / name).stat().st_size,
                title=titles[number] if number < len(titles) else None,
            )
        )
    return parts


def _us(text: str) -> int:
    return round(Decimal(text) * US)
