"""Chooses the pictures worth showing, by looking at some of a video before any is taken."""

import json

from framemill.commands import looks
from framemill.domain import picks
from framemill.domain.picks import Look
from framemill.domain.units import seconds
from framemill.engine.failures import forgivable
from framemill.engine.workbench import Workbench
from framemill.errors import FramemillError


def pick(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`pick_pictures TARGET WISH`: `out/TARGET` with seconds for `{enter_1}`, `{after_1}`, `{at_1}` ...

    WISH is JSON: `passes` (ffmpeg's arguments, tried in turn until one gives
    enough pictures), `light` and `edges` (what they write), `wanted_us`,
    `end_us`, `best`, `early_us` (how much earlier to enter), `half_us` (half a frame).
    """
    target, wish_text = argv
    wish = json.loads(wish_text)
    wanted: list[int] = wish["wanted_us"]
    found: tuple[Look, ...] = ()
    for arguments in wish["passes"]:
        try:
            bench.ffmpeg(tuple(arguments))
        except FramemillError as error:
            if not forgivable(error):
                raise
            continue  # what cannot be looked at is taken at its time
        written = [
            (bench.scratch / wish[kind]).read_text("utf-8").splitlines() for kind in ("light", "edges")
        ]
        found = looks.read(*written)
        if len(picks.good(found)) >= len(wanted):
            break
    times = (
        picks.best(found, count=len(wanted), end_us=wish["end_us"])
        if wish["best"]
        else picks.near(found, wanted=wanted)
    )
    # Too few pictures to choose from: the rest is taken where it was wanted.
    times = tuple(sorted((*times, *wanted[len(times) :])))
    values = {}
    for number, at in enumerate(times, 1):
        enter = max(0, at - wish["early_us"])
        values[f"enter_{number}"] = seconds(enter)
        values[f"after_{number}"] = seconds(at - enter - wish["half_us"])
        values[f"at_{number}"] = seconds(at - wish["half_us"])
    (bench.scratch / "out" / target).write_text(json.dumps(values, indent=2), encoding="utf-8")
