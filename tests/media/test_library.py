"""The library's face, with real operations on a real clip."""

import subprocess
import sys
from pathlib import Path

import pytest

import framemill as fm
from framemill.engine.events import Event, Progress
from framemill.settings import Settings

pytestmark = pytest.mark.media


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import framemill, sys; print([m for m in ('pydantic', 'sqlalchemy', 'psutil') if m in sys.modules])"
    )

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_a_file_is_probed(film: Path, settings: Settings) -> None:
    assert fm.probe(film, settings=settings).duration_us == 4_000_000


def test_one_operation_writes_the_file_that_was_named(film: Path, tmp_path: Path, settings: Settings) -> None:
    events: list[Event] = []

    result = fm.run(
        film,
        fm.Transcode(profile="mobile_360p", preset="ultrafast"),
        output=tmp_path / "out" / "small.mp4",
        on_progress=events.append,
        settings=settings,
    )

    assert result.path == tmp_path / "out" / "small.mp4"
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["small.mp4"]
    assert any(isinstance(event, Progress) for event in events)
    assert not (tmp_path / "data").exists()  # jobs of the library live in memory


def test_a_plan_shows_commands_and_writes_nothing(film: Path, tmp_path: Path, settings: Settings) -> None:
    before = sorted(tmp_path.iterdir())

    plan = fm.plan(film, fm.Transcode(profile="mobile_360p"), settings=settings)

    assert "libx264" in plan.steps[0].commands[0].argv
    assert [p for p in sorted(tmp_path.iterdir()) if p.name != "cache"] == before


def test_an_error_arrives_as_itself_and_nothing_is_left(tmp_path: Path, settings: Settings) -> None:
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(b"no film at all" * 50)

    with pytest.raises(fm.InputUnreadable) as caught:
        fm.run(noise, fm.Transcode(), output=tmp_path / "out", settings=settings)

    assert caught.value.name == "noise.mp4"
    assert not (tmp_path / "out").exists()


def test_what_exists_is_refused_unless_overwrite(film: Path, tmp_path: Path, settings: Settings) -> None:
    target = tmp_path / "small.mp4"
    target.write_text("mine")
    work = fm.Transcode(profile="mobile_360p", preset="ultrafast")

    with pytest.raises(fm.OutputExists):
        fm.run(film, work, output=target, settings=settings)
    kept = target.read_text()
    fm.run(film, work, output=target, overwrite=True, settings=settings)

    assert kept == "mine"
    assert fm.probe(target, settings=settings).main_video is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Nonsense"):
        fm.Nonsense  # noqa: B018 - the look-up is the test
