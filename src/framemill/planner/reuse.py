"""What of a plan is worth keeping for later jobs, under which key, and what earlier jobs kept of it.

Where the files are, and whether they are still what they were, is the
engine's to know.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Final

from framemill.domain.capabilities import Capabilities
from framemill.domain.estimates import copying
from framemill.domain.plan import Output, Resource, Step
from framemill.domain.work import Tap
from framemill.planner.fuse import fuse

TAKEN: Final = "take from an earlier job: "  # how titles of steps begin that need not encode
# What takes less is made again sooner than it is kept, found and checked.
LEAST_CPU_MS: Final = 250
_CHUNK = ":chunk"  # what a chunk's outputs are called behind the name of the whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Reuse:
    """Whose kept work may be used, and what there is of it."""

    scope: str  # whose: a video's, an owner's. Keys of one are nobody else's
    contents: Mapping[str, str]  # job input -> what tells its content for certain
    kept: frozenset[str] = field(default_factory=frozenset)  # keys that are at hand


def key_of(recipe: str, content: str, *, scope: str, capabilities: Capabilities) -> str:
    """The key of what `recipe` makes of `content` with these tools and this Framemill, for `scope` alone."""
    tools = [capabilities.ffmpeg_version, capabilities.packager_version, version("framemill")]
    text = json.dumps({"recipe": recipe, "content": content, "scope": scope, "tools": tools}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def is_worth_it(tap: Tap) -> bool:
    """True for one file that takes time to encode and depends on nothing but the source and the commands.

    Not for what a device makes, since nobody knows in advance whether it or
    software does, nor where something is found out about the output.
    """
    return (
        tap.output.promise.kind == "media"
        and not tap.output.numbered
        and not (tap.after or tap.reports)
        and not (tap.video is not None and tap.video.hardware is not None)
        and tap.estimate.cpu_ms >= LEAST_CPU_MS
    )


def without_kept(
    taps: Sequence[Tap], reuse: Reuse, *, capabilities: Capabilities
) -> tuple[tuple[Tap, ...], tuple[Step, ...], tuple[str, ...]]:
    """The taps that must be made, steps that take the others from earlier jobs, and what to say of that."""
    fresh: list[Tap] = []
    steps: list[Step] = []
    taken: dict[str, list[str]] = {}
    for tap in taps:
        content = reuse.contents.get(tap.source, "")
        if not (reuse.kept and content and is_worth_it(tap)):
            fresh.append(tap)
            continue
        (alone,) = fuse([tap])
        recipe = alone.outputs[0].recipe
        if key_of(recipe, content, scope=reuse.scope, capabilities=capabilities) not in reuse.kept:
            fresh.append(tap)
            continue
        # With the commands, should it be gone by then; without their time, which would limit them.
        cost = replace(copying(tap.estimate.output_bytes), wall_ms=0)
        steps.append(replace(alone, title=TAKEN + alone.title, resource=Resource.IO, estimate=cost))
        taken.setdefault(tap.operation, []).append(tap.title)
    notes = (
        f"{operation}: {', '.join(titles)}: taken from an earlier job instead of encoded again"
        for operation, titles in taken.items()
    )
    return tuple(fresh), tuple(steps), tuple(notes)


def keyed(
    steps: Iterable[Step], taps: Iterable[Tap], reuse: Reuse, *, capabilities: Capabilities
) -> tuple[Step, ...]:
    """The steps, and on what is worth keeping the key for it: taps' outputs, and chunks of them."""
    worth = {tap.output.id for tap in taps if is_worth_it(tap)}
    refs = frozenset(reuse.contents)

    def marked(step: Step) -> Step:
        content = next(
            (reuse.contents[i.ref] for i in step.inputs if i.name == "source" and i.ref in refs), ""
        )

        def one(output: Output) -> Output:
            if not (content and output.recipe and output.id.partition(_CHUNK)[0] in worth):
                return output
            key = key_of(output.recipe, content, scope=reuse.scope, capabilities=capabilities)
            return replace(output, kept_as=key)

        return replace(step, outputs=tuple(map(one, step.outputs)))

    return tuple(map(marked, steps))
