"""Running a command and measuring what it cost, children included."""

import os
import shlex
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# A page shows medians of no fewer rounds.
MEDIAN_OF = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run cost."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    output_bytes: int


def cost_of(argv: Sequence[str], *, output: Path, env: Mapping[str, str] | None = None) -> Cost:
    """Run `argv`, which fills the folder `output`; ends the benchmark with its last words where it fails."""
    before = time.monotonic()
    with output.with_suffix(".log").open("wb") as log:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - before
    if child.returncode != 0:
        tail = output.with_suffix(".log").read_text(errors="replace")[-2000:]
        raise SystemExit(f"{shlex.join(argv)} ended with {child.returncode}:\n{tail}")
    # ru_maxrss is the largest single process, in KiB on Linux and bytes on macOS.
    scale = 1024 if os.uname().sysname == "Darwin" else 1
    return Cost(
        wall_s=wall,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / scale / 1024,
        output_bytes=sum(f.stat().st_size for f in output.rglob("*") if f.is_file()),
    )


def medians(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""

    def middle(figure: Callable[[Cost], float]) -> float:
        return statistics.median(figure(cost) for cost in costs)

    return Cost(
        wall_s=middle(lambda c: c.wall_s),
        cpu_s=middle(lambda c: c.cpu_s),
        peak_mb=middle(lambda c: c.peak_mb),
        output_bytes=round(middle(lambda c: c.output_bytes)),
    )
