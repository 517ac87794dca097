"""What every test has: nobody's settings, patience, and clips that ffmpeg synthesises once per run."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from framemill.tools.programs import Programs, find_programs
from tests import clips

# Other tests run at the same time: how long an example takes says nothing.
hypothesis.settings.register_profile(
    "beside others",
    hypothesis.settings.default,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("beside others")

pytest_plugins = ["tests.servers.fixtures"]


@pytest.fixture(scope="session", autouse=True)
def _nobodys_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes what the person who runs it has."""
    patch = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith("FRAMEMILL_") and "_TEST_" not in name]:
        patch.delenv(name)
    patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        patch.delenv(name, raising=False)
    mine = tmp_path_factory.getbasetemp()
    folder = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine  # that of the whole run
    patch.setenv("FRAMEMILL_TEST_CLIPS", str(folder / "clips"))
    # What one test encoded is not to spare another one its work.
    patch.setenv("FRAMEMILL_REUSE_BYTES", "0")
    yield
    patch.undo()


# `clip(name, *args)`: the file `name` that `ffmpeg <args> name` makes.
Clip = Callable[..., Path]


@pytest.fixture(scope="session", name="programs")
def _programs() -> Programs:
    return find_programs()


@pytest.fixture(scope="session", name="clip")
def _clip() -> Clip:
    return clips.clip


@pytest.fixture(scope="session", name="film")
def _film(clip: Clip) -> Path:
    """Four seconds of 320x180 at 25 frames a second, a keyframe each second, with stereo sound."""
    return clip(
        "film.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=4"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-keyint_min", "25", "-sc_threshold", "0"),
        *("-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-movflags", "+faststart"),
    )
