import json
import subprocess
from pathlib import Path

import pytest

from framemill.tools.programs import Programs
from tests.e2e.conftest import Cli, make_clip


@pytest.fixture(name="film")
def _film(cli: Cli) -> str:
    return make_clip(cli.folder / "film.mp4", seconds=8, size="640x360").name


def _plan(cli: Cli, film: str, *more: str, **env: str) -> bool:
    """Whether the plan of two rungs takes one of them from an earlier job."""
    words = ("ladder", film, "--qualities", "360p,240p", "--explain", "--json", *more)
    notes: list[str] = json.loads(cli(*words, env=env).stdout)["notes"]
    return "ladder: 240p: taken from an earlier job instead of encoded again" in notes


def _run(cli: Cli, film: str, folder: str, rungs: str) -> list[str]:
    """The titles of what the job did."""
    done = cli("ladder", film, "-o", folder, "--qualities", rungs, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(cli("jobs", "show", json.loads(done.stdout)["job"], "--json").stdout)
    return [task["title"] for task in document["tasks"]]


def _picture(programs: Programs, file: Path) -> str:
    """The digest of a film's picture as it is stored."""
    words = ("-v", "error", "-i", str(file), "-map", "0:v", "-c", "copy", "-f", "md5", "-")
    return subprocess.run([programs.ffmpeg, *words], capture_output=True, text=True, check=True).stdout


def test_one_more_rendition_costs_that_rendition_and_a_changed_film_everything(
    cli: Cli, film: str, programs: Programs
) -> None:
    assert not _plan(cli, film)
    first = _run(cli, film, "one", "240p")

    again = (
        _plan(cli, film),
        _plan(cli, film, "--no-reuse"),
        _plan(cli, film, "--crf", "24"),
        _plan(cli, film, FRAMEMILL_REUSE_BYTES="0"),
    )
    more = _run(cli, film, "two", "360p,240p")
    make_clip(cli.folder / "film.mp4", seconds=7, size="640x360")

    assert again == (True, False, False, False)
    assert not any("earlier job" in title for title in first)
    assert "take from an earlier job: ladder 240p" in more
    one, two = (_picture(programs, cli.folder / folder / "240p.mp4") for folder in ("one", "two"))
    assert one == two
    assert not _plan(cli, film)
