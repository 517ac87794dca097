"""Run as a program by test_kill: works on one job until it ends or until somebody kills it.

    python -m tests.e2e.mill FOLDER submit|retry|disk

The plan: two encodes that take a second each, and their copies, all published.
"""

import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from framemill.commands.source import read
from framemill.domain.plan import Command, Output, Plan, Promise, Role, Step, StepInput
from framemill.store.database import open_database
from framemill.tools.programs import find_programs
from tests.engines import Bench, Clock, a_machine, a_plan


def plan() -> Plan:
    """Three steps in a row: encode, encode what that made, wrap it anew."""
    return a_plan(
        _encode("one", ref="input"), _encode("two", ref="one.out"), _encode("three", ref="two.out", copy=True)
    )


def _encode(key: str, *, ref: str, copy: bool = False) -> Step:
    # -readrate 4: four seconds of film take one, on any machine.
    source = read("source", demuxer="mov", before=() if copy else ("-readrate", "4"))
    codec = ("-c", "copy") if copy else ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
    return Step(
        key=key,
        operation="transcode",
        title=key,
        commands=(
            Command(tool="ffmpeg", argv=("-y", *source, *codec, "file:out/film.mp4"), duration_us=4_000_000),
        ),
        inputs=(StepInput(name="source", ref=ref),),
        outputs=(
            Output(
                id=f"{key}.out",
                path="film.mp4",
                role=Role.CLIP,
                promise=Promise(kind="media", duration_us=4_000_000, frame_us=40_000, frames=100),
                publish=f"{key}.mp4",
            ),
        ),
    )


def bench(folder: Path) -> Bench:
    """The folder's database and destination."""
    clock = Clock(datetime.now(UTC))
    return Bench(
        database=open_database(f"sqlite:///{folder / 'data' / 'f.db'}", clock=clock),
        clock=clock,
        folder=folder,
    )


def main() -> None:
    """Do what the arguments say."""
    # A parent in the background hands on that it ignores Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(sys.argv[1])
    place = bench(folder)
    if sys.argv[2] == "submit":
        job = place.submit({"input": folder / "film.mp4"})
    else:
        job = place.jobs.list()[0].id
        place.jobs.retry(job)
    place.worker(plan(), machine=a_machine(find_programs())).run_job(job)


if __name__ == "__main__":
    main()
