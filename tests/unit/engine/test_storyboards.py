import json
import struct
from dataclasses import asdict
from pathlib import Path

import pytest

from framemill.domain.storyboard import Layout
from framemill.engine import storyboards
from framemill.errors import OutputInvalid
from tests.engines import a_workbench

LAYOUT = Layout(duration_us=3_000_000, interval_us=1_000_000, columns=2, rows=1, width=16, height=10)
WISH = json.dumps({"layout": asdict(LAYOUT), "published": "sprite_%03d.jpg"})


def a_jpeg(path: Path, width: int, height: int) -> None:
    """The least that has a size and an end."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(
        b"\xff\xd8\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\0" * 12 + b"\xff\xd9"
    )


def index(folder: Path) -> None:
    storyboards.index(a_workbench(folder), ("s_%03d.jpg", "index.vtt", WISH))


def test_the_index_is_written_where_every_cue_lies_in_its_sheet(tmp_path: Path) -> None:
    for number in (1, 2):
        a_jpeg(tmp_path / f"out/s_{number:03}.jpg", 32, 10)

    index(tmp_path)

    assert "sprite_002.jpg#xywh=0,0,16,10" in (tmp_path / "out/index.vtt").read_text()


def test_a_missing_sheet_is_found(tmp_path: Path) -> None:
    a_jpeg(tmp_path / "out/s_001.jpg", 32, 10)

    with pytest.raises(OutputInvalid, match="s_002"):
        index(tmp_path)


def test_a_cue_outside_its_sheet_is_found(tmp_path: Path) -> None:
    for number in (1, 2):
        a_jpeg(tmp_path / f"out/s_{number:03}.jpg", 31, 10)

    with pytest.raises(OutputInvalid, match="the picture at 16,0 is not in it"):
        index(tmp_path)

    assert not (tmp_path / "out/index.vtt").exists()
