"""`framemill hardware`: what was tried on this machine's GPUs, what works, and why the rest does not."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK
from framemill.cli.program import AnyCommand, command
from framemill.cli.terminal import out, out_json, painted
from framemill.cli.wording import columns
from framemill.domain.hardware import NAMES, Hardware, Trial


def build(entry: Entry) -> AnyCommand:
    """The command."""
    return command(
        entry.name,
        hardware,
        summary="Show which hardware encoders and decoders work here: each is tried for half a second, and "
        "remembered until a driver or ffmpeg changes.",
        examples=("framemill hardware", "framemill hardware --refresh", "framemill hardware --json"),
    )


def hardware(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Try everything again.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tracebacks of the unforeseen.")] = False,  # noqa: ARG001 - read before parsing
) -> int:
    """Try what there is; exit code 0 whether or not anything works."""
    from framemill.app import open_app

    app = open_app()
    found = app.hardware(refresh=refresh)
    if as_json:
        trials = [{**asdict(trial), "works": trial.works} for trial in found.trials]
        out_json({"setting": app.settings.hardware, "devices": list(found.devices), "trials": trials})
        return OK
    for line in told(found, setting=app.settings.hardware):
        out(line)
    return OK


def told(found: Hardware, *, setting: str) -> Iterator[str]:
    """Lines for people; what ended alike shares one."""
    groups: dict[tuple[str, str, str | None], list[Trial]] = {}
    for trial in found.trials:
        groups.setdefault((trial.maker, trial.kind, trial.reason), []).append(trial)
    rows = columns(
        [
            (
                NAMES[trials[0].maker],
                f"{trials[0].kind}s",
                ", ".join(map(_name, trials)),
                reason or _where(trials),
            )
            for (_, _, reason), trials in groups.items()
        ]
    )
    for (_, _, reason), row in zip(groups, rows, strict=True):
        yield f"{painted('✗', 'red') if reason else painted('✓', 'green')} {row}"
    if not found.trials:
        yield "this ffmpeg is built without hardware encoders"
    yield ""
    yield f"devices: {', '.join(found.devices) or 'none'}"
    yield f"used where a request does not say: {setting} (FRAMEMILL_HARDWARE)"


def _name(trial: Trial) -> str:
    return f"{trial.codec} 10 bit" if trial.bit_depth == 10 else trial.codec


def _where(trials: list[Trial]) -> str:
    devices = dict.fromkeys(t.device for t in trials if t.device)
    return f"works on {', '.join(devices)}" if devices else "works"
