"""Making a plan of specs and files: probe, gather the facts that planning asks for, compile."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from framemill.domain.hardware import Acceleration
from framemill.domain.plan import Plan
from framemill.domain.units import format_size
from framemill.engine.gathering import answer, first_look, kinds_of, subtitle_files
from framemill.engine.machine import Machine, Report, Stop
from framemill.engine.naming import targets_of
from framemill.engine.publication import check_targets
from framemill.engine.reusing import Shelf
from framemill.errors import DiskFull, FramemillError
from framemill.operations.planning import FactNeeded, Facts, Question
from framemill.operations.spec import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be planned."""

    specs: Sequence[Spec]
    inputs: Mapping[str, Path]
    digests: Mapping[str, str] | None = None
    explaining: bool = False  # nothing will run: the plan is only shown
    shelf: Shelf | None = None  # of earlier jobs' work; with it, `digests` are given
    slots: int | None = None  # steps that may run side by side; None: as many as on this machine


# Replaced in tests of the engine, which bring plans of their own.
Planner = Callable[[Request, Machine, Stop, Report], Plan]


def never() -> bool:
    """Nobody stops this."""
    return False


def silent(_share: float) -> None:
    """Nobody listens."""


def make_plan(request: Request, machine: Machine, stop: Stop = never, report: Report = silent) -> Plan:
    """The plan of `request`; probes every input, and reads further facts only where planning asks.

    `report` hears how far that is where it takes long, as encoding samples does.

    Raises what probing and planning raise: InputNotFound, InputUnreadable,
    NoVideoStream, InvalidSpec and so on.
    """
    from framemill.planner.compile import compile_plan

    kinds = kinds_of(request.specs, request.inputs)
    media, pictures = first_look(kinds, request.inputs, machine, stop)
    acceleration = _acceleration(request.specs, machine, stop)
    subtitles = subtitle_files(kinds, request.inputs)
    answers: dict[Question, object] = {}
    shelf = request.shelf
    reuse = shelf.reuse(request.inputs, request.digests or {}) if shelf is not None else None
    first: Plan | None = None
    while True:
        facts = Facts(
            media=media,
            pictures=pictures,
            subtitles=subtitles,
            answers=dict(answers),
            explaining=request.explaining,
            stems={name: _readable(path.stem) for name, path in request.inputs.items()},
        )
        try:
            plan = compile_plan(
                request.specs,
                facts=facts,
                capabilities=machine.capabilities,
                profiles=machine.profiles,
                contents=request.digests,
                acceleration=acceleration,
                slots=request.slots or machine.slots,
                reuse=reuse,
            )
        except FactNeeded as needed:
            asked = needed.question
            if asked in answers:
                raise FramemillError(f"planning asks again for what it knows: {asked}") from needed
            path, about = request.inputs[asked.source], media[asked.source]
            answers[asked] = answer(asked, path, about, machine, stop, report)
            continue
        if first is not None:
            return replace(
                plan, fingerprint=first.fingerprint
            )  # what is at hand does not change what was asked
        if shelf is None or reuse is None or not (kept := shelf.among(plan)):
            return plan
        first, reuse = plan, replace(reuse, kept=kept)


def _acceleration(specs: Sequence[Spec], machine: Machine, stop: Stop) -> Acceleration:
    """What devices there are, looked for only where one may be used."""
    wishes = {getattr(spec, "hardware", "off") or machine.hardware for spec in specs}
    if wishes <= {"off"}:
        return Acceleration()
    return Acceleration(default=machine.hardware, found=machine.accelerators(stop))


def _readable(stem: str) -> str:
    """A name that every file system, JSON and terminal can take: bytes that are no text are marked."""
    return stem.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def check_plan(plan: Plan, *, destination: Path, inputs: Mapping[str, Path], overwrite: bool) -> None:
    """Refuse a plan whose results exist, would replace an input, or do not fit on the disk."""
    check_targets(
        (target for output in plan.outputs() for target in targets_of(output, destination)),
        inputs=inputs.values(),
        overwrite=overwrite,
    )
    place = next(path for path in (destination, *destination.parents) if path.exists())
    disk = shutil.disk_usage(place)
    # A pseudo file system has no size; writing there fails with its own reason.
    free = disk.free if disk.total else sys.maxsize
    estimate = plan.estimate
    wanted = estimate.output_bytes + estimate.scratch_bytes
    if wanted > free:
        raise DiskFull(
            f"the work needs about {format_size(wanted)} and {place} has {format_size(free)} left",
            hint="free some space, or choose a destination on another disk",
        )
