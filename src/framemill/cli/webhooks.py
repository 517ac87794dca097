"""`framemill webhooks`: addresses that are told what becomes of jobs, and how that went."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import FAILED, OK
from framemill.cli.opened import opened, operator
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.shelf_options import Json, workspace_names
from framemill.cli.terminal import err, harmless, out, out_json
from framemill.cli.wording import columns

if TYPE_CHECKING:
    from framemill.services.webhook_records import DeliveryRecord, WebhookRecord

_STATES = ("pending", "delivered", "failed")


def _ids(incomplete: str) -> list[str]:
    with opened() as app:
        return [hook.id for hook in app.webhooks.list() if hook.id.startswith(incomplete)]


_Workspace = Annotated[
    str, typer.Argument(metavar="WORKSPACE", help="Its name or id.", autocompletion=workspace_names)
]
_Webhook = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id.", autocompletion=_ids)]


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command(
            "add",
            add,
            summary="Tell an address what becomes of a workspace's jobs. Its secret is shown this once.",
            examples=(
                "framemill webhooks add default https://hooks.example.com/framemill",
                "framemill webhooks add default https://hooks.example.com/x --event job.failed",
            ),
        ),
        command("list", list_webhooks, summary="List them.", examples=("framemill webhooks list default",)),
        command(
            "deliveries",
            deliveries,
            summary="List what a webhook was told, and how that went.",
            examples=("framemill webhooks deliveries ID --state failed",),
        ),
        command(
            "redeliver",
            redeliver,
            summary="Send messages again, as they were: by a server or workers, for another day if need be.",
            examples=("framemill webhooks redeliver ID",),
        ),
        command(
            "test",
            send_test,
            summary="Send a message that means nothing, now, and say how that went.",
            examples=("framemill webhooks test ID",),
        ),
        command(
            "rotate",
            rotate,
            summary="Make a new secret; for a day the old one signs too.",
            examples=("framemill webhooks rotate ID",),
        ),
        command(
            "enable",
            enable,
            summary="Tell one that was turned off what happens from now on.",
            examples=("framemill webhooks enable ID",),
        ),
        command(
            "disable", disable, summary="Tell it nothing more.", examples=("framemill webhooks disable ID",)
        ),
        command(
            "remove",
            remove,
            summary="Tell it nothing more, and forget what it was told.",
            examples=("framemill webhooks remove ID",),
        ),
        examples=(
            "framemill webhooks add default https://hooks.example.com/framemill",
            "framemill webhooks deliveries ID",
        ),
    )


def add(
    workspace: _Workspace,
    url: Annotated[str, typer.Argument(metavar="URL", help="http or https.")],
    events: Annotated[
        list[str] | None,
        typer.Option(
            "--event", metavar="NAME", help="What it is told, several times; how jobs end if unset."
        ),
    ] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="What it is for.")] = "",
    as_json: Json = False,
) -> int:
    """Make it."""
    from framemill.domain.webhooks import USUAL_EVENTS

    with opened() as app:
        place = app.workspaces.get(workspace)
        wanted = tuple(events or USUAL_EVENTS)
        new = app.webhooks.create(place.id, url, events=wanted, note=note, actor=operator())
    if as_json:
        out_json(_document(new.webhook) | {"secret": new.secret})
        return OK
    err(f"webhook {new.webhook.id} is told {', '.join(new.webhook.events)}")
    return _show(new.secret)


def list_webhooks(
    workspace: Annotated[
        str | None,
        typer.Argument(metavar="[WORKSPACE]", help="Only its webhooks.", autocompletion=workspace_names),
    ] = None,
    as_json: Json = False,
) -> int:
    """One line each."""
    with opened() as app:
        found = app.webhooks.list(workspace)
        names = {place.id: place.name for place in app.workspaces.list()}
    if as_json:
        out_json([_document(hook) for hook in found])
        return OK
    if not found:
        err("no webhooks: `framemill webhooks add WORKSPACE URL`")
        return OK
    rows = [
        (hook.id, names[hook.workspace_id], _condition(hook), harmless(hook.url), harmless(hook.note))
        for hook in found
    ]
    for line in columns([("id", "workspace", "state", "url", "note"), *rows]):
        out(line)
    return OK


def deliveries(
    webhook: _Webhook,
    state: Annotated[str | None, typer.Option(metavar="|".join(_STATES), help="Only those.")] = None,
    limit: Annotated[str, typer.Option(metavar="N", help="How many.")] = "20",
    as_json: Json = False,
) -> int:
    """One line each, the newest first."""
    from framemill.domain.webhooks import DeliveryState

    if state is not None and state not in _STATES:
        raise typer.BadParameter(f"{state!r} is none of {', '.join(_STATES)}", param_hint="--state")
    if not limit.isdecimal() or not 1 <= int(limit) <= 1000:
        raise typer.BadParameter(f"{limit!r} is not a number from 1 to 1000", param_hint="--limit")
    wanted = None if state is None else DeliveryState(state)
    with opened() as app:
        found = app.webhooks.deliveries(webhook, state=wanted, limit=int(limit))
    if as_json:
        out_json([_document(one) for one in found])
        return OK
    if not found:
        err("nothing was told yet")
        return OK
    rows = [
        (
            one.id,
            one.type,
            one.state,
            str(len(one.attempts)),
            f"{one.created_at:%Y-%m-%d %H:%M:%S}",
            _last(one),
        )
        for one in found
    ]
    for line in columns([("id", "event", "state", "tries", "since", "last"), *rows]):
        out(line)
    return OK


def redeliver(
    delivery: Annotated[list[str], typer.Argument(metavar="DELIVERY...", help="Their ids.")],
) -> int:
    """Put them back."""
    with opened() as app:
        for one in delivery:
            again = app.webhooks.redeliver(one, actor=operator())
            out(f"{again.id} is sent again")
    return OK


def send_test(webhook: _Webhook, as_json: Json = False) -> int:
    """Send it."""
    with opened() as app:
        tried = app.webhooks.test(webhook, actor=operator())
    if as_json:
        out_json(_document(tried))
    else:
        out(f"{tried.state}: {_last(tried)}")
    return OK if tried.state == "delivered" else FAILED


def rotate(webhook: _Webhook, as_json: Json = False) -> int:
    """Make it."""
    with opened() as app:
        new = app.webhooks.rotate(webhook, actor=operator())
    if as_json:
        out_json(_document(new.webhook) | {"secret": new.secret})
        return OK
    return _show(new.secret)


def enable(webhook: _Webhook) -> int:
    """Turn it on."""
    return _turn(webhook, on=True)


def disable(webhook: _Webhook) -> int:
    """Turn it off."""
    return _turn(webhook, on=False)


def remove(webhook: _Webhook) -> int:
    """Delete it."""
    with opened() as app:
        app.webhooks.delete(webhook, actor=operator())
    out(f"{harmless(webhook)} is removed")
    return OK


def _turn(webhook: str, *, on: bool) -> int:
    with opened() as app:
        app.webhooks.edit(webhook, {"enabled": on}, actor=operator())
    out(f"{harmless(webhook)} is {'on' if on else 'off'}")
    return OK


def _show(secret: str) -> int:
    out(secret)
    err("keep it where messages are received: it is not shown again")
    return OK


def _condition(hook: "WebhookRecord") -> str:
    if not hook.enabled:
        return f"off: {hook.disabled_because}"
    return "on" if hook.failing_since is None else f"fails since {hook.failing_since:%Y-%m-%d %H:%M}"


def _last(delivery: "DeliveryRecord") -> str:
    if not delivery.attempts:
        return "-"
    last = delivery.attempts[-1]
    said = f"HTTP {last.status}" if last.status is not None else last.error or ""
    return harmless(f"{said} {last.excerpt}".strip()[:80]) + f" ({last.latency_ms} ms)"


def _document(record: "WebhookRecord | DeliveryRecord") -> dict[str, object]:
    return {name: _plain(value) for name, value in asdict(record).items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return (
        [_plain(one) for one in value]
        if isinstance(value, Sequence) and not isinstance(value, str)
        else value
    )
