"""`make bench`: the product against what people type by hand, in one run, as ratios.

Each reference runs in turn with the product on the same clip, several rounds,
and the medians are compared. A page in docs is written where all of it was measured,
in three rounds or more.
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.compared import compare
from benchmarks.cutting import cut_cases
from benchmarks.measure import MEDIAN_OF, Cost, cost_of, medians
from benchmarks.publishing import publish_cases
from benchmarks.report import Row, write_report
from framemill.tools.capabilities import read_capabilities
from framemill.tools.programs import find_programs

# The classic pipeline takes minutes, and nobody comes near it.
_AT_MOST = {"classic": 1}
_IN_REPORT = {"cut": cut_cases, "publish": publish_cases}
_SUITES = (*_IN_REPORT, "operations")
_ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure what was asked for and write the report."""
    options = _options()
    programs = find_programs()
    if "operations" in options.only:
        compare(programs, options)
        options.only.remove("operations")
        if not options.only:
            return
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        work = Path(folder)
        env = {**os.environ, "FRAMEMILL_DATA_DIR": str(work / "data"), "FRAMEMILL_REUSE_BYTES": "0"}
        rows: list[Row] = []
        for suite in options.only:
            build = _IN_REPORT[suite]
            about, cases, targets = build(programs, corpus=options.corpus, cache=options.cache)
            costs = _measured(cases, work, env, rounds=options.rounds)
            rows += [
                Row(
                    suite=suite,
                    about=about,
                    reference=name,
                    target=target,
                    ours=costs["framemill"],
                    theirs=costs[name],
                )
                for name, target in targets.items()
            ]
        if options.rounds >= MEDIAN_OF and set(options.only) == set(_IN_REPORT):
            capabilities = read_capabilities(programs)
            cores = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
            write_report(
                _ROOT / "docs",
                rows,
                machine=f"{cores}, Python {platform.python_version()}",
                tools=f"ffmpeg {capabilities.ffmpeg_version}, Shaka Packager {capabilities.packager_version}",
                rounds=options.rounds,
            )
    missed = [row for row in rows if not row.reached]
    for row in rows:
        print(row.line())
    sys.exit(1 if missed and options.strict else 0)


def _measured(
    cases: list[tuple[str, Callable[[Path], list[str]]]], work: Path, env: dict[str, str], *, rounds: int
) -> dict[str, Cost]:
    """Medians by case; rounds interleave the cases, so that a busy minute hits all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name, _ in cases}
    for number in range(rounds):
        for name, argv in cases:
            if number >= _AT_MOST.get(name, rounds):
                continue
            output = work / f"{name}-{number}"
            print(f"round {number + 1}/{rounds}: {name} ...", end=" ", file=sys.stderr, flush=True)
            # What the one before wrote must not slow this one down.
            os.sync()
            cost = cost_of(argv(output), output=output, env=env)
            print(f"{cost.wall_s:.2f} s wall, {cost.cpu_s:.2f} s CPU", file=sys.stderr)
            costs[name].append(cost)
            shutil.rmtree(output)
    return {name: medians(found) for name, found in costs.items()}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=_SUITES, default=list(_SUITES))
    parser.add_argument("--operation", nargs="+", help="of the operations, only these")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--corpus", type=Path, default=_ROOT.parent / "shared" / "corpus", help="real clips, if any"
    )
    parser.add_argument(
        "--cache", type=Path, default=_ROOT / ".demo", help="where sources are kept between runs"
    )
    parser.add_argument("--scratch", type=Path, default=None, help="where outputs go while they are measured")
    parser.add_argument("--strict", action="store_true", help="fail where a target is missed")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    return options


if __name__ == "__main__":
    main()
