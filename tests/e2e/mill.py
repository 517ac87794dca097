"""Run as a program by test_kill: works on one job until it ends or until somebody kills it.

    python -m tests.e2e.mill FOLDER submit|retry [SLOW]

The plan: two encodes that take a second each, and a copy, all published. A step whose scratch folder ends
in the pattern SLOW, such as `two-*`, takes most of a minute instead: nobody is too late to meet it.
"""

import shlex
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from framemill.commands.source import read
from framemill.domain.plan import Command, Output, Plan, Promise, Role, Step, StepInput
from framemill.store.database import open_database
from framemill.tools.programs import Programs, find_programs
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


def programs(folder: Path, slow: str | None) -> Programs:
    """The real ones, with an ffmpeg that takes its time in the step `slow`."""
    found = find_programs()
    if slow is None:
        return found
    ffmpeg, real = folder / "ffmpeg", shlex.quote(str(found.ffmpeg))
    ffmpeg.write_text(
        f'#!/bin/sh\ncase $PWD in *-{slow}) exec {real} -readrate 0.1 "$@" ;; esac\nexec {real} "$@"\n'
    )
    ffmpeg.chmod(0o755)
    return replace(found, ffmpeg=ffmpeg)


def main() -> None:
    """Do what the arguments say."""
    # A parent in the background hands on that it ignores Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    folder, what, slow = Path(sys.argv[1]), sys.argv[2], next(iter(sys.argv[3:]), None)
    place = bench(folder)
    if what == "submit":
        job = place.submit({"input": folder / "film.mp4"})
    else:
        job = place.jobs.list()[0].id
        place.jobs.retry(job)
    place.worker(plan(), machine=a_machine(programs(folder, slow))).run_job(job)


if __name__ == "__main__":
    main()
