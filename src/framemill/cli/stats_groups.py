"""The part of `framemill stats` that tells what became of jobs in groups: `--by user`, `--by day`."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from framemill.cli.exit_codes import OK
from framemill.cli.stats import heading, money
from framemill.cli.terminal import harmless, out, out_json
from framemill.cli.wording import about, columns

if TYPE_CHECKING:
    from framemill.services.breakdowns import Breakdown, Tally

_NOTHING = "-"
_HEAD = ("completed", "failed", "cancelled", "success", "mean", "min", "max", "p95", "an hour", "cost")


def show_groups(by: str, *, since: timedelta | None, as_json: bool) -> int:
    """A line for each group, or one document."""
    from framemill.cli.opened import opened
    from framemill.store.grouping import By

    with opened() as app:
        found = app.breakdowns.make(since=since, by=By(by))
    if as_json:
        out_json(_document(by, found))
        return OK
    out(heading(since))
    for line in _told(by, found):
        out(f"  {line}")
    return OK


def _told(by: str, found: "Breakdown") -> Iterator[str]:
    rows = [(harmless(group.name or group.key) or _NOTHING, group.tally) for group in found.groups]
    table = [
        (by, *_HEAD),
        *((name, *_cells(tally, found.currency)) for name, tally in (*rows, ("all", found.whole))),
    ]
    yield from columns(table)
    if found.left_out:
        yield f"and {found.left_out} more of fewer jobs"


def _cells(tally: "Tally", currency: str) -> tuple[str, ...]:
    t, rate = tally.times, tally.success_rate
    took = (t.mean, t.least, t.most, t.p95) if t else ()
    return (
        *(str(n) for n in (tally.completed, tally.failed, tally.cancelled)),
        _NOTHING if rate is None else f"{rate:.1%}",
        *((about(ms) for ms in took) if took else (_NOTHING,) * 4),
        _NOTHING if tally.per_hour is None else f"{tally.per_hour:.3g}",
        money(tally.spent.total, currency),
    )


def _document(by: str, found: "Breakdown") -> dict[str, object]:
    return {
        "since": found.since.isoformat() if found.since else None,
        "until": found.until.isoformat(),
        "by": by,
        "now": {str(state): count for state, count in found.now.items()},
        "all": asdict(found.whole),
        "groups": [
            {**asdict(group), "begins_at": group.begins_at.isoformat() if group.begins_at else None}
            for group in found.groups
        ],
        "left_out": found.left_out,
        "currency": found.currency,
    }
