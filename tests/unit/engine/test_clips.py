"""Clips get the titles and numbers of the parts that they were made of, however many there are."""

import json
from pathlib import Path

import pytest

from framemill.engine.clips import index, tags
from tests.engines import a_workbench

COUNT = 1001
WISH = json.dumps({"title": "Film", "source": "film", "clip": "clip", "thumbnails": False})


@pytest.fixture(name="scratch")
def _scratch(tmp_path: Path) -> Path:
    (tmp_path / "in/parts").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    rows = [{"title": f"chapter {n}", "start_us": n, "end_us": n + 1} for n in range(1, COUNT + 1)]
    (tmp_path / "in/report").write_text(json.dumps({"parts": rows}))
    for n in range(1, COUNT + 1):
        (tmp_path / f"in/parts/cut_{n:03}.mp4").touch()
        (tmp_path / f"out/clip_{n:03}.mp4").write_text("x" * n)
    return tmp_path


def test_part_1000_is_not_taken_for_part_101(scratch: Path) -> None:
    tags(a_workbench(scratch), ("in/report", WISH))
    index(a_workbench(scratch), ("in/report", WISH))

    clips = json.loads((scratch / "out/index.json").read_text())["clips"]
    for number in (100, 101, 999, 1000, 1001):
        said = (scratch / f"out/cut_{number:03}.txt").read_text()
        assert f"title=Film: chapter {number}\ntrack" in said.replace("album=Film\n", "")
        assert (clips[number - 1]["file"], clips[number - 1]["bytes"]) == (f"clip_{number:03}.mp4", number)
