import json
from pathlib import Path

import pytest

from framemill.engine.parts import report
from framemill.errors import OutputInvalid
from tests.engines import a_workbench


def wish(**fields: object) -> str:
    return json.dumps({"mode": "copy", "wanted_us": [5_000_000], "titles": [], "prefix": "part", **fields})


@pytest.fixture(name="scratch")
def _scratch(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    for number, size in ((1, 10), (2, 20)):
        (tmp_path / "out" / f"cut_00{number}.mp4").write_bytes(b"x" * size)
    return tmp_path


def test_boundaries_are_reported_with_how_far_they_moved(scratch: Path) -> None:
    (scratch / "out/cut.csv").write_text("cut_001.mp4,0.000000,5.021333\ncut_002.mp4,5.500000,9.9\n")

    report(a_workbench(scratch), ("cut.csv", "parts.json", wish(titles=["One", None])))

    assert json.loads((scratch / "out/parts.json").read_text()) == {
        "mode": "copy",
        "parts": [
            {
                "name": "part_001.mp4",
                "start_us": 0,
                "end_us": 5_500_000,
                "wanted_us": 0,
                "moved_us": 0,
                "bytes": 10,
                "title": "One",
            },
            {
                "name": "part_002.mp4",
                "start_us": 5_500_000,
                "end_us": 9_900_000,
                "wanted_us": 5_000_000,
                "moved_us": 500_000,
                "bytes": 20,
                "title": None,
            },
        ],
    }


def test_an_empty_part_is_no_result(scratch: Path) -> None:
    (scratch / "out/cut.csv").write_text("cut_001.mp4,0.0,0.0\ncut_002.mp4,0.0,9.9\n")

    with pytest.raises(OutputInvalid, match="part 1 is empty"):
        report(a_workbench(scratch), ("cut.csv", "parts.json", wish()))
