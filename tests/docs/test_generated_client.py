"""What the page says of generated clients: the generator finds no fault, and the program runs."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.access import Scope
from framemill.settings import Settings
from framemill.store.listing import Wanted
from tests.docs.pages import DOCS, shell_lines
from tests.serving import served_asgi

_SECTION = (DOCS / "api.md").read_text().partition("## Generate a client\n")[2].partition("\n## ")[0]
_TOOLS = Path(sys.executable).parent
# Enough of a film to be taken for one.
_FILM = b"\0\0\0\x18ftypmp42" + bytes(5000)


@pytest.fixture(name="app")
def _app(tmp_path: Path) -> Iterator[App]:
    app = open_app(Settings(data_dir=tmp_path / "data"))
    yield app
    app.close()


def test_a_client_is_generated_and_works(app: App, tmp_path: Path) -> None:
    api = create_app(app)
    (tmp_path / "openapi.json").write_text(json.dumps(api.openapi()))
    (tmp_path / "movie.mp4").write_bytes(_FILM)
    key = app.access.create_key("integration", scope=Scope.WRITE).secret
    surroundings = os.environ | {"PATH": f"{_TOOLS}{os.pathsep}{os.environ['PATH']}"}
    generate = next(line for line in shell_lines(_SECTION) if line.startswith("openapi-python-client "))
    [program] = re.findall(r"```python\n(.*?)```", _SECTION, re.DOTALL)

    made = subprocess.run(
        shlex.split(generate), cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False
    )
    assert (made.returncode, made.stdout) == (0, "Generating client\n"), made.stdout + made.stderr
    with served_asgi(api) as url:
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=tmp_path,
            env=surroundings | {"PYTHONPATH": "client", "FRAMEMILL_URL": url, "FRAMEMILL_KEY": key},
            capture_output=True,
            text=True,
            check=False,
        )

    assert (ran.returncode, ran.stderr) == (0, "")
    [job] = [one for one in app.jobs.page(Wanted(), limit=5).jobs if one.kind == "trim"]
    video = app.videos.get(job.video_id or "")
    assert ran.stdout.splitlines() == [
        "trim queued",
        f"{job.id} 0.0",
        "job_not_found - see `framemill jobs list`",
    ]
    assert (video.title, video.bytes) == ("The harbour", len(_FILM))
