"""`publish` against the best typed by hand at the same quality: `python -m benchmarks.even_quality`.

Without the caps of its ladder Framemill asks x264 for what the reference asks
for, constant quality alone. Both run in turns on the same clip; each rendition's
bytes and VMAF are compared, so that time is not bought with quality. Writes
docs/benchmarks-publish.md.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Cost, cost_of, medians
from benchmarks.publishing import publish_cases
from framemill.tools.programs import Programs, find_programs

_ROOT = Path(__file__).resolve().parent.parent
_RUNGS = ("720", "480", "360")
_MOST_WALL = 0.95
_VMAF_BETWEEN = 0.3
_BYTES_BETWEEN = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A picture track: its bytes and how near it comes to the source, shown at the source's size."""

    bytes: int
    vmaf: float


def main() -> None:
    """Measure, compare, write the page."""
    options = _options()
    programs = find_programs()
    options.cache.mkdir(parents=True, exist_ok=True)
    about, cases, _ = publish_cases(programs, corpus=options.corpus, cache=options.cache)
    commands = dict(cases)
    source = options.cache / "bench-60s.mp4"
    costs: dict[str, list[Cost]] = {"framemill": [], "by-hand": []}
    made: dict[str, dict[str, Rendition]] = {}
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        work = Path(folder)
        env = {**os.environ, "FRAMEMILL_DATA_DIR": str(work / "data")}
        for number in range(options.rounds):
            for name, found in costs.items():
                out = work / f"{name}-{number}"
                more = ["--no-caps"] if name == "framemill" else []
                os.sync()
                found.append(cost_of([*commands[name](out), *more], output=out, env=env))
                print(f"{name}: {found[-1].wall_s:.1f} s wall, {found[-1].cpu_s:.1f} s CPU", file=sys.stderr)
                # x264 makes the same of the same; one round is looked at.
                if number == 0:
                    made[name] = _renditions(programs, out, source, by_hand=name == "by-hand")
    page, reached = _page(
        about, {name: medians(found) for name, found in costs.items()}, made, options.rounds
    )
    print(page)
    if options.rounds > 1:
        (_ROOT / "docs" / "benchmarks-publish.md").write_text(page, "utf-8")
    sys.exit(1 if options.strict and not reached else 0)


def _renditions(programs: Programs, out: Path, source: Path, *, by_hand: bool) -> dict[str, Rendition]:
    return {
        rung: _measured(programs, out / (f"v{rung}.mp4" if by_hand else f"{rung}p.mp4"), source)
        for rung in _RUNGS
    }


def _measured(programs: Programs, made: Path, source: Path) -> Rendition:
    sizes = subprocess.run(
        (
            *(str(programs.ffprobe), "-v", "error", "-select_streams", "v:0"),
            *("-show_entries", "packet=size", "-of", "csv=p=0", str(made)),
        ),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    graph = (
        "[0:v]settb=AVTB,setpts=PTS-STARTPTS,"
        # Else what is tagged would be converted to what is not.
        "setparams=colorspace=unknown:color_primaries=unknown:color_trc=unknown,"
        "scale=1920:1080:flags=bicubic[a];"
        "[1:v]settb=AVTB,setpts=PTS-STARTPTS[b];[a][b]libvmaf=n_subsample=3:n_threads=2"
    )
    said = subprocess.run(
        (
            *(str(programs.ffmpeg), "-nostdin", "-hide_banner", "-i", str(made), "-i", str(source)),
            *("-lavfi", graph, "-f", "null", "-"),
        ),
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    score = re.findall(r"VMAF score: ([\d.]+)", said)[-1]
    return Rendition(bytes=sum(int(n) for n in re.findall(r"\d+", sizes)), vmaf=float(score))


def _page(
    about: str, costs: dict[str, Cost], made: dict[str, dict[str, Rendition]], rounds: int
) -> tuple[str, bool]:
    ours, theirs = costs["framemill"], costs["by-hand"]
    wall, cpu = ours.wall_s / theirs.wall_s, ours.cpu_s / theirs.cpu_s
    memory = ours.peak_mb / theirs.peak_mb
    rows, even = [], True
    total = {name: sum(r.bytes for r in found.values()) for name, found in made.items()}
    for rung in _RUNGS:
        mine, other = made["framemill"][rung], made["by-hand"][rung]
        better = mine.vmaf - other.vmaf
        more = mine.bytes / other.bytes - 1
        even = even and better >= -_VMAF_BETWEEN
        rows.append(
            f"| {rung}p | {mine.vmaf:.2f} | {other.vmaf:.2f} | {better:+.2f}"
            f" | {mine.bytes / 1e6:.2f} | {other.bytes / 1e6:.2f} | {more:+.1%} |"
        )
    bytes_more = total["framemill"] / total["by-hand"] - 1
    reached = even and bytes_more <= _BYTES_BETWEEN and wall <= _MOST_WALL
    lines = [
        "# Benchmark of publish at the same quality",
        "",
        "Written by `python -m benchmarks.even_quality`; do not edit.",
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores;",
        f"medians of {rounds} rounds, in turns; {about}.",
        "`framemill publish --no-caps` against `by-hand.sh`;",
        "VMAF against the source at its size, each third frame.",
        "",
        "|  | wall s | CPU s | peak MB |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | {cost.wall_s:.2f} | {cost.cpu_s:.2f} | {cost.peak_mb:.0f} |"
            for name, cost in costs.items()
        ),
        f"| ratio | {wall:.2f} | {cpu:.2f} | {memory:.2f} |",
        "",
        "| rendition | VMAF | by hand | | MB | by hand | |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        f"| all | | | | {total['framemill'] / 1e6:.2f} | {total['by-hand'] / 1e6:.2f} | {bytes_more:+.1%} |",
        "",
        f"Wall time at most {_MOST_WALL} of by hand, each VMAF at most {_VMAF_BETWEEN} below,",
        f"all bytes at most {_BYTES_BETWEEN:.0%} above: **{'reached' if reached else 'missed'}**.",
        "",
    ]
    return "\n".join(lines), reached


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", type=Path, default=_ROOT.parent / "shared" / "corpus")
    parser.add_argument("--cache", type=Path, default=_ROOT / ".demo")
    parser.add_argument("--scratch", type=Path, default=None)
    parser.add_argument("--strict", action="store_true", help="fail where the target is missed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
