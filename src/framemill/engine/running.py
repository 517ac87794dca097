"""Running one command of a step: a program in its sandbox, or an action of our own; and what all used.

Which commands are run, and what is made of it, is `engine.steps`' work.
"""

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from framemill.commands.failures import classify
from framemill.commands.progress import Progress
from framemill.domain.plan import Command, Estimate
from framemill.engine.actions import act
from framemill.engine.failures import forgivable
from framemill.engine.machine import Machine
from framemill.engine.naming import in_order
from framemill.engine.workbench import Workbench
from framemill.errors import FramemillError, ToolMissing
from framemill.tools.process import Finished, run_tool
from framemill.tools.sandbox import sandboxed

Json = dict[str, Any]  # Any: what actions find out, as stored


class Hold(Protocol):
    """A worker's hold on the task that is being run."""

    def report(
        self, percent: float, speed: float | None, eta_ms: int | None, fps: float | None = None
    ) -> None:
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


@dataclass(slots=True, kw_only=True)
class Runner:
    """What runs the commands of one step in its scratch folder."""

    scratch: Path
    machine: Machine
    hold: Hold
    name: str  # the input as the user knows it
    estimate: Estimate
    used: Used = field(default_factory=Used)
    said: dict[str, list[str]] = field(default_factory=lambda: {"notes": [], "warnings": []})
    found: Json = field(default_factory=dict)

    def wanted(self, command: Command) -> bool:
        """True where what is there by now asks for it."""
        out = self.scratch / "out"
        if command.only_if_missing and (out / command.only_if_missing).exists():
            return False
        if command.only_if_larger is None:
            return True
        name, limit = command.only_if_larger
        return (out / name).exists() and (out / name).stat().st_size > limit

    def perform(
        self,
        command: Command,
        real: Sequence[Path],
        *,
        on_progress: Callable[[Progress], None],
        on_share: Callable[[float], None],
    ) -> None:
        """Run it, for each file of a folder where it says so. It may read `real`, and its own folder."""
        for single in self._singles(self._filled(command)):
            try:
                self._run(single, real, on_progress=on_progress, on_share=on_share)
            except FramemillError as error:
                if not command.forgiven or not forgivable(error):
                    raise

    def _singles(self, command: Command) -> list[Command]:
        """The command itself, or one for each file of the folder that it is to be run for."""
        if command.for_each is None:
            return [command]
        files = in_order((self.scratch / "in" / command.for_each).iterdir())
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
        values: Json = json.loads((self.scratch / command.filled_from).read_text("utf-8"))
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
                scratch=self.scratch,
                ffmpeg=lambda argv: self._call("ffmpeg", argv, real, on_progress=None),
                report=on_share,
                say=lambda text, warning: self.said["warnings" if warning else "notes"].append(text),
                trial=lambda argv, on_progress: self._call(
                    "ffmpeg", argv, real, on_progress=on_progress, recorded=False
                ),
                found=lambda name, data: self.found.update({name: dict(data)}),
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
                argv, readable=real, writable=(self.scratch,), mode=self.machine.sandbox, devices=device
            ),
            cwd=self.scratch,
            limits=self.machine.limits_for(self.estimate, device=device),
            on_progress=on_progress,
            cancelled=self.hold.stopped,
            on_start=self.hold.tool_started,
        )
        self.used.add(done)
        if done.exit_code != 0:
            raise classify(tool=tool, exit_code=done.exit_code, tail=done.tail, name=self.name)
        return done

    def _program(self, tool: str) -> str:
        programs = self.machine.programs
        path = programs.ffmpeg if tool == "ffmpeg" else programs.packager
        if path is None:
            raise ToolMissing(tool)
        return str(path)
