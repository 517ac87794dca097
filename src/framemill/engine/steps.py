"""Running one step: stage, run its commands in order, verify, measure. Publishing is not its work."""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from framemill.commands.failures import classify
from framemill.commands.hardware_trials import meaning
from framemill.commands.progress import Progress
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Command, Output, Step
from framemill.engine.actions import act
from framemill.engine.digests import digest
from framemill.engine.early import EarlyLooks
from framemill.engine.failures import forgivable
from framemill.engine.machine import Machine
from framemill.engine.naming import in_order
from framemill.engine.progress import StepProgress
from framemill.engine.stored import dump
from framemill.engine.verify import Made, verify
from framemill.engine.workbench import Workbench
from framemill.engine.workspace import remove, stage
from framemill.errors import FramemillError, ToolFailed, ToolMissing
from framemill.planner.reuse import TAKEN
from framemill.tools.process import Finished, run_tool
from framemill.tools.sandbox import sandboxed

Json = dict[str, Any]  # Any: the task's result as stored

# Failures that software would meet as well.
_NOT_THE_DEVICES = frozenset(
    {"cancelled", "destination_unwritable", "disk_full", "input_not_found", "lease_lost", "tool_missing"}
)


class Hold(Protocol):
    """A worker's hold on the task that is being run."""

    def report(self, percent: float, speed: float | None, eta_ms: int | None) -> None:
        """Say how far the task is."""

    def stopped(self) -> bool:
        """True where the work must end: cancelled, or somebody else has the task now."""

    def tool_started(self, pid: int, started: float) -> None:
        """Note which process works for the task, so that it can be found if this one dies."""


@dataclass(slots=True, kw_only=True)
class Used:
    """What the commands of a step used."""

    commands: list[str] = field(default_factory=list)  # as a shell would take them
    wall_ms: int = 0
    cpu_ms: int = 0
    peak_memory_bytes: int = 0

    def add(self, done: Finished) -> None:
        """Count one more run."""
        self.wall_ms += done.wall_ms
        self.cpu_ms += done.cpu_ms
        self.peak_memory_bytes = max(self.peak_memory_bytes, done.peak_memory_bytes)


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
        self.used = Used()
        self.taken = False  # from an earlier job, so that no command had to run
        self.refused = False  # what there was of an earlier job did not keep the step's promise
        self._take = take or _nothing  # puts what the step makes into a folder, where an earlier job made it
        self._found: Json = {}
        self._step = step
        self._scratch = scratch
        self._machine = machine
        self._hold = hold
        self._name = name  # the input as the user knows it
        self._said: dict[str, list[str]] = {"notes": [], "warnings": []}

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
                self._said = {"notes": [], "warnings": []}
                return self.run(sources)
            plain = tuple(command.in_software() for command in self._step.commands)
            if plain == self._step.commands or error.code in _NOT_THE_DEVICES:
                raise
            why = meaning(error.tail, error.exit_code) if isinstance(error, ToolFailed) else error.message
            said = f"{self._step.title}: encoding on the GPU failed and was done again in software ({why})"
        self._said = {"notes": [], "warnings": [said]}
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
                if self._wanted(command):
                    progress.started(number)
                    self._perform(command, number, real, progress)
            outputs = {output.id: self._verified(output) for output in self._step.outputs}
        return {
            "scratch": self._scratch.name,
            "outputs": outputs,
            "commands": self.used.commands,
            **self._said,
            **({"found": self._found} if self._found else {}),
        }

    def _say_taken(self, commands: Sequence[Command]) -> None:
        """Record what made it, as far as a plan can say, and that nothing of it was run here."""
        self.used.commands += [
            shlex.join(("framemill:kept", *(output.kept_as for output in self._step.outputs))),
            *(shlex.join((command.tool, *command.argv)) for command in commands),
        ]
        if not self._step.title.startswith(TAKEN):
            self._said["notes"].append(f"{self._step.title}: taken from an earlier job instead")

    def _perform(self, command: Command, number: int, real: Sequence[Path], progress: StepProgress) -> None:
        def reported(at: Progress) -> None:
            progress.reported(number, at)
            self._early.notice()

        for single in self._singles(self._filled(command)):
            try:
                self._run(single, real, on_progress=reported, on_share=partial(progress.shared, number))
            except FramemillError as error:
                if not command.forgiven or not forgivable(error):
                    raise

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

    def _wanted(self, command: Command) -> bool:
        out = self._scratch / "out"
        if command.only_if_missing and (out / command.only_if_missing).exists():
            return False
        if command.only_if_larger is None:
            return True
        name, limit = command.only_if_larger
        return (out / name).exists() and (out / name).stat().st_size > limit

    def _singles(self, command: Command) -> list[Command]:
        """The command itself, or one for each file of the folder that it is to be run for."""
        if command.for_each is None:
            return [command]
        files = in_order((self._scratch / "in" / command.for_each).iterdir())
        return [
            replace(
                command,
                argv=tuple(
                    arg.replace("{file}", file.name)
                    .replace("{stem}", file.stem)
                    .replace("{number}", f"{n:03}")
                    for arg in command.argv
                ),
            )
            for n, file in enumerate(files, 1)
        ]

    def _filled(self, command: Command) -> Command:
        """The command with what earlier ones found out in its arguments."""
        if command.filled_from is None:
            return command
        values: Json = json.loads((self._scratch / command.filled_from).read_text("utf-8"))
        argv = list(command.argv)
        for name, value in values.items():
            argv = [arg.replace("{" + name + "}", str(value)) for arg in argv]
        return replace(command, argv=tuple(argv))

    def _run(
        self,
        command: Command,
        real: Sequence[Path],
        *,
        on_progress: Callable[[Progress], None],
        on_share: Callable[[float], None],
    ) -> None:
        if command.tool == "builtin":
            self.used.commands.append(shlex.join(("framemill:" + command.argv[0], *command.argv[1:])))
            bench = Workbench(
                scratch=self._scratch,
                ffmpeg=lambda argv: self._call("ffmpeg", argv, real, on_progress=None),
                report=on_share,
                say=lambda text, warning: self._said["warnings" if warning else "notes"].append(text),
                trial=lambda argv, on_progress: self._call(
                    "ffmpeg", argv, real, on_progress=on_progress, recorded=False
                ),
                found=lambda name, data: self._found.update({name: dict(data)}),
            )
            act(bench, command.argv)
            return
        self._call(
            command.tool,
            command.argv,
            real,
            on_progress=on_progress if command.tool == "ffmpeg" else None,
            device=command.otherwise is not None,
        )

    def _call(
        self,
        tool: str,
        arguments: tuple[str, ...],
        real: Sequence[Path],
        *,
        on_progress: Callable[[Progress], None] | None,
        device: bool = False,
        recorded: bool = True,
    ) -> Finished:
        argv = (self._program(tool), *arguments)
        if recorded:
            self.used.commands.append(shlex.join(argv))
        done = run_tool(
            sandboxed(
                argv, readable=real, writable=(self._scratch,), mode=self._machine.sandbox, devices=device
            ),
            cwd=self._scratch,
            limits=self._machine.limits_for(self._step.estimate, device=device),
            on_progress=on_progress,
            cancelled=self._hold.stopped,
            on_start=self._hold.tool_started,
        )
        self.used.add(done)
        if done.exit_code != 0:
            raise classify(tool=tool, exit_code=done.exit_code, tail=done.tail, name=self._name)
        return done

    def _program(self, tool: str) -> str:
        programs = self._machine.programs
        path = programs.ffmpeg if tool == "ffmpeg" else programs.packager
        if path is None:
            raise ToolMissing(tool)
        return str(path)

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
