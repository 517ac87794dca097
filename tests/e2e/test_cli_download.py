"""`framemill download`, and commands that are given an address, from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from framemill.tools.programs import find_programs
from tests.servers.origin import Content, Film, Footage, Origin

pytestmark = pytest.mark.e2e

MIB = 1 << 20


class OnDisk(Content):
    """The content of a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.stat().st_size)
        self._data = path.read_bytes()

    def read(self, start: int, stop: int) -> bytes:
        return self._data[start:stop]


@pytest.fixture(name="origin")
def _origin() -> Iterator[Origin]:
    with Origin() as origin:
        yield origin


@pytest.fixture(name="film", scope="module")
def _film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "harbour.mp4"
    subprocess.run(
        [
            *(str(find_programs().ffmpeg), "-v", "error", "-nostdin"),
            *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=8"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "2M", "-pix_fmt", "yuv420p", str(path)),
        ],
        check=True,
    )
    return path


def _environment(folder: Path, origin: Origin) -> Mapping[str, str]:
    return {
        **os.environ,
        "HOME": str(folder / "data"),
        "FRAMEMILL_DATA_DIR": str(folder / "data"),
        "FRAMEMILL_FETCH_ALLOW": origin.allow,
        "NO_COLOR": "1",
    }


def _framemill(folder: Path, origin: Origin, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "framemill", *words],
        cwd=folder,
        env=_environment(folder, origin),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def _killed(folder: Path, origin: Origin, *words: str, after: int) -> None:
    """Start it, and kill it when the server has sent so many bytes."""
    with subprocess.Popen(
        [sys.executable, "-m", "framemill", *words],
        cwd=folder,
        env=_environment(folder, origin),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        until = time.monotonic() + 100
        while origin.sent < after and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)


def test_a_film_comes_under_its_name(tmp_path: Path, origin: Origin) -> None:
    content = Content(3 * MIB)
    origin.films["/films/harbour.mp4"] = Film(content=content)

    done = _framemill(tmp_path, origin, "download", origin.url("/films/harbour.mp4?token=sesame"), "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"] == [
        {
            "path": str(tmp_path / "harbour.mp4"),
            "name": "harbour.mp4",
            "bytes": content.size,
            "sha256": content.sha256(),
        }
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "harbour.mp4"]


@pytest.mark.parametrize(
    ("url", "code", "exit_code"),
    [
        ("http://127.0.0.1:9/x.mp4", "address_refused", 3),
        ("http://169.254.169.254/latest/", "address_refused", 3),
        ("ftp://example.com/x.mp4", "address_refused", 3),
        ("{origin}/gone.mp4?token=sesame", "download_failed", 3),
    ],
)
def test_what_does_not_come_says_why_and_no_secret(
    tmp_path: Path, origin: Origin, url: str, code: str, exit_code: int
) -> None:
    done = _framemill(tmp_path, origin, "download", url.format(origin=origin.url("")))

    assert done.returncode == exit_code
    assert f"code: {code}" in done.stderr
    assert "sesame" not in done.stdout + done.stderr


def test_a_killed_download_goes_on_with_the_same_command(tmp_path: Path, origin: Origin) -> None:
    content = Content(40 * MIB)
    film = Film(content=content, pause_s=0.2)
    origin.films["/harbour.mp4"] = film
    words = ("download", origin.url("/harbour.mp4"), "-o", "films/")
    _killed(tmp_path, origin, *words, after=20 * MIB)
    film.pause_s = 0.0
    origin.sent = 0

    done = _framemill(tmp_path, origin, *words, "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"][0]["sha256"] == content.sha256()
    assert origin.sent < content.size


def test_a_command_takes_an_address_for_a_file(tmp_path: Path, origin: Origin, film: Path) -> None:
    origin.films["/films/harbour.mp4"] = Film(content=OnDisk(film))
    url = origin.url("/films/harbour.mp4?token=sesame")

    done = _framemill(tmp_path, origin, "trim", url, "--start", "1", "--end", "3", "-o", "scene.mp4")
    listed = _framemill(tmp_path, origin, "jobs", "list", "--json")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "scene.mp4").stat().st_size > 1000
    assert "sesame" not in done.stdout + done.stderr + listed.stdout + listed.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "scene.mp4"]


def test_a_job_that_was_killed_while_it_fetched_goes_on(tmp_path: Path, origin: Origin, film: Path) -> None:
    content = OnDisk(film)
    served = Film(content=content, block=16_384, pause_s=0.1)
    origin.films["/harbour.mp4"] = served
    words = ("trim", origin.url("/harbour.mp4"), "--start", "1", "--end", "3", "-o", "scene.mp4")
    _killed(tmp_path, origin, *words, after=content.size // 2)
    assert [p.name for p in tmp_path.glob(".framemill-*")] != []
    served.pause_s = 0.0

    done = _framemill(tmp_path, origin, *words)

    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "scene.mp4"]
    listed = json.loads(_framemill(tmp_path, origin, "jobs", "list", "--json").stdout)
    assert len(listed) == 1


def test_a_plan_of_an_address_says_what_to_do(tmp_path: Path, origin: Origin) -> None:
    done = _framemill(tmp_path, origin, "plan", "publish", origin.url("/harbour.mp4"))

    assert done.returncode == 3
    assert "framemill download" in done.stderr
    assert origin.asked == []


def test_into_a_collection_it_becomes_a_video(tmp_path: Path, origin: Origin, film: Path) -> None:
    origin.films["/films/harbour.mp4"] = Film(content=OnDisk(film))
    words = ("--into", "uploads", "--pipeline", "none", "--json")

    done = _framemill(tmp_path, origin, "download", origin.url("/films/harbour.mp4?token=sesame"), *words)

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    shown = _framemill(tmp_path, origin, "videos", "show", said["video"], "--json")
    video = json.loads(shown.stdout)
    assert (video["state"], video["filename"], video["bytes"]) == (
        "ready",
        "harbour.mp4",
        film.stat().st_size,
    )
    assert "sesame" not in done.stdout + done.stderr + shown.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["data"]
    again = _framemill(tmp_path, origin, "download", origin.url("/films/harbour.mp4"), "--into", "uploads")
    assert again.stdout.split() == [said["video"], "harbour.mp4"]
    assert "had this content already" in again.stderr


def test_into_a_collection_a_killed_download_goes_on_by_a_retry(tmp_path: Path, origin: Origin) -> None:
    content = Footage(40 * MIB)
    film = Film(content=content, pause_s=0.2)
    origin.films["/harbour.mp4"] = film
    words = ("download", origin.url("/harbour.mp4"), "--into", "uploads", "--pipeline", "none")
    _killed(tmp_path, origin, *words, after=20 * MIB)
    film.pause_s = 0.0
    origin.sent = 0
    (job,) = json.loads(_framemill(tmp_path, origin, "jobs", "list", "--json").stdout)

    done = _framemill(tmp_path, origin, "jobs", "retry", job["id"])

    assert done.returncode == 0, done.stderr
    assert origin.sent < 30 * MIB
    (video,) = json.loads(_framemill(tmp_path, origin, "videos", "list", "--json").stdout)
    assert (video["state"], video["sha256"]) == ("ready", content.sha256())
    assert list((tmp_path / "data" / "work").iterdir()) == []


def test_into_a_collection_what_is_no_film_fails(tmp_path: Path, origin: Origin) -> None:
    origin.films["/harbour.mp4"] = Film(content=Content(MIB))

    done = _framemill(tmp_path, origin, "download", origin.url("/harbour.mp4"), "--into", "uploads")

    assert done.returncode != 0
    assert "code: invalid_upload" in done.stderr


def test_into_a_collection_may_wait_for_workers(tmp_path: Path, origin: Origin) -> None:
    origin.films["/harbour.mp4"] = Film(content=Content(MIB))

    done = _framemill(
        tmp_path, origin, "download", origin.url("/harbour.mp4"), "--into", "uploads", "--async"
    )

    assert done.returncode == 0, done.stderr
    assert origin.asked == []
    shown = json.loads(_framemill(tmp_path, origin, "jobs", "show", done.stdout.strip(), "--json").stdout)
    assert shown["state"] == "queued"


@pytest.mark.parametrize(
    "words",
    [
        ("--into", "uploads", "-o", "films/"),
        ("--into", "uploads", "--max-size", "1G"),
        ("--pipeline", "proxy"),
        ("--async",),
    ],
)
def test_options_of_files_and_of_videos_do_not_mix(
    tmp_path: Path, origin: Origin, words: tuple[str, ...]
) -> None:
    done = _framemill(tmp_path, origin, "download", origin.url("/harbour.mp4"), *words)

    assert "code: invalid_spec" in done.stderr
    assert origin.asked == []
