"""Turns a list of specs into one plan: plans each operation, then fuses across them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from framemill.domain.capabilities import Capabilities
from framemill.domain.hardware import Acceleration
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Boundary, Dropped, Output, Plan, Step
from framemill.domain.profiles import Profile
from framemill.domain.work import Product, Tap
from framemill.errors import InvalidSpec
from framemill.operations.planning import INPUT, FactNeeded, Facts, Planning, Question
from framemill.operations.registry import operation
from framemill.operations.spec import Spec
from framemill.planner.chunk import chunked
from framemill.planner.conditions import holds
from framemill.planner.fingerprint import fingerprint, marked
from framemill.planner.reuse import Reuse, keyed, without_kept


def compile_plan(
    specs: Sequence[Spec],
    *,
    facts: Facts,
    capabilities: Capabilities,
    profiles: Mapping[str, Profile],
    contents: Mapping[str, str] | None = None,
    acceleration: Acceleration | None = None,
    slots: int = 1,
    reuse: Reuse | None = None,
) -> Plan:
    """The plan of `specs`, in which later ones may read what earlier ones make.

    `slots` is how many steps may run side by side; `reuse` says what need not
    be made again, and has what is worth it kept. Raises FactNeeded where
    something must be read from an input first, and the operations' own errors;
    InvalidSpec for names that clash.
    """
    if not specs:
        raise InvalidSpec("there is nothing to do", hint="give at least one operation")
    products: dict[str, tuple[Product, ...]] = {
        name: (Product(ref=name, label=name, media=media),) for name, media in facts.media.items()
    }
    taps: list[Tap] = []
    steps: list[Step] = []
    notes: list[str] = []
    warnings = [f"{name}: {text}" for name, media in facts.media.items() for text in media.warnings]
    boundaries: list[Boundary] = []
    lost: dict[str, list[tuple[Dropped, ...]]] = {}
    for spec in specs:
        name = _free_name(spec, products)
        if spec.when is not None and not holds(spec.when, _main(facts, spec)):
            notes.append(f"{name}: left out, since not: {spec.when}")
            continue
        work = operation(spec.op).plan(
            spec,
            Planning(
                name=name,
                facts=facts,
                capabilities=capabilities,
                profiles=profiles,
                products=products,
                acceleration=acceleration or Acceleration(),
            ),
        )
        products[name] = work.products
        taps += work.taps if spec.keep else tuple(_tap_unpublished(tap) for tap in work.taps)
        steps += work.steps if spec.keep else tuple(_step_unpublished(step) for step in work.steps)
        notes += work.notes
        warnings += work.warnings
        boundaries += work.boundaries
        if work.dropped is not None:
            for source in _sources(spec):
                lost.setdefault(source, []).append(work.dropped)
    fresh, old, taken = without_kept(taps, reuse, capabilities=capabilities) if reuse else (taps, (), ())
    encodes, said = chunked(fresh, slots=slots, keyframes=lambda source: _keyframes(source, facts))
    notes += (*taken, *said)
    ordered = _in_order((*old, *encodes, *steps), inputs=frozenset({*facts.media, *facts.stems}))
    _check_names(ordered)
    found = marked(ordered, capabilities=capabilities, contents=contents)
    return Plan(
        steps=keyed(found, taps, reuse, capabilities=capabilities) if reuse else found,
        inputs=tuple(facts.stems or facts.media),
        notes=tuple(dict.fromkeys(notes)),
        warnings=tuple(dict.fromkeys(warnings)),
        dropped=_left_behind(lost),
        boundaries=tuple(boundaries),
        fingerprint=fingerprint(ordered, capabilities=capabilities, contents=contents),
    )


def _main(facts: Facts, spec: Spec) -> MediaInfo:
    """What conditions are about: the input called so, else the first."""
    if not facts.media:
        raise InvalidSpec(f"{spec.op}: `when` is about footage, and no input is any")
    return facts.media.get(INPUT) or next(iter(facts.media.values()))


def _keyframes(source: str, facts: Facts) -> tuple[int, ...] | None:
    """When the keyframes of a job input are; None of anything else. Raises FactNeeded."""
    if source not in facts.media:
        return None
    question = Question("keyframes", source)
    if question not in facts.answers:
        raise FactNeeded(question)
    return cast("tuple[int, ...]", facts.answers[question])


def _free_name(spec: Spec, taken: Mapping[str, object]) -> str:
    name = spec.name or spec.op
    if name not in taken:
        return name
    if spec.name is not None:
        raise InvalidSpec(f"two things are called {name!r}", hint="give each operation a name of its own")
    number = next(n for n in range(2, len(taken) + 3) if f"{name}_{n}" not in taken)
    return f"{name}_{number}"


def _sources(spec: Spec) -> tuple[str, ...]:
    several: tuple[str, ...] = getattr(spec, "sources", ())
    return several or (spec.source,)


def _left_behind(lost: Mapping[str, Sequence[tuple[Dropped, ...]]]) -> tuple[Dropped, ...]:
    """What no operation carries: a stream that one leaves behind may be in another's result."""
    found: list[Dropped] = []
    for versions in lost.values():
        everywhere = set.intersection(*({(d.source, d.stream) for d in version} for version in versions))
        found += [d for d in versions[0] if (d.source, d.stream) in everywhere]
    return tuple(dict.fromkeys(found))


def _tap_unpublished(tap: Tap) -> Tap:
    return replace(
        tap,
        output=replace(tap.output, publish=None),
        reports=tuple(replace(output, publish=None) for output in tap.reports),
    )


def _step_unpublished(step: Step) -> Step:
    return replace(step, outputs=tuple(replace(output, publish=None) for output in step.outputs))


def _in_order(steps: tuple[Step, ...], *, inputs: frozenset[str]) -> tuple[Step, ...]:
    """The steps so that each stands after those whose outputs it reads."""
    ready = set(inputs)
    waiting = list(steps)
    ordered: list[Step] = []
    while waiting:
        runnable = [step for step in waiting if all(item.ref in ready for item in step.inputs)]
        if not runnable:
            lost = next(item.ref for item in waiting[0].inputs if item.ref not in ready)
            raise InvalidSpec(f"step {waiting[0].key!r} reads {lost!r}, which nothing makes")
        for step in runnable:
            ordered.append(step)
            ready.update(output.id for output in step.outputs)
        waiting = [step for step in waiting if step not in runnable]
    return tuple(ordered)


def _check_names(steps: tuple[Step, ...]) -> None:
    outputs: list[Output] = [output for step in steps for output in step.outputs]
    for attribute in ("id", "publish"):
        seen: set[str] = set()
        for output in outputs:
            value = getattr(output, attribute)
            if value is not None and value in seen:
                raise InvalidSpec(
                    f"two results would be called {value!r}", hint="set `output` to tell them apart"
                )
            seen.add(value)
    keys = [step.key for step in steps]
    if len(set(keys)) != len(keys):
        raise InvalidSpec("two steps have one key", hint="give operations of the same kind a `name`")
