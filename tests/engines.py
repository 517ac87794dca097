"""Builders for tests of the engine: a clock that stands still, plans without programs, a worker."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from framemill.domain.capabilities import Capabilities
from framemill.domain.plan import Command, Estimate, Output, Plan, Promise, Role, Step, StepInput, TextFile
from framemill.domain.sources import Source
from framemill.engine.equipment import Pace
from framemill.engine.events import Event
from framemill.engine.machine import Machine
from framemill.engine.places import Places
from framemill.engine.planning import Planner
from framemill.engine.workbench import Workbench
from framemill.engine.worker import Worker
from framemill.fetch.wishes import Downloader
from framemill.operations.spec import Spec
from framemill.services.jobs import Jobs
from framemill.storage.kept import Kept
from framemill.store.database import Database
from framemill.tools.process import Finished
from framemill.tools.programs import Programs

NOWHERE = Path("/nonexistent")


def a_workbench(scratch: Path) -> Workbench:
    """A workbench whose programs do nothing and succeed."""
    done = Finished(exit_code=0, tail=(), wall_ms=0, cpu_ms=0, peak_memory_bytes=0)
    return Workbench(scratch=scratch, ffmpeg=lambda _argv: done)


@dataclass
class Clock:
    """Time that only moves when a test says so."""

    at: datetime = datetime(2026, 11, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Anything(Spec):
    """A spec whose plan a test brings along."""

    op: str = "proxy"
    version: int = 1


@dataclass
class Watcher:
    """Keeps every event."""

    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.events.append(event)


def a_machine(programs: Programs | None = None) -> Machine:
    return Machine(
        programs=programs or Programs(ffmpeg=NOWHERE, ffprobe=NOWHERE),
        capabilities=Capabilities(ffmpeg_version="9.0", ffprobe_version="9.0"),
        profiles={},
        sandbox="off",
    )


def a_copy(
    key: str = "copy",
    *,
    ref: str = "input",
    publish: str | None = "copy.txt",
    commands: Sequence[Command] | None = None,
    promise: Promise | None = None,
    path: str = "copy.txt",
    estimate: Estimate | None = None,
    kept_as: str = "",
    texts: Sequence[TextFile] = (),
) -> Step:
    """A step that copies what it reads, without any program."""
    return Step(
        key=key,
        operation="proxy",
        title=f"copy {ref}",
        commands=tuple(commands or (a_command("copy", "in/source", f"out/{path}"),)),
        inputs=(StepInput(name="source", ref=ref),),
        outputs=(
            Output(
                id=f"{key}.out",
                path=path,
                role=Role.REPORT if publish else Role.INTERMEDIATE,
                promise=promise or Promise(kind="data"),
                publish=publish,
                kept_as=kept_as,
            ),
        ),
        texts=tuple(texts),
        estimate=estimate or Estimate(),
    )


def a_command(*argv: str) -> Command:
    return Command(tool="builtin", argv=argv)


def a_plan(*steps: Step, notes: Sequence[str] = ()) -> Plan:
    return Plan(steps=steps, inputs=("input",), notes=tuple(notes), fingerprint="f1")


def planning(plan: Plan) -> Planner:
    """A planner that always says the same."""
    return lambda _request, _machine, _stop, _report: plan


@dataclass
class Bench:
    """A database, a folder and a worker for one test."""

    database: Database
    clock: Clock
    folder: Path
    watcher: Watcher = field(default_factory=Watcher)
    downloader: Downloader | None = None
    kept: Kept | None = None  # what later jobs may use again

    @property
    def jobs(self) -> Jobs:
        return Jobs(self.database)

    @property
    def destination(self) -> Path:
        return self.folder / "results"

    def submit(
        self,
        inputs: Mapping[str, Source] | None = None,
        *,
        overwrite: bool = False,
        resume: bool = False,
        reuse: bool = True,
    ) -> str:
        return self.jobs.submit(
            [Anything()],
            inputs=inputs or {"input": self.an_input()},
            destination=self.destination,
            overwrite=overwrite,
            resume=resume,
            reuse=reuse,
        )

    def an_input(self, name: str = "source.txt", text: str = "hello") -> Path:
        path = self.folder / name
        if not path.exists():
            path.write_text(text)
        return path

    def worker(self, plan: Plan, *, machine: Machine | None = None, side_by_side: int = 1) -> Worker:
        pace = Pace(wait=self.clock.pass_by, spread=lambda: 0.0)
        return Worker(
            database=self.database,
            machine=lambda: machine or a_machine(),
            sink=self.watcher,
            pace=pace,
            planner=planning(plan),
            side_by_side=side_by_side,
            downloader=_giving(self.downloader),
            places=Places(open_kept=lambda _stored: self.kept),
        )

    def left_over(self) -> list[str]:
        """Everything below the destination."""
        return sorted(p.relative_to(self.destination).as_posix() for p in self.destination.rglob("*"))


def _giving(downloader: Downloader | None) -> Callable[[], Downloader] | None:
    return None if downloader is None else lambda: downloader
