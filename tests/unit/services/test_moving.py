import errno
import os
from pathlib import Path

import pytest

from framemill.services.moving import move_away


@pytest.fixture(name="elsewhere")
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the target were on another file system."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", refuse)


def test_a_file_is_moved_into_a_folder_that_is_made(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("film")

    moved = move_away(tmp_path / "a.mp4", tmp_path / "done" / "a.mp4")

    assert moved.read_text() == "film"
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.usefixtures("elsewhere")
def test_onto_another_file_system_it_is_copied_whole_and_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("film")
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "a.mp4").write_text("older")

    moved = move_away(tmp_path / "a.mp4", tmp_path / "done" / "a.mp4")

    assert moved.name == "a-2.mp4"
    assert {p.name: p.read_text() for p in (tmp_path / "done").iterdir()} == {
        "a.mp4": "older",
        "a-2.mp4": "film",
    }
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.usefixtures("elsewhere")
def test_a_copy_that_fails_leaves_the_file_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "done").mkdir()
    (tmp_path / "a.mp4").mkdir()

    with pytest.raises(OSError, match="directory"):
        move_away(tmp_path / "a.mp4", tmp_path / "done" / "a.mp4")

    assert list((tmp_path / "done").iterdir()) == []
    assert (tmp_path / "a.mp4").exists()
