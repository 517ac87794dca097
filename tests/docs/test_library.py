"""The library page's examples run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Clip
from tests.docs.pages import DOCS

_EXAMPLES = re.findall(r"```python\n(.*?)```", (DOCS / "library.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module", name="folder")
def _folder(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    movie = clip(
        "movie.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=4"),
        *("-f", "lavfi", "-i", "sine=duration=4", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"),
    )
    (folder / "movie.mp4").write_bytes(movie.read_bytes())
    return folder


@pytest.mark.parametrize("number", range(len(_EXAMPLES)))
def test_an_example_runs(number: int, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _EXAMPLES[number]],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_has_examples() -> None:
    assert len(_EXAMPLES) >= 8
