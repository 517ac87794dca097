"""Runs every operation and its hand-written command in turns, and writes docs/compared.md."""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Cost, cost_of, medians
from benchmarks.operations import SECONDS, Case, cases, prepare
from benchmarks.rightness import Bench
from framemill.tools.programs import Programs

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "compared.md"
_HEAD = """# Each operation against a command typed by hand

Written by `make bench`; do not edit. The clip: {seconds} s of 1080p30 H.264 with stereo AAC ({made_of});
{machine}. Each pair ran in turns in the same minutes; medians of {rounds} rounds. Our times hold
everything: the start of the program, planning, the job's record, and the check of what was made, which
the command by hand leaves to you. That is most of a second, whatever the work. "Wrong" is measured on
the results of both in the same way; 0 is right.

| operation | by hand | s: ours | s: hand | wall | CPU | bytes | wrong: ours | wrong: hand | as right |
|---|---|---|---|---|---|---|---|---|---|
"""


def compare(programs: Programs, options: argparse.Namespace) -> None:
    """Measure every case and write the page."""
    made_of, bench = prepare(programs, corpus=options.corpus, cache=options.cache)
    wanted = [c for c in cases(bench) if not options.operation or c.operation.split()[0] in options.operation]
    rows = []
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        work = Path(folder)
        env = {**os.environ, "FRAMEMILL_DATA_DIR": str(work / "data")}
        for case in wanted:
            rows.append(_row(case, bench, work, env, rounds=options.rounds))
            print(rows[-1], flush=True)
    if options.operation:
        return
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    head = _HEAD.format(seconds=SECONDS, made_of=made_of, machine=machine, rounds=options.rounds)
    _PAGE.write_text(head + "\n".join(rows) + "\n", "utf-8")


def _row(case: Case, bench: Bench, work: Path, env: dict[str, str], *, rounds: int) -> str:
    commands = {
        "theirs": [str(bench.programs.ffmpeg), "-nostdin", "-v", "error", "-y", *case.by_hand],
        "ours": [sys.executable, "-m", "framemill", *case.ours],
    }
    costs: dict[str, list[Cost]] = {"ours": [], "theirs": []}
    wrong: dict[str, float | None] = {}
    for number in range(rounds):
        for who, argv in commands.items():
            out = work / f"{who}-{number}"
            out.mkdir()
            filled = [word.replace("{out}", str(out)) for word in argv]
            costs[who].append(cost_of(filled, output=out, env=env))
            if number == 0:
                wrong[who] = case.wrong(bench, out / case.result) if case.wrong else None
            subprocess.run(["rm", "-rf", str(out)], check=True)
    return _line(case, medians(costs["ours"]), medians(costs["theirs"]), wrong["ours"], wrong["theirs"])


def _line(case: Case, ours: Cost, theirs: Cost, our_wrong: float | None, their_wrong: float | None) -> str:
    words = re.sub(r"(?<![{}\w])/\S*/", "", " ".join(case.by_hand))
    hand = "ffmpeg " + words.replace("{out}/", "").replace("|", "\\|")
    cells = [
        case.operation,
        f"`{hand}`",
        f"{ours.wall_s:.2f}",
        f"{theirs.wall_s:.2f}",
        f"{ours.wall_s / theirs.wall_s:.2f}",
        f"{ours.cpu_s / theirs.cpu_s:.2f}",
        f"{ours.output_bytes / theirs.output_bytes:.2f}" if theirs.output_bytes else "",
    ]
    if our_wrong is None or their_wrong is None:
        cells += ["", "", "same answer"]
    else:
        verdict = "yes" if our_wrong <= their_wrong else "no"
        cells += [f"{our_wrong:g} {case.unit}", f"{their_wrong:g}", verdict]
    return f"| {' | '.join(cells)} |"
