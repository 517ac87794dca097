"""A plan as a person reads it: steps, what is copied and why, what it costs, the exact commands."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from framemill.cli.complaint import in_cli_words
from framemill.cli.terminal import harmless, painted, shown_path
from framemill.cli.wording import about, columns, length, size
from framemill.domain.costs import Prices
from framemill.domain.media import as_data
from framemill.domain.plan import Boundary, Command, Estimate, Output, Plan, Step
from framemill.domain.sources import Source
from framemill.domain.units import US, format_time
from framemill.engine.accounting import expected

# The input guard of commands.source: the same on every input, and long.
_GUARD = frozenset({"-protocol_whitelist", "-format_whitelist", "-codec_whitelist", "-max_pixels"})
_GUARD_MARK = "<guard>"
_MOST_PARTS = 8  # that are shown one by one
_CHUNK = re.compile(r"(?<=:chunk)\d+$")


def as_document(
    plan: Plan, *, inputs: Mapping[str, Source], destination: Path, prices: Prices | None = None
) -> dict[str, object]:
    """The whole plan as JSON data."""
    data = as_data(plan)
    assert isinstance(data, dict)
    return {
        "inputs_from": {name: str(path) for name, path in inputs.items()},
        "destination": str(destination),
        "estimate": expected(plan, prices or Prices()),
        **data,
    }


def told(
    plan: Plan,
    *,
    title: str,
    inputs: Mapping[str, Source],
    destination: Path,
    verbose: bool,
    prices: Prices | None = None,
) -> Iterator[str]:
    """Lines that say what the plan will do."""
    names = ", ".join(shown_path(str(path)) for path in inputs.values())
    yield painted(harmless(f"{title.replace('_', '-')}: {names} → {shown_path(destination)}/"), "bold")
    yield from _section("Boundaries", list(_boundaries(plan.boundaries)))
    yield from _section("Steps", _steps(plan.steps))
    yield from _section("What happens to the streams", [f"- {in_cli_words(note)}" for note in plan.notes])
    yield from _section("Left behind", [f"- {d.source}: {d.stream}: {d.reason}" for d in plan.dropped])
    yield from _section("Warnings", [f"- {in_cli_words(warning)}" for warning in plan.warnings])
    yield from _section("Results", _results(plan))
    yield from _section("Estimate", _estimate(plan, prices or Prices()))
    yield from _section("Commands", list(_commands(plan, inputs, verbose=verbose)))


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield painted(title, "bold")
        yield from (f"  {harmless(line)}" for line in lines)


def _boundaries(found: Sequence[Boundary]) -> Iterator[str]:
    """What each mode would cut: in sum, and of the first parts one by one."""
    if not found:
        return
    moves = [abs(b.copy_us[0] - b.wanted_us[0]) for b in found]
    frames, encodes = sum(b.frames for b in found), sum(b.smart_encodes for b in found)
    yield f"copy    begins up to {max(moves) / US:.2f} s from where it was asked to, encodes nothing"
    yield f"smart   exact, encodes {encodes} of {frames} frames ({encodes / max(1, frames):.1%})"
    yield f"encode  exact, encodes all {frames} frames"
    yield from columns(
        [
            ("part", "asked for", "by copy", "exactly", "frames", "encoded by smart"),
            *(
                (
                    f"{b.part}",
                    *(f"{format_time(a)}-{format_time(z)}" for a, z in (b.wanted_us, b.copy_us, b.exact_us)),
                    f"{b.frames}",
                    f"{b.smart_encodes}",
                )
                for b in found[:_MOST_PARTS]
            ),
        ]
    )
    if len(found) > _MOST_PARTS:
        yield f"and {len(found) - _MOST_PARTS} more parts: --json lists all"


def _steps(steps: Sequence[Step]) -> list[str]:
    rows = []
    for number, step, alike in _told_once(steps):
        cost = sum((each.estimate for each in (step, *alike)), Estimate())
        numbers = f"{number}-{number + len(alike)}." if alike else f"{number}."
        rows.append((numbers, _title(step, alike), about(cost.wall_ms), size(cost.output_bytes)))
    return columns(rows)


def _told_once(steps: Sequence[Step]) -> Iterator[tuple[int, Step, Sequence[Step]]]:
    """The steps with their numbers; of chunks the first, with those that are like it."""
    number = 1
    for _, same in groupby(steps, key=lambda step: _CHUNK.sub("", step.key)):
        first, *alike = same
        yield number, first, alike
        number += 1 + len(alike)


def _title(step: Step, alike: Sequence[Step]) -> str:
    return f"{step.title}, and {len(alike)} more" if alike else step.title


def _results(plan: Plan) -> list[str]:
    return columns([(_names(o, o.publish), _promise(o)) for o in plan.outputs() if o.publish is not None])


def _names(output: Output, published: str) -> str:
    """`part_%03d.mp4` as `part_001.mp4 ...`."""
    return f"{published % output.first} ..." if output.numbered and "%0" in published else published


def _promise(output: Output) -> str:
    promise = output.promise
    parts = []
    if promise.duration_us and promise.kind != "image":
        parts.append(length(promise.duration_us) + (" in all" if output.numbered else ""))
    if promise.width and promise.height:
        parts.append(f"{promise.width}×{promise.height}")
    parts += [codec for codec in (promise.video_codec, *(promise.audio_codecs or ())) if codec]
    if promise.files:
        parts.append(f"{promise.files} files")
    elif output.numbered:
        parts.append("as many files as come out")
    return ", ".join(parts)


def _estimate(plan: Plan, prices: Prices) -> list[str]:
    cost = plan.estimate
    line = f"{about(cost.wall_ms)} of work on this machine, {size(cost.output_bytes)} written"
    lines = [line + (f", {size(cost.scratch_bytes)} of scratch" if cost.scratch_bytes else "")]
    price = expected(plan, prices)["cost"]
    return lines + ([f"{price['total']:.6g} {prices.currency}".rstrip()] if price["total"] else [])


def _commands(plan: Plan, inputs: Mapping[str, Source], *, verbose: bool) -> Iterator[str]:
    guarded = False
    for number, step, alike in _told_once(plan.steps):
        yield f"{number}. {_title(step, alike)}"
        for item in step.inputs[:_MOST_PARTS]:
            path = inputs.get(item.ref)
            yield f"   in/{item.name} = {shown_path(str(path)) if path else item.ref}"
        if len(step.inputs) > _MOST_PARTS:
            yield f"   and {len(step.inputs) - _MOST_PARTS} more"
        for command in step.commands:
            argv, cut = (command.argv, False) if verbose else without_guard(command.argv)
            guarded |= cut
            yield f"   $ {_line(command, argv)}"
            if command.otherwise is not None:
                plain = command.otherwise if verbose else without_guard(command.otherwise)[0]
                yield f"   where that fails: $ {_line(command, plain)}"
    if guarded:
        yield f"{_GUARD_MARK} stands for the formats and codecs that an input may use: --verbose shows them"


def without_guard(argv: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """`argv` with each input's guard as one short mark, and whether there was one."""
    kept: list[str] = []
    words = iter(argv)
    for word in words:
        if word not in _GUARD:
            kept.append(word)
            continue
        next(words, None)
        if kept[-1:] != [_GUARD_MARK]:
            kept.append(_GUARD_MARK)
    return tuple(kept), _GUARD_MARK in kept


def _line(command: Command, argv: Sequence[str]) -> str:
    return " ".join([command.tool, *(word if word == _GUARD_MARK else _quoted(word) for word in argv)])


def _quoted(word: str) -> str:
    # ffmpeg's filters are full of single quotes, which shlex turns into a thicket.
    return f'"{word}"' if "'" in word and not set(word) & set('"$`\\!') else shlex.quote(word)
