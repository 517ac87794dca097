import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from framemill.cli.reports import told
from framemill.services.records import JobDetail


def a_detail(path: Path, *, operation: str = "scenes", role: str = "report") -> JobDetail:
    """Of which only the results count."""
    artifact = SimpleNamespace(path=path, role=role, provenance={"operation": operation})
    return cast("JobDetail", SimpleNamespace(artifacts=[artifact]))


def test_scenes_are_counted_and_the_first_are_named(tmp_path: Path) -> None:
    path = tmp_path / "scenes.json"
    found = [{"start_us": n * 1_000_000, "end_us": (n + 1) * 1_000_000} for n in range(7)]
    path.write_text(json.dumps({"scenes": found, "black": found[:1], "silence": []}))

    lines = [" ".join(line.split()) for line in told(a_detail(path))]

    assert lines == [
        "7 scenes 00:00:00.000, 00:00:01.000, 00:00:02.000, 00:00:03.000, 00:00:04.000, ...",
        "1 black range 00:00:00.000-00:00:01.000",
        "0 silent ranges",
    ]


def test_reports_without_words_and_other_files_say_nothing(tmp_path: Path) -> None:
    path = tmp_path / "parts.json"
    path.write_text("{}")

    assert list(told(a_detail(path, operation="cut"))) == []
    assert list(told(a_detail(path, role="clip"))) == []
    assert list(told(a_detail(tmp_path / "gone.json"))) == []
