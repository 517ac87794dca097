"""What makes two plans, steps or outputs the same work: commands, the content read, the tools' versions."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace

from framemill.domain.capabilities import Capabilities
from framemill.domain.plan import Output, Step


def fingerprint(
    steps: tuple[Step, ...], *, capabilities: Capabilities, contents: Mapping[str, str] | None = None
) -> str:
    """SHA-256 hex over the steps; `contents` gives each job input's digest where it is known."""
    return _digest(
        {
            "steps": [asdict(step) for step in steps],
            "tools": _tools(capabilities),
            "inputs": dict(sorted((contents or {}).items())),
        }
    )


def marked(
    steps: tuple[Step, ...], *, capabilities: Capabilities, contents: Mapping[str, str] | None = None
) -> tuple[Step, ...]:
    """The steps and their outputs with fingerprints of their own, which hold across jobs.

    They tell by content, not by name: neither keys, titles nor where a result
    is published count. What several taps share a decode for is told apart, so
    an output stays the same when another is asked for beside it. "" where the
    content of an input is not known. `steps` stand in their order.
    """
    known = dict(contents or {})
    done: list[Step] = []
    for step in steps:
        read = [(item.name, known.get(item.ref, "")) for item in step.inputs]
        whole, outputs = "", step.outputs
        if all(content for _, content in read):
            basis = {"read": read, "tools": _tools(capabilities)}
            whole = _digest({"commands": _work(step), **basis})
            outputs = tuple(replace(output, fingerprint=_of(output, whole, basis)) for output in step.outputs)
            known.update((output.id, output.fingerprint) for output in outputs)
        done.append(replace(step, fingerprint=whole, outputs=outputs))
    return tuple(done)


def _of(output: Output, step: str, basis: Mapping[str, object]) -> str:
    if output.recipe:
        return _digest({"recipe": output.recipe, **basis})
    return _digest({"step": step, "path": output.path, "first": output.first})


def _work(step: Step) -> object:
    return [
        [asdict(command) for command in step.commands],
        [asdict(text) for text in step.texts],
        [(output.path, output.first, asdict(output.promise)) for output in step.outputs],
    ]


def _tools(capabilities: Capabilities) -> list[str | None]:
    return [capabilities.ffmpeg_version, capabilities.packager_version]


def _digest(data: Mapping[str, object]) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
