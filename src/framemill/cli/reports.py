"""What the reports of finished operations say, in a few lines for people. The files hold all of it."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from framemill.cli.wording import columns
from framemill.domain.units import format_time

if TYPE_CHECKING:
    from framemill.services.records import JobDetail

Json = dict[str, Any]  # Any: a report as its operation writes it

_FIRST = 5
_WORDS = {"scenes": "scene", "black": "black range", "freeze": "frozen range", "silence": "silent range"}


def told(detail: "JobDetail") -> Iterator[str]:
    """The lines of every report among the results that has something to say."""
    for artifact in detail.artifacts:
        say = REPORTS.get(str(artifact.provenance.get("operation")))
        if say is None or artifact.role != "report" or artifact.path.suffix != ".json":
            continue
        try:
            data = json.loads(artifact.path.read_text("utf-8"))
        except (OSError, ValueError):
            continue  # somebody took it away: that is no failure of the work
        yield from say(data)


def _scenes(data: Json) -> Iterator[str]:
    """How many of each kind, and where the first are."""
    rows = []
    for kind, word in _WORDS.items():
        if kind not in data:
            continue
        found = data[kind]
        shown = ", ".join(_span(item, alone=kind == "scenes") for item in found[:_FIRST])
        more = ", ..." if len(found) > _FIRST else ""
        rows.append((str(len(found)), word if len(found) == 1 else word + "s", shown + more))
    yield from columns(rows)


def _span(item: Json, *, alone: bool) -> str:
    start = format_time(item["start_us"])
    return start if alone else f"{start}-{format_time(item['end_us'])}"


REPORTS: dict[str, Callable[[Json], Iterator[str]]] = {"scenes": _scenes}
