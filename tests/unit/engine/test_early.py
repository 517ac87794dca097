from dataclasses import replace
from pathlib import Path

import pytest

from framemill.domain.media import MediaInfo
from framemill.domain.plan import Output, Promise, Role
from framemill.engine.early import EarlyLooks
from framemill.errors import InputUnreadable
from tests.builders import a_film

PARTS = Output(id="o", path="part_%03d.mp4", role=Role.CLIP, promise=Promise(kind="media"))


class Looks:
    """Counts looks; a file's text is its length in µs, an empty one is unreadable."""

    def __init__(self) -> None:
        self.at: list[str] = []

    def __call__(self, path: Path) -> MediaInfo:
        self.at.append(path.name)
        if not path.read_text():
            raise InputUnreadable(path.name, "empty")
        return replace(a_film(), duration_us=int(path.read_text()))


def _part(folder: Path, number: int, text: str) -> Path:
    path = folder / f"part_{number:03}.mp4"
    path.write_text(text)
    return path


def test_a_finished_part_is_looked_at_once_and_the_last_one_at_the_end(tmp_path: Path) -> None:
    looks = Looks()
    first, second = _part(tmp_path, 0, "1"), _part(tmp_path, 1, "2")

    with EarlyLooks([PARTS], tmp_path, looks) as early:
        early.notice()
        early.notice()
        assert early.look(first).duration_us == 1
        assert looks.at == [first.name]
        assert early.look(second).duration_us == 2


def test_a_part_that_was_written_to_again_is_looked_at_again(tmp_path: Path) -> None:
    looks = Looks()
    first, _ = _part(tmp_path, 0, "1"), _part(tmp_path, 1, "2")

    with EarlyLooks([PARTS], tmp_path, looks) as early:
        early.notice()
        early.look(first)
        first.write_text("100")
        assert early.look(first).duration_us == 100


def test_a_broken_part_is_reported_where_it_is_verified(tmp_path: Path) -> None:
    first, _ = _part(tmp_path, 0, ""), _part(tmp_path, 1, "2")

    with EarlyLooks([PARTS], tmp_path, Looks()) as early:
        early.notice()
        with pytest.raises(InputUnreadable):
            early.look(first)
