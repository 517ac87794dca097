"""What a JSON report says, for people: some results are made to be read, not to be played."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from framemill.cli.wording import columns, length
from framemill.domain.units import format_time

Report = Mapping[str, Any]  # Any: a report as JSON

_POOLED = ("mean", "harmonic_mean", "p1", "p5", "min")
# Decimals that mean something.
_DIGITS = {"ssim": 4}
_FIRST = 5
_WORDS = {"scenes": "scene", "black": "black range", "freeze": "frozen range", "silence": "silent range"}


def read_report(operation: object, path: Path) -> Report | None:
    """The report that `operation` left at `path`; None where it leaves none, or it is no longer there."""
    if operation not in REPORTS or path.suffix != ".json":
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _quality(report: Report) -> Iterator[str]:
    compared = report["pictures"]
    count = "1 picture" if compared["compared"] == 1 else f"{compared['compared']} pictures"
    every = f", one of {compared['every']}" if compared["every"] > 1 else ""
    yield (
        f"{count}{every}, {length(compared['start_us'])} to {length(compared['end_us'])}, "
        f"{report['width']}×{report['height']}"
    )
    rows = [("", *(name.replace("_", " ") for name in _POOLED))]
    for metric, pooled in report["metrics"].items():
        digits = _DIGITS.get(metric, 2)
        rows.append((metric.upper(), *(f"{pooled[name]:.{digits}f}" for name in _POOLED)))
    yield from columns(rows)
    for warning in report["warnings"]:
        yield f"note: {warning}"


def _scenes(report: Report) -> Iterator[str]:
    """How many of each kind, and where the first are."""
    rows = []
    for kind, word in _WORDS.items():
        if kind not in report:
            continue
        found = report[kind]
        shown = ", ".join(_span(item, alone=kind == "scenes") for item in found[:_FIRST])
        more = ", ..." if len(found) > _FIRST else ""
        rows.append((str(len(found)), word if len(found) == 1 else word + "s", shown + more))
    yield from columns(rows)


def _span(item: Report, *, alone: bool) -> str:
    start = format_time(item["start_us"])
    return start if alone else f"{start}-{format_time(item['end_us'])}"


# By operation: the lines that a person reads of its report.
REPORTS: dict[str, Callable[[Report], Iterator[str]]] = {"quality": _quality, "scenes": _scenes}
