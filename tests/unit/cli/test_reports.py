"""What people read of a report."""

import json
from pathlib import Path

from framemill.cli.reports import REPORTS, read_report

_POOLED = {"mean": 92.756, "harmonic_mean": 92.62, "p1": 84.5, "p5": 87.07, "min": 83.14}
_REPORT = {
    "metrics": {"vmaf": _POOLED, "ssim": {name: value / 100 for name, value in _POOLED.items()}},
    "width": 1280,
    "height": 720,
    "pictures": {"compared": 226, "every": 5, "start_us": 0, "end_us": 7_508_000},
    "warnings": ["2 pictures could not be decoded"],
}


def test_scores_are_a_table() -> None:
    assert list(REPORTS["quality"](_REPORT)) == [
        "226 pictures, one of 5, 0.000 s to 7.508 s, 1280×720",
        "      mean    harmonic mean  p1      p5      min",
        "VMAF  92.76   92.62          84.50   87.07   83.14",
        "SSIM  0.9276  0.9262         0.8450  0.8707  0.8314",
        "note: 2 pictures could not be decoded",
    ]


def test_scenes_are_counted_and_the_first_are_named() -> None:
    found = [{"start_us": n * 1_000_000, "end_us": (n + 1) * 1_000_000} for n in range(7)]

    lines = REPORTS["scenes"]({"scenes": found, "black": found[:1], "silence": []})

    assert [" ".join(line.split()) for line in lines] == [
        "7 scenes 00:00:00.000, 00:00:01.000, 00:00:02.000, 00:00:03.000, 00:00:04.000, ...",
        "1 black range 00:00:00.000-00:00:01.000",
        "0 silent ranges",
    ]


def test_only_reports_of_operations_that_have_one_are_read(tmp_path: Path) -> None:
    path = tmp_path / "quality.json"
    path.write_text(json.dumps(_REPORT))

    assert read_report("quality", path) == _REPORT
    assert read_report("probe", path) is None
    assert read_report("quality", tmp_path / "gone.json") is None
    path.write_text("no JSON")
    assert read_report("quality", path) is None
