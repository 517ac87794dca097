"""Actions that hold a file to a VMAF: find the crf on samples, measure the result, correct what missed.

Both read a wish that operations.building.holding wrote. Between them stands
an ordinary encode, which takes its crf from `out/values.json`.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from math import exp, log
from typing import Any

from framemill.domain.crf_search import (
    SCALES,
    Goal,
    Point,
    foretold,
    growth_at,
    nearest,
    next_crf,
    score_at,
)
from framemill.domain.trials import Take, Trial
from framemill.domain.units import format_size
from framemill.engine.patching import patch
from framemill.engine.trials import Measured, measure, try_crf
from framemill.engine.workbench import Workbench
from framemill.errors import QualityUnreachable

Json = dict[str, Any]  # Any: the wish and the state as JSON

_STATE, _VALUES, _SPARE = "out/holding.json", "out/values.json", "out/spare"
# How near a search comes on samples, which are off by as much themselves.
_NEAR = 0.2
# What a search on all of the video may leave unused.
_ROOM = 0.5
# Frames left out of a measurement may move the mean by about this much.
_SKIPPED = 0.1
# Samples may be wrong by this much about what cannot be reached.
_DOUBT = 1.0
_USUAL_TRIALS = 4


def find_crf(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`find_crf WISH`: the crf that gives the wished VMAF on the samples, into `out/values.json`.

    Raises QualityUnreachable where even the encoder's finest falls short.
    """
    wish = _read(bench, argv[0])
    scale, target, takes = SCALES[wish["codec"]], wish["target"], _takes(wish)
    whole = takes[0].start_us is None
    aim = target + (_ROOM / 2 if whole else 0.5)
    near = _ROOM / 2 if whole else _NEAR
    goal = Goal(low=aim - near, aim=aim, high=aim + near)
    trials: list[Trial] = []
    sure: Point | None = None
    while (crf := next_crf(scale, goal, seen := [Point(t.crf, t.score) for t in trials])) is not None:
        expected = None if whole else foretold(seen, crf)
        if expected is not None:
            # A trial costs more than it would tell: the result itself is measured.
            sure = Point(crf, expected)
            break
        bench.report(min(0.95, len(trials) / _USUAL_TRIALS))
        trials.append(
            try_crf(
                bench,
                crf,
                takes=takes,
                encode=wish["encode"],
                compare=wish["compare"],
                done=lambda share: bench.report(min(0.95, (len(trials) + share) / _USUAL_TRIALS)),
            )
        )
    best = sure or nearest(
        Goal(low=target, aim=aim, high=target + 1), [Point(t.crf, t.score) for t in trials]
    )
    if best.crf == scale.floor and best.score < target - (0 if whole else _DOUBT):
        raise QualityUnreachable(target=target, reached=best.score, crf=best.crf, codec=wish["codec"])
    state = {
        "trials": [{"crf": t.crf, "score": t.score, "bytes": t.bytes} for t in trials],
        "made": [],
        "crf": best.crf,
        "patched": None,
        "search_cpu_ms": sum(t.cpu_ms for t in trials),
        "measure_cpu_ms": 0,
        "spare": None,
        "done": False,
    }
    _write(bench, state)


def hold_quality(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`hold_quality WISH [last]`: measure the file; where it missed, remove it and say which crf comes next.

    Does nothing where the file was found good before. A file that is too good
    is kept, and warned about, where nothing comes nearer; QualityUnreachable
    is raised where the same holds for one that is not good enough.
    """
    wish, state = _read(bench, argv[0]), _read(bench, _STATE)
    if state["done"]:
        return
    scale, target = SCALES[wish["codec"]], wish["target"]
    found = measure(
        bench,
        wish["compare_made"],
        path=wish["path"],
        every=wish["every"],
        length_us=wish["duration_us"],
        done=bench.report,
    )
    state["measure_cpu_ms"] += found.cpu_ms
    size = (bench.scratch / "out" / wish["path"]).stat().st_size
    state["made"].append({"crf": state["crf"], "score": found.scores.mean, "bytes": size})
    margin = _SKIPPED if wish["every"] > 1 else 0
    goal = Goal(low=target + margin, aim=target + 0.5, high=target + 1 - margin)
    made = [Point(m["crf"], m["score"]) for m in state["made"]]
    tried = [Point(t["crf"], t["score"]) for t in state["trials"]]
    growth = growth_at(tried, state["crf"])
    crf = next_crf(scale, goal, made, growth=growth)
    if wish["patch"] and crf is not None:
        found = _patched(bench, wish, state, found, goal, growth or scale.growth)
    score, stuck = found.scores.mean, crf is None or "last" in argv
    file, spare = bench.scratch / "out" / wish["path"], bench.scratch / _SPARE
    if goal.met(score) or (stuck and score >= target):
        state["done"] = True
        _report(bench, wish, state, found, tried)
    elif stuck and state["spare"]:
        spare.replace(file)
        state.update(done=True, crf=state["spare"]["crf"])
        _report(bench, wish, state, replace(found, values=tuple(state["spare"]["values"])), tried)
    elif crf is None or "last" in argv:
        raise QualityUnreachable(target=target, reached=score, crf=state["crf"], codec=wish["codec"])
    else:
        if score > goal.high and (not state["spare"] or score < state["spare"]["mean"]):
            # Too good is better than nothing, should no crf come nearer.
            file.replace(spare)
            state["spare"] = {"crf": state["crf"], "mean": score, "values": found.values}
        file.unlink(missing_ok=True)
        state["crf"] = crf
    _write(bench, state)


def _patched(
    bench: Workbench, wish: Json, state: Json, found: Measured, goal: Goal, growth: float
) -> Measured:
    """The file with its outlying parts made again, where that is enough; else as it was."""
    crf, scale = state["crf"], SCALES[wish["codec"]]
    done = patch(bench, wish, found.values, crf=crf, scale=scale, goal=goal, growth=growth)
    if done is None:
        return found
    state["measure_cpu_ms"] += done.cpu_ms
    state["patched"] = {"share": done.share, "crf": done.crfs}
    return replace(found, values=done.values)


def _report(bench: Workbench, wish: Json, state: Json, found: Measured, tried: list[Point]) -> None:
    size = (bench.scratch / "out" / wish["path"]).stat().st_size
    scores = found.scores
    frames, again = len(found.values), state["patched"]
    measured = f"VMAF {scores.mean:.2f} (5th percentile {scores.p5:.1f}) at crf {state['crf']:g}"
    said = [f"{measured}, measured on {frames} frames"]
    if again:
        low, high = again["crf"]
        at = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        said.append(
            f"{again['share']:.0%} of it was encoded again at crf {at}:"
            f" the first attempt had VMAF {state['made'][-1]['score']:.2f}"
        )
    usual = _at_usual_crf(wish, state, tried)
    if usual is not None:
        said.append(
            f"crf {usual['crf']:g} would give about VMAF {usual['vmaf']:.1f}"
            f" and {format_size(usual['bytes'])}; this has {format_size(size)}"
        )
    warned = []
    if scores.mean > wish["target"] + 1:
        warned.append(
            f"VMAF {scores.mean:.2f} is more than a point above what was asked for:"
            f" {wish['codec']} comes no nearer"
        )
    if size > wish["source_bytes"]:
        warned.append(
            f"the result has {format_size(size)}, more than the source's"
            f" {format_size(wish['source_bytes'])}: a lower target_vmaf would make it smaller"
        )
    for text, warning in (*((text, False) for text in said), *((text, True) for text in warned)):
        bench.say(text, warning)
    bench.found(
        "quality",
        {
            "target_vmaf": wish["target"],
            "vmaf": {"mean": scores.mean, "p5": scores.p5, "p1": scores.p1, "min": scores.min},
            "frames": frames,
            "every": wish["every"],
            "crf": state["crf"],
            "patched": again,
            "trials": len(tried),
            "samples": len(wish["takes"]) if wish["takes"][0][0] is not None else 0,
            "encodes": len(state["made"]),
            "bytes": size,
            "usual": usual,
            "cpu_ms": {"search": state["search_cpu_ms"], "measure": state["measure_cpu_ms"]},
        },
    )


def _at_usual_crf(wish: Json, state: Json, tried: list[Point]) -> Json | None:
    """What the encoder's own default would have given, from the samples; the first trial is always that."""
    bytes_by_crf = {t["crf"]: t["bytes"] for t in state["trials"]}
    made = next(m for m in reversed(state["made"]) if m["crf"] == state["crf"])
    here = score_at(tried, made["crf"]) or foretold(tried, made["crf"])
    if here is None or made["crf"] == tried[0].crf:
        return None
    picture = max(0, made["bytes"] - wish["sound_bytes"])
    ratio = bytes_by_crf[tried[0].crf] / _bytes_at(made["crf"], bytes_by_crf)
    return {
        "crf": tried[0].crf,
        "vmaf": min(100.0, tried[0].score + made["score"] - here),
        "bytes": round(picture * ratio) + min(made["bytes"], wish["sound_bytes"]),
        "estimated": True,
    }


def _bytes_at(crf: float, tried: Mapping[float, int]) -> float:
    """What the samples have at `crf`, on a line through the two nearest trials: bytes fall by factors."""
    a, b = sorted(tried, key=lambda known: abs(known - crf))[:2]
    share = (crf - a) / (b - a)
    return exp(log(tried[a]) * (1 - share) + log(tried[b]) * share)


def _takes(wish: Json) -> list[Take]:
    return [Take(start_us=start, length_us=length, frames=frames) for start, length, frames in wish["takes"]]


def _read(bench: Workbench, path: str) -> Json:
    data: Json = json.loads((bench.scratch / path).read_text("utf-8"))
    return data


def _write(bench: Workbench, state: Json) -> None:
    (bench.scratch / _STATE).write_text(json.dumps(state), "utf-8")
    (bench.scratch / _VALUES).write_text(json.dumps({"crf": f"{state['crf']:g}"}), "utf-8")
