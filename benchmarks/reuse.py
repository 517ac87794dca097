"""One more rendition of what was published, the same once more, and a retried job: against doing all anew.

`python -m benchmarks.reuse FILM`; the film has 720 lines or more.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measure import Cost, cost_of
from framemill.tools.programs import find_programs

_THREE, _FOUR = "720p,480p,360p", "720p,480p,360p,240p"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", type=Path)
    film = parser.parse_args().film
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        plain = {**os.environ, "FRAMEMILL_DATA_DIR": str(work / "data")}
        on = {**plain, "FRAMEMILL_CACHE_DIR": str(work / "cache")}
        off = {**plain, "FRAMEMILL_REUSE_BYTES": "0"}
        rows = {
            "four renditions, nothing used again": _cost(film, _FOUR, work / "whole", off),
            "the fourth alone, as a ladder of one": _cost(
                film, "240p", work / "one", off, operation="ladder"
            ),
            "three renditions, the first time": _cost(film, _THREE, work / "first", on),
            "four renditions after that": _cost(film, _FOUR, work / "more", on),
            "the same four once more": _cost(film, _FOUR, work / "same", on),
            "a job retried that failed after its encodes": _retried(film, work, on),
        }
    whole = rows["four renditions, nothing used again"]
    print(f"{'':45} {'CPU s':>8} {'wall s':>8} {'share of CPU':>13}")
    for name, cost in rows.items():
        print(f"{name:45} {cost.cpu_s:8.1f} {cost.wall_s:8.1f} {cost.cpu_s / whole.cpu_s:13.2f}")


def _cost(
    film: Path, rungs: str, output: Path, env: Mapping[str, str], *, operation: str = "publish"
) -> Cost:
    words = (operation, str(film), "-o", str(output), "--qualities", rungs)
    return cost_of([sys.executable, "-m", "framemill", *words], output=output, env=env)


def _retried(film: Path, work: Path, env: Mapping[str, str]) -> Cost:
    """A job whose packager failed, which keeps no work, run again with one that does not."""
    framemill, output = [sys.executable, "-m", "framemill"], work / "again"
    right = {**env, "FRAMEMILL_CACHE_DIR": str(work / "another")}
    real, broken = find_programs().packager, work / "packager"
    broken.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec {real} --version\nexit 1\n')
    broken.chmod(0o755)
    words = ("publish", str(film), "-o", str(output), "--qualities", _FOUR, "--json")
    wrong = {**right, "FRAMEMILL_PACKAGER": str(broken)}
    failed = subprocess.run([*framemill, *words], env=wrong, capture_output=True, check=False)
    if failed.returncode == 0:
        raise SystemExit("the job was to fail")
    job = json.loads(failed.stdout)["job"]
    return cost_of([*framemill, "jobs", "retry", job], output=output, env=right)


if __name__ == "__main__":
    main()
