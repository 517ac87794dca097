"""`framemill stats`: the queue now, and what became of jobs."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK
from framemill.cli.program import AnyCommand, command
from framemill.cli.server_choice import chosen
from framemill.cli.spans import span
from framemill.cli.terminal import out, out_json, painted
from framemill.cli.wording import about, columns, in_vain

if TYPE_CHECKING:
    from framemill.services.stats import Outcome, Report

_NOTHING = "-"
_GROUPS = ("operation", "user", "workspace", "worker", "hour", "day")


def build(entry: Entry) -> AnyCommand:
    """The command."""
    return command(
        entry.name,
        stats,
        summary=entry.summary,
        examples=(
            "framemill stats",
            "framemill stats --since 7d --by day",
            "framemill stats --since ever --by user --json",
        ),
    )


def stats(
    since: Annotated[str, typer.Option(metavar="TIME", help="How far back: 90m, 24h, 7d, or ever.")] = "24h",
    by: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(_GROUPS),
            help="In groups. A worker's jobs are those that it worked for longest; times are in UTC.",
            autocompletion=lambda incomplete: [g for g in _GROUPS if g.startswith(incomplete)],
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> int:
    """Numbers about jobs."""
    from framemill.cli.opened import opened

    if by is not None and by not in _GROUPS:
        raise typer.BadParameter(f"{by!r} is none of {', '.join(_GROUPS)}", param_hint="--by")
    far = None if since == "ever" else span(since, hint="--since")
    if (choice := chosen()) is not None:
        from framemill.cli import remote_views

        return remote_views.stats(choice, by=by, since=far, as_json=as_json)
    if by is not None:
        from framemill.cli.stats_groups import show_groups

        return show_groups(by, since=far, as_json=as_json)
    with opened() as app:
        report = app.stats.report(since=far)
    if as_json:
        out_json(as_document(report))
        return OK
    for line in told(report, since=far):
        out(line)
    return OK


def as_document(report: "Report") -> dict[str, object]:
    """The report as JSON data."""
    data = asdict(report)
    return data | {
        "at": report.at.isoformat(),
        "since": report.since.isoformat() if report.since else None,
        "now": {str(state): count for state, count in report.now.items()},
        "queue": [{**asdict(depth), "oldest": depth.oldest.isoformat()} for depth in report.queue],
    }


def told(report: "Report", *, since: timedelta | None) -> Iterator[str]:
    """Lines for people."""
    yield painted("Now", "bold")
    yield f"  {', '.join(f'{count} {state}' for state, count in report.now.items())}"
    rows = [
        (
            f"priority {depth.priority}",
            f"{depth.waiting} waiting",
            f"the oldest for {about(round((report.at - depth.oldest).total_seconds() * 1000))}",
        )
        for depth in report.queue
    ]
    yield from (f"  {line}" for line in columns(rows))
    yield from (f"  {painted(in_vain(found), 'yellow')}" for found in report.unserved)
    yield ""
    yield heading(since)
    head = ("", "completed", "failed", "cancelled", "success", "mean", "min", "max", "p95", "cost")
    kinds = [(kind.replace("_", "-"), outcome) for kind, outcome in report.kinds.items()]
    table = [head, *(_row(name, outcome, report) for name, outcome in (*kinds, ("all", report.ended)))]
    yield from (f"  {line}" for line in columns(table))
    if report.per_hour is not None:
        yield f"  {report.per_hour:.3g} completed an hour"


def _row(name: str, outcome: "Outcome", report: "Report") -> tuple[str, ...]:
    rate, times = outcome.success_rate, outcome.times
    took = (times.mean, times.least, times.most, times.p95) if times else ()
    return (
        name,
        *(str(n) for n in (outcome.completed, outcome.failed, outcome.cancelled)),
        _NOTHING if rate is None else f"{rate:.1%}",
        *((about(ms) for ms in took) if took else (_NOTHING,) * 4),
        money(outcome.cost, report.currency),
    )


def heading(since: timedelta | None) -> str:
    """What the table of ended jobs is about."""
    if since is None:
        return painted("Ended ever", "bold")
    hours = since.total_seconds() / 3600
    far = f"{hours / 24:.3g} days" if hours > 48 else f"{hours:.3g} h"
    return painted(f"Ended in the last {far}", "bold")


def money(amount: float, currency: str) -> str:
    """An amount as people read it; a dash for nothing."""
    if not amount:
        return _NOTHING
    return f"{amount:.2f} {currency}".rstrip() if amount >= 1 else f"{amount:.2g} {currency}".rstrip()
