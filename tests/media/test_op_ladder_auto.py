"""Ladders that the footage decides: few rungs for an easy film, more for a hard one."""

from itertools import pairwise
from pathlib import Path

import pytest

import framemill as fm
from framemill.engine.events import Event, Progress
from tests.conftest import Clip
from tests.media.test_op_compress_vmaf import vmaf_of

pytestmark = pytest.mark.media

SPEC = fm.Ladder(quality="auto", preset="ultrafast")


def test_a_soft_film_gets_lower_rungs_than_one_with_detail(clip: Clip, tmp_path: Path) -> None:
    pattern = "mandelbrot=s=640x360:r=10:end_scale=0.1,trim=duration=2"
    ending = ("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4")
    sharp = clip("sharp.mp4", *("-f", "lavfi", "-i", pattern), *ending)
    colours = "gradients=s=640x360:r=10:d=2:n=3:speed=0.1:seed=5"
    soft = clip("soft.mp4", *("-f", "lavfi", "-i", colours), *ending)

    made = {
        path.stem: [a.path.name for a in fm.run(path, SPEC, output=tmp_path / path.stem).artifacts]
        for path in (sharp, soft)
    }

    assert made["sharp"][0] == "360p.mp4"
    assert len(made["sharp"]) == 2, made
    assert made["soft"] == ["240p.mp4"]


def test_every_rung_looks_different_at_the_sources_size(clip: Clip, tmp_path: Path) -> None:
    source = clip(
        "fractal.mp4",
        *("-f", "lavfi", "-i", "mandelbrot=s=960x540:r=10:end_scale=0.1,trim=duration=2"),
        *("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4"),
    )

    events: list[Event] = []

    result = fm.run(source, SPEC, output=tmp_path, on_progress=events.append)

    scores = [vmaf_of(artifact.path, source) for artifact in result.artifacts]
    assert scores == sorted(scores, reverse=True)
    assert all(a - b > 2 for a, b in pairwise(scores))
    said = [note for note in result.notes if "VMAF" in note and "about" in note]
    assert len(said) == len(scores)
    # Trying takes long: people see how far that is.
    planned = [e.percent for e in events if isinstance(e, Progress) and e.task == "plan"]
    assert planned == sorted(planned)
    assert planned[0] < 20
    assert planned[-1] == 100
    assert len(planned) > len(scores)
