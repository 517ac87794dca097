from pathlib import Path

from framemill.cli.explained import told
from framemill.operations.ladder import Ladder
from tests.plans import a_plan


def _told(slots: int) -> list[str]:
    plan = a_plan(Ladder(), slots=slots)
    lines = told(
        plan, title="ladder", inputs={"input": Path("film.mp4")}, destination=Path("out"), verbose=False
    )
    return [line.strip() for line in lines]


def test_chunks_are_told_once() -> None:
    lines = _told(slots=2)

    assert sum(line.startswith("$ ffmpeg") and "trim=" in line for line in lines) == 1
    assert any(line.startswith("1-4.  ladder 720p, 480p, 360p, chunk 1 of 4, and 3 more") for line in lines)
    assert any(line.startswith("5.") and "sound" in line for line in lines)
    assert "- ladder: encoded in 4 chunks of about 14 s, 2 side by side, and joined by copy" in lines


def test_without_chunks_each_step_has_its_number() -> None:
    lines = _told(slots=1)

    titles = [line for line in lines if line.endswith(("mux 720p", "mux 480p", "mux 360p"))]
    assert [title.split()[0] for title in titles] == ["2.", "3.", "4."]
