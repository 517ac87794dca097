"""What a server says of itself: its figures, its pipelines, what is known of its videos."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from framemill.cli.exit_codes import OK
from framemill.cli.facts import told
from framemill.cli.server_choice import Choice, connected
from framemill.cli.stats import heading, money
from framemill.cli.terminal import harmless, out, out_json, painted
from framemill.cli.wording import about, columns
from framemill.client.connection import API
from framemill.domain.media import as_data
from framemill.engine.stored import load_media
from framemill.errors import IllegalTransition

Json = Mapping[str, Any]  # Any: JSON of another program
_NOTHING = "-"
_HEAD = ("completed", "failed", "cancelled", "success", "mean", "min", "max", "p95", "cost")


def stats(choice: Choice, *, by: str | None, since: timedelta | None, as_json: bool) -> int:
    """The figures of what the key may see; without `by` those of each operation."""
    began = {"last": "ever"} if since is None else {"since": (datetime.now(UTC) - since).isoformat()}
    params = {"by": by or "operation", **began}
    with connected(choice) as server:
        found = server.ask("GET", f"{API}/stats", params=params)
    if as_json:
        out_json(found)
        return OK
    out(painted("Now", "bold"))
    out(f"  {', '.join(f'{count} {harmless(str(state))}' for state, count in found['now'].items())}")
    out()
    out(heading(since))
    rows = [(harmless(group["name"] or group["key"]) or _NOTHING, group) for group in found["groups"]]
    rows.append(("all", found["all"]))
    for line in columns([(by or "", *_HEAD), *((name, *_cells(one, found)) for name, one in rows)]):
        out(f"  {line}")
    return OK


def pipelines(choice: Choice) -> Sequence[Json]:
    """What there are."""
    with connected(choice) as server:
        found: Sequence[Json] = server.ask("GET", f"{API}/pipelines")
    return found


def info(choice: Choice, video_id: str, *, as_json: bool) -> int:
    """What a stored video contains; IllegalTransition where nobody has looked into it yet."""
    with connected(choice) as server:
        video = server.ask("GET", f"{API}/videos/{video_id}")
    if not video["media"]:
        raise IllegalTransition(
            f"nobody has looked into video {video_id} yet",
            hint="any operation on it does: try again after one",
        )
    media = load_media(video["media"])
    if as_json:
        data = as_data(media)
        assert isinstance(data, dict)
        out_json({"file": video["filename"], "video": video["id"], **data})
        return OK
    out(painted(harmless(video["filename"]), "bold"))
    for line in told(media):
        out(line)
    return OK


def _cells(tally: Json, found: Json) -> Iterator[str]:
    times, rate = tally["times"], tally["success_rate"]
    yield from (str(tally[name]) for name in ("completed", "failed", "cancelled"))
    yield _NOTHING if rate is None else f"{rate:.1%}"
    for name in ("mean_ms", "min_ms", "max_ms", "p95_ms"):
        yield about(times[name]) if times else _NOTHING
    yield money(tally["cost"]["total"], harmless(str(found["currency"])))
