import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest

from framemill.domain.videos import VideoState
from tests.docs.pages import ROOT
from tests.servers.counting import Counted, a_free_port, counted
from tests.servers.serving import Serving
from tests.uploading import (
    SMALL_PARTS,
    a_file,
    check_all_there,
    finished,
    framemill,
    look,
    received,
    run_bash,
    script,
)
from tests.yards import PART, a_film, sha256

pytestmark = pytest.mark.e2e


@pytest.fixture(name="serving")
def _serving(tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path, SMALL_PARTS).start()
    yield serving
    serving.stop()


DIES_AT_THE_THIRD_PART = """
import os, signal, sys
from framemill.cli.main import main
from framemill.storage.local import LocalStore
put_part = LocalStore.put_part
def dying(self, key, upload, number, source):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return put_part(self, key, upload, number, source)
LocalStore.put_part = dying
sys.exit(main())
"""


def behind(door: Counted, folder: Path, port: int) -> Serving:
    """An installation whose addresses of parts lead through `door`."""
    return Serving(folder, {**SMALL_PARTS, "FRAMEMILL_PUBLIC_URL": door.url}, url=f"http://127.0.0.1:{port}")


def test_the_pages_ten_lines_of_curl_upload_a_file_in_parts(serving: Serving, tmp_path: Path) -> None:
    file = a_file(tmp_path, 2 * PART + 123, name='my "film" $(id).mp4')

    text = script(0)
    done = run_bash(serving, text, file)

    assert script(0, page=ROOT / "README.md") == text
    assert (done["state"], done["video_state"], done["part_count"]) == ("completed", "ready", 3)
    assert done["filename"] == file.name
    assert done["job_id"] is not None
    check_all_there(serving, file)


def test_the_pages_form_uploads_a_small_file(serving: Serving, tmp_path: Path) -> None:
    file = a_file(tmp_path, 100_000)

    done = run_bash(serving, script(1), file)

    assert (done["state"], done["sha256"]) == ("completed", sha256(file.read_bytes()))
    check_all_there(serving, file)


def test_a_client_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    file, port = a_file(tmp_path, 6 * PART + 7), a_free_port()
    with counted(port, hold_after=3 * PART) as door:
        serving = behind(door, tmp_path, port).start()
        words = ("upload", file, "--server", serving.url, "--parallel", "1", "--json")
        key = serving.key()
        first = framemill(serving, *words, FRAMEMILL_KEY=key)
        assert door.held.wait(120)
        first.kill()
        first.communicate()
        there = received(serving)
        door.hold_after = None
        door.released.set()

        (told,) = json.loads(finished(framemill(serving, *words, FRAMEMILL_KEY=key)))

        # What had arrived was not sent again.
        assert there >= 2
        assert door.bytes < 3 * PART + (7 - there) * PART
        assert told["duplicate"] is False
        check_all_there(serving, file)
        assert not list((tmp_path / "cache" / "uploads").glob("*"))
        (again,) = json.loads(finished(framemill(serving, *words, FRAMEMILL_KEY=key)))
        assert (again["video"], again["duplicate"]) == (told["video"], True)
        serving.stop()


def test_a_server_that_is_killed_costs_its_client_nothing_but_time(tmp_path: Path) -> None:
    file, port = a_file(tmp_path, 6 * PART + 7), a_free_port()
    with counted(port, hold_after=3 * PART) as door:
        serving = behind(door, tmp_path, port).start()
        words = ("upload", file, "--server", serving.url, "--parallel", "2")
        client = framemill(serving, *words, FRAMEMILL_KEY=serving.key())
        assert door.held.wait(120)
        serving.kill()
        door.hold_after = None
        door.released.set()
        serving.start()

        video = finished(client).split()[0]

        check_all_there(serving, file)
        app = look(serving)
        assert app.videos.get(video).state is VideoState.READY
        app.close()
        serving.stop()


def test_a_local_upload_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    serving = Serving(tmp_path, SMALL_PARTS)
    file, other = a_file(tmp_path, 4 * PART + 7), a_file(tmp_path, 1000, name="b.mov", salt=1)
    words = ("upload", file, other, "--parallel", "1", "--json")
    dies = framemill(serving, *words, program=("-c", DIES_AT_THE_THIRD_PART))
    dies.communicate()
    assert dies.returncode == -signal.SIGKILL
    assert received(serving) == 2

    told = json.loads(finished(framemill(serving, *words)))

    assert [one["duplicate"] for one in told] == [False, False]
    check_all_there(serving, file, other)


def test_a_part_that_breaks_off_leaves_nothing(serving: Serving, tmp_path: Path) -> None:
    content = a_film(PART)
    headers = {"Authorization": f"Bearer {serving.key()}"}
    with httpx2.Client(base_url=serving.api, headers=headers, timeout=60) as client:
        body = {"filename": "film.mp4", "size": PART, "pipeline": "none"}
        begun = client.post("/uploads", json=body).raise_for_status().json()
        url = urlsplit(begun["parts"][0]["url"])
        with socket.create_connection((url.hostname, url.port)) as line:
            head = (
                f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {PART}\r\n\r\n"
            )
            line.sendall(head.encode() + content[: PART // 2])

        limit = time.monotonic() + 60
        while any((tmp_path / "data" / "storage" / ".incoming").glob("*")):
            assert time.monotonic() < limit
            time.sleep(0.05)
        seen = client.get(f"/uploads/{begun['id']}").json()
        httpx2.put(url.geturl(), content=content, timeout=60).raise_for_status()
        done = client.post(f"/uploads/{begun['id']}/complete").json()

    assert seen["missing"] == [1]
    assert (done["state"], done["sha256"]) == ("completed", sha256(content))


@pytest.mark.slow
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
