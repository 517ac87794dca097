import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from framemill.app import App, open_app
from framemill.domain.videos import VideoState
from tests.docs.pages import DOCS
from tests.servers.serving import Serving
from tests.yards import PART, a_film, sha256

pytestmark = pytest.mark.e2e

_SMALL_PARTS = {"FRAMEMILL_UPLOAD_PART_BYTES": str(PART)}


@pytest.fixture(name="serving")
def _serving(tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path, _SMALL_PARTS).start()
    yield serving
    serving.stop()


def a_file(folder: Path, size: int, *, name: str = "film.mp4", salt: int = 0) -> Path:
    path = folder / name
    path.write_bytes(a_film(size, salt=salt))
    return path


def script(number: int) -> str:
    """A block of the page's section about curl."""
    section = (DOCS / "uploads.md").read_text().partition("## With curl alone")[2]
    blocks: list[str] = re.findall(r"^```bash\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return blocks[number]


def run_bash(serving: Serving, text: str, file: Path) -> dict[str, Any]:
    environment = {**serving.env, "FILE": str(file), "API": serving.api, "KEY": serving.key()}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def framemill(serving: Serving, *words: str | Path, **env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "framemill", *map(str, words)],
        env={**serving.env, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=serving.folder,
    )


def finished(process: "subprocess.Popen[str]") -> str:
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return out


def look(serving: Serving) -> App:
    return open_app(serving.settings())


def check_all_there(serving: Serving, *files: Path) -> None:
    """Every file is a video once, byte for byte, and the store holds nothing else."""
    app = look(serving)
    try:
        stored = {blob.key: b"".join(app.blobs.read(blob.key)) for blob in app.blobs.list("")}
        digests = sorted(sha256(content) for content in stored.values())
        assert digests == sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
        assert not list(app.blobs.unfinished(""))
        shelf = app.collections.get("default")
        assert (shelf.videos, shelf.stored_bytes) == (len(files), sum(map(len, stored.values())))
    finally:
        app.close()


def received(serving: Serving) -> int:
    """How many parts the store has of uploads that are under way."""
    app = look(serving)
    try:
        return sum(len(app.blobs.parts(one.key, one.upload)) for one in app.blobs.unfinished(""))
    finally:
        app.close()


def wait_until_received(serving: Serving, count: int, *processes: "subprocess.Popen[str]") -> None:
    limit = time.monotonic() + 120
    while received(serving) < count:
        assert time.monotonic() < limit
        assert all(process.poll() is None for process in processes), "it was over before it could be killed"
        time.sleep(0.02)


def test_the_pages_ten_lines_of_curl_upload_a_file_in_parts(serving: Serving, tmp_path: Path) -> None:
    file = a_file(tmp_path, 2 * PART + 123, name='my "film" $(id).mp4')

    done = run_bash(serving, script(0), file)

    assert (done["state"], done["video_state"], done["part_count"]) == ("completed", "ready", 3)
    assert done["filename"] == file.name
    assert done["job_id"] is not None
    check_all_there(serving, file)


def test_the_pages_form_uploads_a_small_file(serving: Serving, tmp_path: Path) -> None:
    file = a_file(tmp_path, 100_000)

    done = run_bash(serving, script(1), file)

    assert (done["state"], done["sha256"]) == ("completed", sha256(file.read_bytes()))
    check_all_there(serving, file)


def test_a_client_that_is_killed_goes_on_where_it_was(serving: Serving, tmp_path: Path) -> None:
    file = a_file(tmp_path, 12 * PART + 7)
    words = ("upload", file, "--server", serving.url, "--parallel", "1", "--json")
    key = serving.key()
    first = framemill(serving, *words, FRAMEMILL_KEY=key)
    wait_until_received(serving, 2, first)
    first.kill()
    first.communicate()
    there = received(serving)

    (told,) = json.loads(finished(framemill(serving, *words, FRAMEMILL_KEY=key)))

    assert there >= 2
    assert told["duplicate"] is False
    check_all_there(serving, file)
    assert not list((tmp_path / "cache" / "uploads").glob("*"))
    (again,) = json.loads(finished(framemill(serving, *words, FRAMEMILL_KEY=key)))
    assert (again["video"], again["duplicate"]) == (told["video"], True)


def test_a_server_that_is_killed_costs_its_client_nothing_but_time(serving: Serving, tmp_path: Path) -> None:
    file = a_file(tmp_path, 12 * PART + 7)
    client = framemill(
        serving, "upload", file, "--server", serving.url, "--parallel", "2", FRAMEMILL_KEY=serving.key()
    )
    wait_until_received(serving, 2, client)
    serving.kill()
    serving.start()

    video = finished(client).split()[0]

    check_all_there(serving, file)
    app = look(serving)
    assert app.videos.get(video).state is VideoState.READY
    app.close()


def test_a_local_upload_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    serving = Serving(tmp_path, _SMALL_PARTS)
    file, other = a_file(tmp_path, 12 * PART + 7), a_file(tmp_path, 1000, name="b.mov", salt=1)
    words = ("upload", file, other, "--parallel", "1", "--json")
    first = framemill(serving, *words)
    wait_until_received(serving, 2, first)
    first.kill()
    first.communicate()

    told = json.loads(finished(framemill(serving, *words)))

    assert [one["duplicate"] for one in told] == [False, False]
    check_all_there(serving, file, other)


def test_many_uploads_at_once_leave_the_servers_memory_flat(serving: Serving, tmp_path: Path) -> None:
    count, size = 100, 2 << 20
    headers = {"Authorization": f"Bearer {serving.key()}"}
    limits = httpx2.Limits(max_connections=count)
    process = psutil.Process(serving.pid)
    with httpx2.Client(base_url=serving.api, headers=headers, limits=limits, timeout=240) as client:

        def send(salt: int) -> str:
            content = a_film(size, salt=salt)
            body = {"filename": f"{salt}.mp4", "size": size, "pipeline": "none"}
            begun = client.post("/uploads", json=body).raise_for_status().json()
            url = begun["parts"][0]["url"]
            httpx2.put(url, content=content, timeout=240).raise_for_status()
            done = client.post(f"/uploads/{begun['id']}/complete", json={"sha256": sha256(content)})
            return str(done.raise_for_status().json()["state"])

        send(-1)  # everything is imported by now
        before, peak = process.memory_info().rss, 0
        with ThreadPoolExecutor(count) as pool:
            sending = [pool.submit(send, salt) for salt in range(count)]
            while not all(one.done() for one in sending):
                peak = max(peak, process.memory_info().rss)
                time.sleep(0.02)
        states = {one.result() for one in sending}

    assert states <= {"completed", "completing"}
    assert peak - before <= 50 << 20, f"{(peak - before) >> 20} MiB"
