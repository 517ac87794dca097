"""Titles and the index of a cut's parts, from the cut's own report."""

import json
from pathlib import Path
from typing import Any

from framemill.commands.escape import metadata
from framemill.engine.naming import in_order
from framemill.engine.workbench import Workbench

Part = dict[str, Any]  # Any: a row of the report as JSON


def tags(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`clip_tags REPORT WISH`: an ffmetadata file per part, `out/<part>.txt`, named as the part is staged."""
    report, wish = argv[0], json.loads(argv[1])
    rows = _rows(bench.scratch / report)
    staged = in_order((bench.scratch / "in/parts").iterdir())
    for number, (row, part) in enumerate(zip(rows, staged, strict=True), 1):
        fields = {
            "title": _title(row, number, len(rows), wish["title"]),
            "album": wish["title"],
            "track": f"{number}/{len(rows)}",
            "comment": f"part {number} of {len(rows)} of {wish['source']}",
        }
        lines = [f"{key}={metadata(value)}" for key, value in fields.items()]
        (bench.scratch / "out" / f"{part.stem}.txt").write_text(
            "\n".join((";FFMETADATA1", *lines, "")), "utf-8"
        )


def index(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`clip_index REPORT WISH`: `out/index.json`, one entry per clip. Times are in the source."""
    report, wish = argv[0], json.loads(argv[1])
    rows = _rows(bench.scratch / report)
    made = in_order((bench.scratch / "out").glob("clip_*"))
    clips = [
        {
            "file": f"{wish['clip']}_{number:03}{path.suffix}",
            "thumbnail": f"thumbnails/thumb_{number:03}.jpg" if wish["thumbnails"] else None,
            "title": _title(row, number, len(rows), wish["title"]),
            "chapter": row["title"],
            "part": number,
            "parts": len(rows),
            "start_us": row["start_us"],
            "end_us": row["end_us"],
            "bytes": path.stat().st_size,
        }
        for number, (row, path) in enumerate(zip(rows, made, strict=True), 1)
    ]
    data = {"title": wish["title"], "source": wish["source"], "clips": clips}
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    (bench.scratch / "out/index.json").write_text(text, "utf-8")


def _rows(report: Path) -> list[Part]:
    rows: list[Part] = json.loads(report.read_text("utf-8"))["parts"]
    return rows


def _title(row: Part, number: int, count: int, whole: str) -> str:
    return f"{whole}: {row['title']}" if row["title"] else f"{whole}, part {number} of {count}"
