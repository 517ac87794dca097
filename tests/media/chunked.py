"""Running operations in chunks on clips that are far too short for it, and reading packets to compare."""

import json
import subprocess
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from framemill.app import open_app
from framemill.operations.spec import Spec
from framemill.services.records import JobDetail
from framemill.tools.programs import find_programs


def run_in_chunks(
    source: Path, *specs: Spec, output: Path, slots: int = 2, ffmpeg: Path | None = None
) -> JobDetail:
    """Do `specs` as a machine with `slots` would, one step after the other.

    `ffmpeg` stands in for the real one, outside any sandbox.
    """
    app = open_app(in_memory=True)
    try:
        machine = replace(app.machine, slots=slots)
        if ffmpeg is not None:
            machine = replace(machine, sandbox="off", programs=replace(machine.programs, ffmpeg=ffmpeg))
        vars(app)["machine"] = machine
        job_id = app.jobs.submit(specs, inputs={"input": source}, destination=output)
        detail = app.run_job(job_id)
        assert detail.job.error is None, detail.job.error
        return detail
    finally:
        app.close()


@dataclass(frozen=True, slots=True)
class Packet:
    """A stored picture as a reader sees it."""

    pts: Fraction
    key: bool


def packets(path: Path) -> list[Packet]:
    """The pictures of `path` by the time that they are shown; where they have decode times, those grow."""
    argv = [str(find_programs().ffprobe), "-v", "error", "-select_streams", "v:0", "-of", "json"]
    argv += ["-show_entries", "packet=pts,dts,flags:stream=time_base", str(path)]
    data = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
    base = Fraction(data["streams"][0]["time_base"])
    decoded = [(packet["dts"], packet["pts"]) for packet in data["packets"] if "dts" in packet]
    assert all(a < b for (a, _), (b, _) in pairwise(decoded))
    assert all(dts <= pts for dts, pts in decoded)
    shown = [Packet(packet["pts"] * base, packet["flags"].startswith("K")) for packet in data["packets"]]
    return sorted(shown, key=lambda packet: packet.pts)
