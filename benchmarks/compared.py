"""Runs every operation and its hand-written command in turns, and writes docs/compared.md."""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import MEDIAN_OF, Cost, cost_of, medians
from benchmarks.operations import CASES, SECONDS, Case, Inputs, prepare
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
    """Measure every case, and write the page where all were measured often enough."""
    made_of, inputs = prepare(programs, corpus=options.corpus, cache=options.cache)
    wanted = [c for c in CASES if not options.operation or c.operation.split()[0] in options.operation]
    rows = []
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        work = Path(folder)
        env = {**os.environ, "FRAMEMILL_DATA_DIR": str(work / "data"), "FRAMEMILL_REUSE_BYTES": "0"}
        for case in wanted:
            rows.append(_row(case, inputs, work, env, rounds=options.rounds))
            print(rows[-1], flush=True)
    if options.operation or options.rounds < MEDIAN_OF:
        return
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    head = _HEAD.format(seconds=SECONDS, made_of=made_of, machine=machine, rounds=options.rounds)
    _PAGE.write_text(head + "\n".join(rows) + "\n", "utf-8")


def _row(case: Case, inputs: Inputs, work: Path, env: dict[str, str], *, rounds: int) -> str:
    heads = {
        "theirs": [str(inputs.bench.programs.ffmpeg), "-nostdin", "-v", "error", "-y"],
        "ours": [sys.executable, "-m", "framemill"],
    }
    commands = {"theirs": case.by_hand, "ours": case.ours}
    costs: dict[str, list[Cost]] = {"ours": [], "theirs": []}
    wrong: dict[str, float] = {}
    for number in range(rounds):
        for who, command in commands.items():
            out = work / f"{who}-{number}"
            out.mkdir()
            argv = [*heads[who], *inputs.words(command, out=out)]
            costs[who].append(cost_of(argv, output=out, env=env))
            if number == 0 and case.wrong:
                wrong[who] = case.wrong.of(inputs.bench, out)
            shutil.rmtree(out)
    return _line(case, inputs, medians(costs["ours"]), medians(costs["theirs"]), wrong)


def _line(case: Case, inputs: Inputs, ours: Cost, theirs: Cost, wrong: dict[str, float]) -> str:
    hand = f"ffmpeg {inputs.shown(case.by_hand)}".replace("|", "\\|")
    cells = [
        case.operation,
        f"`{hand}`",
        f"{ours.wall_s:.2f}",
        f"{theirs.wall_s:.2f}",
        f"{ours.wall_s / theirs.wall_s:.2f}",
        f"{ours.cpu_s / theirs.cpu_s:.2f}",
        f"{ours.output_bytes / theirs.output_bytes:.2f}" if theirs.output_bytes else "",
    ]
    if case.wrong is None:
        cells += ["", "", "same answer"]
    else:
        verdict = "yes" if wrong["ours"] <= wrong["theirs"] else "no"
        cells += [f"{wrong['ours']:g} {case.wrong.unit}", f"{wrong['theirs']:g}", verdict]
    return f"| {' | '.join(cells)} |"
