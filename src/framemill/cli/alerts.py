"""`framemill alerts`: what is wrong, and whether those hear of it who should."""

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK
from framemill.cli.opened import opened
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.shelf_options import Json
from framemill.cli.terminal import err, out, out_json
from framemill.cli.wording import columns


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command(
            "list",
            list_alerts,
            summary="List what is wrong, as servers and workers found it.",
            examples=("framemill alerts list",),
        ),
        command(
            "test",
            send_test,
            summary="Send a test to everybody who hears of alerts.",
            examples=("framemill alerts test",),
        ),
        examples=("framemill alerts test",),
    )


def list_alerts(as_json: Json = False) -> int:
    """One line each."""
    with opened() as app:
        on, found = app.alerts.on, app.alerts.list()
    if as_json:
        out_json(
            [
                {"key": one.key, "summary": one.summary, "since": one.since.isoformat(), "told": one.told}
                for one in found
            ]
        )
        return OK
    if not found:
        err("nothing is wrong" if on else "nobody looks: set FRAMEMILL_ALERT_URLS")
        return OK
    rows = [(f"{one.since:%Y-%m-%d %H:%M}", one.told or "not told", one.summary) for one in found]
    for line in columns([("since", "told", "what"), *rows]):
        out(line)
    return OK


def send_test() -> int:
    """Send it."""
    with opened() as app:
        app.alerts.test()
    out("sent")
    return OK
