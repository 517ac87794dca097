"""Comparing real files: the same film scores as the same in any container, and a shifted one does not."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import framemill as fm
from framemill.errors import NotSupported, TimeOutOfRange
from tests.conftest import Clip

pytestmark = pytest.mark.media

Json = Mapping[str, Any]  # Any: a report as JSON

_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-pix_fmt", "yuv420p")


@pytest.fixture(scope="session", name="moving")
def _moving(clip: Clip) -> Path:
    """A second and a half at 60 pictures a second, no two alike, with sound."""
    return clip(
        "moving.mp4",
        *("-f", "lavfi", "-i", "mandelbrot=s=160x90:r=60:start_scale=0.5:end_scale=0.01"),
        *("-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "1.5", *_X264, "-c:a", "aac"),
    )


@pytest.fixture(scope="session", name="at30")
def _at30(clip: Clip, moving: Path) -> Path:
    return clip("at30.mp4", "-i", str(moving), "-vf", "fps=30", *_X264, "-c:a", "copy")


def _measured(source: Path, reference: Path, folder: Path, **fields: object) -> Json:
    asked = {"metrics": ["psnr"], "reference": str(reference), "output": "scores", **fields}
    spec = fm.Quality.model_validate(asked)
    fm.run(source, spec, output=folder)
    report: Json = json.loads((folder / "scores/quality.json").read_text())
    return report


def _least(report: Json, metric: str = "psnr") -> float:
    least: float = report["metrics"][metric]["min"]
    return least


@pytest.mark.parametrize("ending", ["mkv", "mov", "ts", "flv"])
def test_the_same_pictures_in_another_container_are_the_same(
    ending: str, clip: Clip, at30: Path, tmp_path: Path
) -> None:
    wrapped = clip(f"wrapped.{ending}", "-i", str(at30), "-c", "copy")

    report = _measured(wrapped, at30, tmp_path, metrics=["vmaf", "psnr", "ssim"])

    assert report["metrics"]["psnr"]["min"] == 60.0
    assert report["metrics"]["ssim"]["min"] == 1.0
    assert report["metrics"]["vmaf"]["min"] >= 97
    assert report["metrics"]["vmaf"]["mean"] >= 99
    assert report["pictures"]["compared"] == 45
    assert report["alignment"]["coinciding"] == 45


@pytest.mark.parametrize("ending", ["ts", "mkv"])
def test_the_same_moments_are_found_in_the_middle(
    ending: str, clip: Clip, at30: Path, tmp_path: Path
) -> None:
    wrapped = clip(f"wrapped.{ending}", "-i", str(at30), "-c", "copy")

    report = _measured(wrapped, at30, tmp_path, start="0.5s", duration="0.5s")

    assert _least(report) == 60.0
    assert report["pictures"]["compared"] == 15


def test_a_picture_later_is_another_picture(clip: Clip, at30: Path, tmp_path: Path) -> None:
    late = clip("late.mp4", "-i", str(at30), "-vf", "trim=start_frame=1,setpts=PTS-STARTPTS", "-an", *_X264)

    shifted = _measured(late, at30, tmp_path / "shifted", metrics=["vmaf", "psnr"])
    mended = _measured(late, at30, tmp_path / "mended", metrics=["vmaf", "psnr"], offset="33.3ms")

    assert shifted["metrics"]["vmaf"]["mean"] < 75
    assert shifted["metrics"]["psnr"]["mean"] < 30
    assert mended["metrics"]["vmaf"]["p5"] > 95
    assert _least(mended) > 45


@pytest.mark.parametrize("rate", ["30", "25", "24"])
def test_a_lower_rate_is_judged_by_the_pictures_that_it_kept(
    rate: str, clip: Clip, moving: Path, tmp_path: Path
) -> None:
    fewer = clip(f"fewer{rate}.mkv", "-i", str(moving), "-vf", f"fps={rate}", *_X264)

    report = _measured(fewer, moving, tmp_path)

    assert _least(report) > 40
    assert report["pictures"]["reference_not_compared"]["between"] >= 45


def test_our_own_change_of_rate_scores_high(clip: Clip, at30: Path, tmp_path: Path) -> None:
    fewer = clip("from30to25.mp4", "-i", str(at30), "-vf", "fps=25", *_X264)

    assert _least(_measured(fewer, at30, tmp_path)) > 40


def test_a_variable_rate_is_judged_by_its_own_moments(clip: Clip, at30: Path, tmp_path: Path) -> None:
    some = clip(
        "some.mkv",
        *("-i", str(at30), "-vf", "select='lt(mod(n,7),3)'", "-fps_mode", "passthrough", "-an", *_X264),
    )

    report = _measured(some, at30, tmp_path)

    assert _least(report) > 40
    assert report["pictures"]["compared"] == 21


def test_only_what_both_have_is_compared(clip: Clip, at30: Path, tmp_path: Path) -> None:
    short = clip("short.mp4", "-i", str(at30), "-t", "0.8", "-an", *_X264)

    shorter = _measured(short, at30, tmp_path / "one")
    longer = _measured(at30, short, tmp_path / "other")

    assert (shorter["pictures"]["compared"], longer["pictures"]["compared"]) == (24, 24)
    assert min(_least(shorter), _least(longer)) > 40
    assert shorter["warnings"] == ["21 pictures of the reference shown after it ended: not compared"]
    assert longer["warnings"] == ["21 pictures of the source shown after it ended: not compared"]


def test_a_part_is_found_by_its_offset(clip: Clip, at30: Path, tmp_path: Path) -> None:
    part = clip("part.mp4", "-ss", "0.5", "-i", str(at30), "-t", "0.5", "-an", *_X264)

    assert _least(_measured(part, at30, tmp_path, offset="0.5s")) > 40
    with pytest.raises(TimeOutOfRange, match="nothing to compare"):
        _measured(part, at30, tmp_path / "off", offset="1m")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("full.mp4", ("-vf", "scale=out_range=full", "-color_range", "pc")),
        ("odd.mp4", ("-vf", "scale=321:181,format=yuv444p")),
        ("wide.mp4", ("-vf", "scale=120:90,setsar=4/3")),
        ("small.mp4", ("-vf", "scale=80:44")),
    ],
)
def test_other_forms_of_the_same_pictures_are_brought_together(
    name: str, form: tuple[str, ...], clip: Clip, at30: Path, tmp_path: Path
) -> None:
    other = clip(name, "-i", str(at30), *form, *(a for a in _X264 if a not in {"-pix_fmt", "yuv420p"}), "-an")

    there = _measured(other, at30, tmp_path / "there")
    back = _measured(at30, other, tmp_path / "back")

    # Chroma of a smaller picture is lost for good one way.
    assert (_least(there) > 24, _least(back) > 38) == (True, True)
    assert back["pictures"]["compared"] == 45


def test_a_turned_file_is_compared_as_it_is_shown(clip: Clip, at30: Path, tmp_path: Path) -> None:
    lying = clip("lying.mp4", "-i", str(at30), "-vf", "transpose=1", "-an", *_X264)
    turned = clip("turned.mp4", "-display_rotation", "90", "-i", str(lying), "-c", "copy")

    assert _least(_measured(turned, at30, tmp_path / "turned")) > 40
    with pytest.raises(NotSupported, match="shapes"):
        _measured(lying, at30, tmp_path / "lying")


def test_a_worse_encode_scores_less_and_the_tables_agree(clip: Clip, at30: Path, tmp_path: Path) -> None:
    poor = clip("poor.mp4", "-i", str(at30), "-c:v", "libx264", "-preset", "ultrafast", "-crf", "40")

    report = _measured(poor, at30, tmp_path, metrics=["vmaf", "ssim"], every=3)

    assert 10 < report["metrics"]["vmaf"]["mean"] < 90
    rows = list(csv.DictReader((tmp_path / "scores/frames.csv").read_text().splitlines()))
    assert [int(row["frame"]) for row in rows] == list(range(0, 45, 3))
    assert [row["time"] for row in rows[:2]] == ["0.000000", "0.100000"]
    values = [float(row["vmaf"]) for row in rows]
    assert sum(values) / len(values) == pytest.approx(report["metrics"]["vmaf"]["mean"], abs=1e-4)
    assert report["worst"][0]["vmaf"] == pytest.approx(min(values), abs=1e-6)
    ElementTree.parse(tmp_path / "scores/quality.svg")  # noqa: S314 (our own text)


def test_hdr_encoded_to_sdr_is_judged_by_the_same_tone_mapping(
    clip: Clip, at30: Path, tmp_path: Path
) -> None:
    hdr = clip(
        "hdr.mkv",
        *(
            "-i",
            str(at30),
            "-an",
            "-c:v",
            "libx265",
            "-preset",
            "ultrafast",
            "-x265-params",
            "log-level=none",
        ),
        *("-vf", "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"),
        *("-pix_fmt", "yuv420p10le", "-crf", "6", "-t", "0.5"),
    )
    fm.run(hdr, fm.Transcode(profile="web_720p"), output=tmp_path / "sdr.mp4")

    report = _measured(tmp_path / "sdr.mp4", hdr, tmp_path, metrics=["vmaf"])

    assert report["tone_mapped"]
    assert report["metrics"]["vmaf"]["p5"] > 80


def test_ten_bits_are_compared_in_ten_bits(clip: Clip, at30: Path, tmp_path: Path) -> None:
    ten = clip("ten.mkv", "-i", str(at30), "-an", "-t", "0.5", *_X264[:-2], "-pix_fmt", "yuv420p10le")
    again = clip("again.mp4", "-i", str(ten), "-c", "copy")

    report = _measured(again, ten, tmp_path)

    assert (_least(report), report["bit_depth"]) == (72.0, 10)


def test_every_rendition_of_a_ladder_gets_its_scores(clip: Clip, tmp_path: Path) -> None:
    film = clip("film.mp4", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=10", "-t", "0.6", *_X264)

    fm.run(
        film,
        fm.Ladder(qualities=("360p", "240p"), preset="ultrafast", output="films"),
        fm.Quality(source="ladder", reference="input", metrics=("psnr",), output="scores"),
        output=tmp_path,
    )

    means = [
        json.loads((tmp_path / f"scores/{name}/quality.json").read_text())["metrics"]["psnr"]["mean"]
        for name in ("360p", "240p")
    ]
    assert means[0] > means[1] + 3
