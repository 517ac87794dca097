"""Writes what detectors found in a file as one JSON report."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from framemill.commands.scenes import Find, ranges, read, said_us
from framemill.domain.units import US
from framemill.engine.workbench import Workbench

Json = dict[str, Any]  # Any: one kind of find as the request describes it, and as the report holds it


def report(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`scenes_report TARGET WISH`: `out/TARGET` from the files that the detectors printed.

    WISH is JSON: `source`, `duration_us`, `settings`, and `looks`, each with
    its `kind`, `files`, marks (`begins`, `ends`), `min_us` and `end_us`.
    """
    target, wish_text = argv
    wish = json.loads(wish_text)
    data: Json = {
        "source": wish["source"],
        "duration_us": wish["duration_us"],
        "duration": wish["duration_us"] / US,
        "settings": wish["settings"],
    }
    for look in wish["looks"]:
        found = [_read(bench.scratch / file) for file in look["files"]]
        data[look["kind"]] = _scenes(found[0], look) if look["ends"] is None else _ranges(found, look)
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    (bench.scratch / "out" / target).write_text(text, encoding="utf-8")


def _read(path: Path) -> list[Find]:
    # A detector that found nothing may not even have made its file.
    return list(read(path.read_text("utf-8").splitlines())) if path.exists() else []


def _scenes(changes: list[Find], look: Json) -> list[Json]:
    scores = {find.at_us: float(find.words.get("lavfi.scd.score", 0)) for find in changes if find.at_us > 0}
    starts = sorted(at for at in scores if at < look["end_us"])
    return [
        {**_range(start, end), "score": scores.get(start)}
        for start, end in pairwise((0, *starts, look["end_us"]))
    ]


def _ranges(found: list[list[Find]], look: Json) -> list[Json]:
    begun = [_begun(find, look) for find in found[0]]
    ended = [find.at_us if look["kind"] != "silence" else said_us(find, look["ends"]) for find in found[1]]
    return [_range(*pair) for pair in ranges(begun, ended, end_us=look["end_us"], min_us=look["min_us"])]


def _begun(find: Find, look: Json) -> int:
    # Black begins with the marked frame; the others are marked once they have lasted.
    return find.at_us if look["kind"] == "black" else said_us(find, look["begins"])


def _range(start_us: int, end_us: int) -> Json:
    return {"start_us": start_us, "end_us": end_us, "start": start_us / US, "end": end_us / US}
