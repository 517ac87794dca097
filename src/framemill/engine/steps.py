"""Running one step: stage, run its commands in order, verify, measure. Publishing is not its work.

How a single command is run is `engine.running`'s work.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from framemill.commands.hardware_trials import meaning
from framemill.commands.progress import Progress
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Command, Output, Step
from framemill.engine.digests import digest
from framemill.engine.early import EarlyLooks
from framemill.engine.machine import Machine
from framemill.engine.progress import StepProgress
from framemill.engine.running import Hold, Runner, Used
from framemill.engine.stored import dump
from framemill.engine.verify import Made, verify
from framemill.engine.workspace import remove, stage
from framemill.errors import FramemillError, ToolFailed
from framemill.planner.reuse import TAKEN

Json = dict[str, Any]  # Any: the task's result as stored

# Failures that software would meet as well.
_NOT_THE_DEVICES = frozenset(
    {"cancelled", "destination_unwritable", "disk_full", "input_not_found", "lease_lost", "tool_missing"}
)


class StepRun:
    """One attempt at a step in its scratch folder."""

    def __init__(
        self,
        step: Step,
        *,
        scratch: Path,
        machine: Machine,
        hold: Hold,
        name: str,
        take: Callable[[Path], bool] | None = None,
    ) -> None:
        self._runner = Runner(scratch=scratch, machine=machine, hold=hold, name=name, estimate=step.estimate)
        self.taken = False  # from an earlier job, so that no command had to run
        self.refused = False  # what there was of an earlier job did not keep the step's promise
        self._take = take or _nothing  # puts what the step makes into a folder, where an earlier job made it
        self._step = step
        self._scratch = scratch
        self._machine = machine
        self._hold = hold

    @property
    def used(self) -> Used:
        """What its commands used so far."""
        return self._runner.used

    def run(self, sources: Mapping[str, Path | Sequence[Path]]) -> Json:
        """Make and verify the outputs; returns what the task's record keeps of them.

        `sources` are the real files behind the step's inputs. Commands that
        use a device are run again in software where they, or what they made,
        fail. Raises what the programs' failures mean, OutputInvalid,
        Cancelled, TimedOut.
        """
        try:
            return self._attempt(self._step.commands, sources)
        except FramemillError as error:
            if self.taken and error.code not in _NOT_THE_DEVICES:
                # Whatever is wrong with what was taken, it can be made.
                self._take, self.refused = _nothing, True
                self.used.commands.clear()
                self._runner.said = {"notes": [], "warnings": []}
                return self.run(sources)
            plain = tuple(command.in_software() for command in self._step.commands)
            if plain == self._step.commands or error.code in _NOT_THE_DEVICES:
                raise
            why = meaning(error.tail, error.exit_code) if isinstance(error, ToolFailed) else error.message
            said = f"{self._step.title}: encoding on the GPU failed and was done again in software ({why})"
        self._runner.said = {"notes": [], "warnings": [said]}
        return self._attempt(plain, sources)

    def _attempt(self, commands: Sequence[Command], sources: Mapping[str, Path | Sequence[Path]]) -> Json:
        remove(self._scratch)
        real = stage(self._scratch, self._step, sources)
        progress = StepProgress(commands, self._hold.report)
        self.taken = self._take(self._scratch / "out")
        if self.taken:
            self._say_taken(commands)
        with EarlyLooks(self._step.outputs, self._scratch / "out", self._look_now) as self._early:
            for number, command in enumerate(() if self.taken else commands):
                if self._runner.wanted(command):
                    progress.started(number)
                    self._perform(command, number, real, progress)
            outputs = {output.id: self._verified(output) for output in self._step.outputs}
        return {
            "scratch": self._scratch.name,
            "outputs": outputs,
            "commands": self.used.commands,
            **self._runner.said,
            **({"found": found} if (found := self._runner.found) else {}),
        }

    def _say_taken(self, commands: Sequence[Command]) -> None:
        """Record what made it, as far as a plan can say, and that nothing of it was run here."""
        self.used.commands += [
            shlex.join(("framemill:kept", *(output.kept_as for output in self._step.outputs))),
            *(shlex.join((command.tool, *command.argv)) for command in commands),
        ]
        if not self._step.title.startswith(TAKEN):
            self._runner.said["notes"].append(f"{self._step.title}: taken from an earlier job instead")

    def _perform(self, command: Command, number: int, real: Sequence[Path], progress: StepProgress) -> None:
        def reported(at: Progress) -> None:
            progress.reported(number, at)
            self._early.notice()

        self._runner.perform(command, real, on_progress=reported, on_share=partial(progress.shared, number))

    def look(self, path: Path) -> MediaInfo:
        """As Eye says."""
        return self._early.look(path)

    def _look_now(self, path: Path) -> MediaInfo:
        return self._machine.look(path, name=path.name, stop=self._hold.stopped)

    def packets(self, path: Path, stream: int) -> int:
        """As Eye says."""
        return self._machine.packets(path, stream=stream, stop=self._hold.stopped)

    def decode(self, path: Path, *, demuxer: str | None) -> None:
        """As Eye says; only where full verification was asked for."""
        if self._machine.verify == "full":
            self._machine.decode(path, demuxer=demuxer, stop=self._hold.stopped)

    def _verified(self, output: Output) -> list[Json]:
        out = self._scratch / "out"
        return [
            _record(made, out, published=output.publish is not None) for made in verify(output, out, self)
        ]


def _nothing(_out: Path) -> bool:
    """Nothing was made earlier."""
    return False


def _record(made: Made, out: Path, *, published: bool) -> Json:
    return {
        "path": made.path,
        "bytes": made.bytes,
        "folder": made.folder,
        "media": dump(made.media) if made.media else None,
        # Nobody compares what is thrown away at the end.
        "digest": digest(out / made.path) if published else None,
    }


def sources_of(
    step: Step,
    *,
    inputs: Mapping[str, Path],
    results: Sequence[tuple[Step, Json]],
    root: Path,
) -> dict[str, Path | list[Path]]:
    """The real files behind a step's inputs: the job's own, or what earlier steps made below `root`."""
    found: dict[str, Path | list[Path]] = dict(inputs)
    wanted = {item.ref for item in step.inputs}
    for maker, result in results:
        for output in maker.outputs:
            if output.id in wanted:
                out = root / result["scratch"] / "out"
                files = [out / made["path"] for made in result["outputs"][output.id]]
                found[output.id] = files if output.numbered else files[0]
    return found
