import os
import time
from pathlib import Path

from framemill.engine.bells import Bells, PipeBell
from framemill.engine.dispatch import Wake

NOW = [Wake(task_id="t", resource="cpu", priority=5)]


def test_a_ring_wakes_who_waits_and_also_who_is_about_to(tmp_path: Path) -> None:
    bell = PipeBell(tmp_path / "bells")
    Bells(tmp_path / "bells").nudge(NOW)

    began = time.monotonic()
    bell.wait(30)
    woken = time.monotonic() - began
    bell.wait(0.01)  # one ring wakes once

    bell.close()
    assert woken < 25
    assert list((tmp_path / "bells").iterdir()) == []


def test_bells_of_the_dead_are_taken_down(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.bell")

    Bells(tmp_path).nudge(NOW)

    assert list(tmp_path.iterdir()) == []


def test_many_rings_that_nobody_hears_block_nobody(tmp_path: Path) -> None:
    bell = PipeBell(tmp_path)
    ringer = Bells(tmp_path)

    for _ in range(70_000):  # more than a pipe holds
        ringer.nudge(NOW)

    bell.close()


def test_no_folder_of_bells_is_nobody_to_wake(tmp_path: Path) -> None:
    Bells(tmp_path / "none").nudge(NOW)
