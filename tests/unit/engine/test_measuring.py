"""The actions of a comparison, on lists and logs as ffmpeg writes them."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from framemill.engine.measuring import align_pictures, quality_report
from framemill.errors import InputUnreadable, OutputInvalid, TimeOutOfRange
from framemill.tools.process import Finished
from tests.engines import a_workbench

Json = dict[str, Any]  # Any: JSON


def _packets(times_ms: Sequence[int]) -> str:
    return "#tb 0: 1/1000\n" + "".join(f"0, {t}, {t}, 40, 99, 0x1\n" for t in times_ms)


def _align(scratch: Path, source: str, reference: str, /, **changes: object) -> Json:
    (scratch / "out").mkdir(exist_ok=True)
    (scratch / "out/source.txt").write_text(source)
    (scratch / "out/reference.txt").write_text(reference)
    wish: Json = {
        side: {"packets": [], "decoded": [], "list": f"out/{side}.txt", "late_us": 0, "zero_us": 0}
        for side in ("source", "reference")
    }
    wish |= {"clock": "auto", "offset_us": 0, "start_us": 0, "end_us": None, **changes}
    align_pictures(a_workbench(scratch), (json.dumps(wish),))
    found: Json = json.loads((scratch / "out/alignment.json").read_text())
    return found


def _told(scratch: Path, pictures: str, log: object, **changes: object) -> Json:
    (scratch / "out/pictures.txt").write_text(pictures)
    (scratch / "out/vmaf.json").write_text(json.dumps(log))
    wish = {
        "metrics": ["vmaf", "psnr"],
        "every": 1,
        "depth": 8,
        "whole": True,
        "facts": {"width": 64},
        **changes,
    }
    quality_report(a_workbench(scratch), (json.dumps(wish),))
    found: Json = json.loads((scratch / "out/quality.json").read_text())
    return found


def _pictures(values: dict[float, float | None]) -> str:
    """What ffmpeg notes; None for a picture that there was nothing to compare with."""
    return "".join(
        f"frame:{n:<5}pts:{round(at * 1000):<8}pts_time:{at}\n"
        + ("" if value is None else f"lavfi.psnr.psnr.y=1\nlavfi.psnr.psnr_avg={value}\n")
        for n, (at, value) in enumerate(values.items())
    )


def _log(*values: float) -> Json:
    return {
        "version": "3.0",
        "frames": [{"frameNum": n, "metrics": {"vmaf": v}} for n, v in enumerate(values)],
    }


def test_the_graph_is_told_shifts_lead_and_ends(tmp_path: Path) -> None:
    found = _align(tmp_path, _packets((23, 63, 103)), _packets((0, 40, 80, 120)))

    assert found == {
        "source_shift": "-0.023",
        "reference_shift": "0",
        "lead": "0.0185",
        "source_trim": "start=0.0175:end=0.0995",
        "reference_trim": "end=0.0995",
    }


def test_what_was_sought_over_is_added_to_the_shifts(tmp_path: Path) -> None:
    both = _packets(range(0, 4000, 40))
    sides = {
        side: {"packets": [], "decoded": [], "list": f"out/{side}.txt", "late_us": 0, "zero_us": zero}
        for side, zero in (("source", 1_000_000), ("reference", 500_000))
    }

    found = _align(tmp_path, both, both, start_us=2_000_000, end_us=3_000_000, offset_us=-500_000, **sides)

    assert (found["source_shift"], found["reference_shift"]) == ("1", "1")
    assert found["source_trim"] == "start=2.0175:end=2.9795"


def test_files_that_never_meet_are_refused(tmp_path: Path) -> None:
    both = _packets((0, 40, 80))

    with pytest.raises(TimeOutOfRange, match="3 pictures after it ended"):
        _align(tmp_path, both, both, offset_us=5_000_000)
    with pytest.raises(TimeOutOfRange, match="no picture in that range"):
        _align(tmp_path, both, both, start_us=5_000_000)


def test_pictures_without_times_are_decoded_for_theirs(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    asked: list[str] = []

    def run(argv: tuple[str, ...]) -> Finished:
        asked.append(argv[0])
        text = "" if argv[0] == "packets" else _packets((0, 40))
        (tmp_path / "out" / f"{argv[1]}.txt").write_text(text)
        return Finished(exit_code=0, tail=(), wall_ms=0, cpu_ms=0, peak_memory_bytes=0)

    sides = {
        side: {
            "packets": ["packets", side],
            "decoded": ["decoded", side],
            "list": f"out/{side}.txt",
            "late_us": 0,
            "zero_us": 0,
        }
        for side in ("source", "reference")
    }
    wish = {**sides, "clock": "auto", "offset_us": 0, "start_us": 0, "end_us": None}
    align_pictures(replace(a_workbench(tmp_path), ffmpeg=run), (json.dumps(wish),))

    assert asked == ["packets", "decoded"] * 2
    assert json.loads((tmp_path / "out/alignment.json").read_text())["lead"] == "0.0185"


def test_a_file_without_any_times_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match="no picture of it has a time"):
        _align(tmp_path, "", _packets((0,)))


def test_the_report_has_what_was_measured_and_how(tmp_path: Path) -> None:
    _align(tmp_path, _packets((23, 63, 103, 143)), _packets((0, 40, 80)))

    told = _told(tmp_path, _pictures({0.0: float("inf"), 0.04: 40.0, 0.08: 30.0}), _log(97.5, 90.0, 60.25))

    assert told["metrics"]["psnr"] == {
        "mean": 43.333333,
        "harmonic_mean": 40.0724,
        "p1": 30.2,
        "p5": 31.0,
        "min": 30.0,
    }
    assert told["metrics"]["vmaf"]["mean"] == 82.583333
    assert told["pictures"]["source_not_compared"] == {"before": 0, "after": 1}
    assert (told["width"], told["libvmaf"], told["alignment"]["clock"]) == (64, "3.0", "picture")
    assert told["worst"][0] == {"time_us": 103_000, "vmaf": 60.25}
    clocks, rest = told["warnings"]
    assert clocks.endswith("by the clocks of their files the source's comes 0.023 s later")
    assert rest == "1 picture of the source shown after it ended: not compared"
    assert list(csv.reader((tmp_path / "out/frames.csv").read_text().splitlines())) == [
        ["time", "frame", "reference_time", "vmaf", "psnr"],
        ["0.023000", "0", "0.000000", "97.500000", "60.000000"],
        ["0.063000", "1", "0.040000", "90.000000", "40.000000"],
        ["0.103000", "2", "0.080000", "60.250000", "30.000000"],
    ]
    assert "VMAF" in (tmp_path / "out/quality.svg").read_text()


def test_every_second_picture_is_reported_with_its_own_time(tmp_path: Path) -> None:
    both = _packets(range(0, 200, 40))
    _align(tmp_path, both, both)

    told = _told(tmp_path, _pictures({n * 0.04: 30.0 + n for n in range(5)}), _log(90, 80, 70), every=2)

    rows = list(csv.reader((tmp_path / "out/frames.csv").read_text().splitlines()))[1:]
    assert [(row[0], row[1], row[4]) for row in rows] == [
        ("0.000000", "0", "30.000000"),
        ("0.080000", "2", "32.000000"),
        ("0.160000", "4", "34.000000"),
    ]
    assert (told["pictures"]["compared"], told["warnings"]) == (3, [])


def test_pictures_that_do_not_decode_are_told(tmp_path: Path) -> None:
    both = _packets((0, 40, 80))
    _align(tmp_path, both, both)

    told = _told(tmp_path, _pictures({0.0: None, 0.04: 40.0, 0.08: 41.0}), _log(90, 80))

    assert told["warnings"] == ["1 picture could not be decoded"]
    assert told["pictures"]["start_us"] == 40_000


def test_a_constant_lag_is_told_and_not_mended(tmp_path: Path) -> None:
    _align(tmp_path, _packets((0, *range(60, 400, 40))), _packets(range(0, 400, 40)))

    told = _told(
        tmp_path,
        _pictures({at / 1000: 20.0 for at in (0, *range(60, 400, 40))}),
        _log(*[10.0] * 10),
    )

    assert any("lag behind" in text for text in told["warnings"])


def test_a_log_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    both = _packets((0, 40, 80))
    _align(tmp_path, both, both)

    with pytest.raises(OutputInvalid, match="2 pictures were compared, but VMAF was measured of 1"):
        _told(tmp_path, _pictures({0.0: 40.0, 0.04: 40.0}), _log(90))
