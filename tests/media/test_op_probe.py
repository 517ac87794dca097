"""Probe reports of real files."""

import json
from pathlib import Path

import pytest

import framemill as fm

pytestmark = pytest.mark.media


def test_the_report_is_written_and_counts_frames(film: Path, tmp_path: Path) -> None:
    result = fm.run(film, fm.Probe(count_frames=True), output=tmp_path)

    report = json.loads((tmp_path / "film.json").read_text())
    assert report["summary"]["counted_frames"] == 100
    assert report["summary"]["duration"] == "00:00:04.000"
    assert [v["codec"] for v in report["video"]] == ["h264"]
    assert result.path == tmp_path / "film.json"
