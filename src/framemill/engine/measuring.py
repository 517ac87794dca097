"""Actions of a comparison: which pictures belong together, and the reports on what was measured."""

import csv
import io
import json
from bisect import bisect_left
from dataclasses import asdict
from math import ceil
from typing import Any

from framemill.commands.picture_times import read_times
from framemill.commands.quality import read_scores
from framemill.domain.alignment import Alignment, Clock, PictureTimes, aligned
from framemill.domain.line_chart import Line, line_chart
from framemill.domain.quality import Metric, Scores, psnr_ceiling
from framemill.domain.units import US, seconds
from framemill.engine.workbench import Workbench
from framemill.errors import InputUnreadable, TimeOutOfRange

Json = dict[str, Any]  # Any: a wish as its operation writes it

# On either side of the window: times are whole microseconds here, and rounded once more in a graph.
_MARGIN_US = 1_000
_WORST = 5
_DIGITS = 6
# So many of the pictures have one of their own to be compared with where both files have one rate.
_MOST = 0.9
_AXES = {Metric.VMAF: "VMAF", Metric.PSNR: "PSNR, dB", Metric.SSIM: "SSIM"}


def align_pictures(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`align_pictures WISH`: list the pictures of both files and write `out/alignment.json` for the graph.

    WISH is JSON: `source` and `reference`, each with `packets` and `decoded`
    (commands that list its pictures into `list`), `late_us` and `zero_us`
    (what time zero of its graph is in its file); `clock`, `offset_us`,
    `start_us`, `end_us`. Raises InputUnreadable for a file without times,
    TimeOutOfRange where the two have nothing in common.
    """
    wish: Json = json.loads(argv[0])
    source, reference = (_listed(bench, wish[side], side) for side in ("source", "reference"))
    found = aligned(
        source,
        reference,
        clock=Clock(wish["clock"]),
        offset_us=wish["offset_us"],
        start_us=wish["start_us"],
        end_us=wish["end_us"],
    )
    if not found.pairs:
        raise TimeOutOfRange(_nothing(found), hint="check `start`, `duration` and `offset`")
    first, last = (found.led(found.pairs[n][0]) for n in (0, -1))
    values = {
        "source_shift": seconds(wish["source"]["zero_us"] + found.source_us),
        "reference_shift": seconds(wish["reference"]["zero_us"] + found.reference_us),
        "lead": seconds(found.lead_us),
        "source_trim": f"start={seconds(first - _MARGIN_US)}:end={seconds(last + _MARGIN_US)}",
        # Later pictures would be compared with the source's last one.
        "reference_trim": f"end={seconds(last + _MARGIN_US)}",
    }
    (bench.scratch / "out/alignment.json").write_text(json.dumps(values), "utf-8")
    kept = {**asdict(found), "source_times_us": source.times_us}
    (bench.scratch / "out/pairs.json").write_text(json.dumps(kept), "utf-8")


def quality_report(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`quality_report WISH`: `out/quality.json`, `out/frames.csv` and `out/quality.svg` of what was measured.

    WISH is JSON: `metrics`, `every`, `depth`, whether the `whole` files were to be compared, and `facts`
    that go into the report as they are.
    """
    wish: Json = json.loads(argv[0])
    out = bench.scratch / "out"
    metrics = [Metric(name) for name in wish["metrics"]]
    log = (out / "vmaf.json").read_text("utf-8") if Metric.VMAF in metrics else None
    scores = read_scores(
        (out / "pictures.txt").read_text("utf-8"),
        log,
        metrics=metrics,
        depth=wish["depth"],
        every=wish["every"],
    )
    kept: Json = json.loads((out / "pairs.json").read_text("utf-8"))
    numbers: dict[int, int] = {time: number for number, time in enumerate(kept.pop("source_times_us"))}
    found = Alignment(**{**kept, "clock": Clock(kept["clock"])})
    if not scores.times_us:
        raise InputUnreadable("source", "no picture of it could be compared")
    rows = _placed(scores, found)
    summary = {
        "metrics": {metric: _rounded(asdict(scores.pooled(metric))) for metric in metrics},
        **wish["facts"],
        "libvmaf": json.loads(log)["version"] if log else None,
        "pictures": {
            "compared": len(rows),
            "start_us": rows[0][0],
            "end_us": rows[-1][0],
            "every": wish["every"],
            "source_not_compared": {"before": found.before, "after": found.behind},
            "reference_not_compared": dict(zip(("before", "between", "after"), found.unused, strict=True)),
        },
        "alignment": _alignment(found),
        "worst": _worst(scores, rows, metrics[0]),
        "warnings": _warnings(found, len(rows), every=wish["every"], whole=wish["whole"]),
    }
    text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
    (out / "quality.json").write_text(text, "utf-8")
    (out / "frames.csv").write_text(_table(scores, rows, numbers), "utf-8")
    (out / "quality.svg").write_text(_chart(scores, rows, wish["depth"]), "utf-8")
    bench.report(1.0)


def _listed(bench: Workbench, side: Json, name: str) -> PictureTimes:
    for way in ("packets", "decoded"):
        bench.ffmpeg(tuple(side[way]))
        text = (bench.scratch / side["list"]).read_text("utf-8")
        found = read_times(text, late_us=side["late_us"])
        if found.times_us:
            return found
    raise InputUnreadable(name, "no picture of it has a time")


def _nothing(found: Alignment) -> str:
    if not found.before + found.behind:
        return "there is nothing to compare: the source shows no picture in that range"
    return (
        f"there is nothing to compare: {_pictures(found.before)} of the source shown before the reference "
        f"begins, {_pictures(found.behind)} after it ended"
    )


def _placed(scores: Scores, found: Alignment) -> list[tuple[int, int]]:
    """For each compared picture its time in the source's file, and the reference's picture's in its own."""
    starts = [time for time, _ in found.pairs]
    rows: list[tuple[int, int]] = []
    for at in scores.times_us:
        wanted = at - found.source_us
        after = bisect_left(starts, wanted)
        near = min(
            range(max(0, after - 1), min(len(starts), after + 1)), key=lambda n: abs(starts[n] - wanted)
        )
        rows.append(found.pairs[near])
    return rows


def _alignment(found: Alignment) -> Json:
    return {
        "clock": found.clock,
        "offset_us": found.offset_us,
        "source_us": found.source_us,
        "reference_us": found.reference_us,
        "lead_us": found.lead_us,
        "pairs": len(found.pairs),
        "coinciding": found.coinciding,
    }


def _worst(scores: Scores, rows: list[tuple[int, int]], metric: Metric) -> list[Json]:
    ranked = sorted(zip(scores.of(metric), rows, strict=True))[:_WORST]
    return [{"time_us": time, metric: round(value, _DIGITS)} for value, (time, _) in ranked]


def _warnings(found: Alignment, compared: int, *, every: int, whole: bool) -> list[str]:
    said: list[str] = []
    apart = found.reference_us + found.offset_us - found.source_us
    if found.clock is Clock.PICTURE and abs(apart) > _MARGIN_US:
        said.append(
            "the first pictures of both are taken for the same moment; by the clocks of their files the "
            f"source's comes {seconds(abs(apart))} s {'later' if apart > 0 else 'earlier'}"
        )
    for count, where in ((found.before, "before the reference begins"), (found.behind, "after it ended")):
        if count:
            said.append(f"{_pictures(count)} of the source shown {where}: not compared")
    if whole:
        ends = ((found.unused[0], "before the source begins"), (found.unused[2], "after it ended"))
        said += [
            f"{_pictures(count)} of the reference shown {where}: not compared"
            for count, where in ends
            if count
        ]
    alike = len({reference for _, reference in found.pairs}) > _MOST * len(found.pairs)
    if alike and found.unused[1] < len(found.pairs) // 10 and found.coinciding < len(found.pairs) // 2:
        said.append(
            "fewer than half of the pictures are shown at the same moment as those that they are compared "
            "with: one file may lag behind the other, which `offset` corrects"
        )
    lost = ceil(len(found.pairs) / every) - compared
    if lost > 0:
        said.append(f"{_pictures(lost)} could not be decoded")
    return said


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _table(scores: Scores, rows: list[tuple[int, int]], numbers: dict[int, int]) -> str:
    """One row for each compared picture, times in seconds."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("time", "frame", "reference_time", *(metric for metric, _ in scores.series)))
    for n, (time, reference) in enumerate(rows):
        values = (f"{values[n]:.{_DIGITS}f}" for _, values in scores.series)
        table.writerow((f"{time / US:.6f}", numbers[time], f"{reference / US:.6f}", *values))
    return text.getvalue()


def _chart(scores: Scores, rows: list[tuple[int, int]], depth: int) -> str:
    tops = {Metric.VMAF: 100.0, Metric.PSNR: psnr_ceiling(depth), Metric.SSIM: 1.0}
    return line_chart(
        [time for time, _ in rows],
        [Line(label=_AXES[metric], values=values, ceiling=tops[metric]) for metric, values in scores.series],
    )


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, _DIGITS) for name, value in values.items()}
