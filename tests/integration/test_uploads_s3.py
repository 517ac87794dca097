"""Uploads whose parts go straight to an S3 store: the API never sees a byte of them."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.servers import rgw as rgw_server
from tests.servers.counting import counted
from tests.servers.keeping import Server
from tests.servers.serving import Serving
from tests.uploading import (
    SMALL_PARTS,
    a_file,
    check_all_there,
    finished,
    framemill,
    received,
    run_bash,
    script,
)
from tests.yards import PART, a_film

pytestmark = pytest.mark.integration


@pytest.fixture(name="settings")
def _settings(rgw: Server, s3_bucket: str) -> dict[str, str]:
    return {
        **SMALL_PARTS,
        "FRAMEMILL_STORAGE": "s3",
        "FRAMEMILL_S3_BUCKET": s3_bucket,
        "FRAMEMILL_S3_ENDPOINT": rgw_server.url(rgw),
        "FRAMEMILL_S3_ACCESS_KEY": rgw_server.ACCESS_KEY,
        "FRAMEMILL_S3_SECRET_KEY": rgw.password,
        "FRAMEMILL_S3_PREFIX": f"t-{secrets.token_hex(6)}",
    }


@pytest.fixture(name="serving")
def _serving(settings: dict[str, str], tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path, settings).start()
    yield serving
    serving.stop()


def test_no_byte_of_a_file_passes_through_the_api(serving: Serving, tmp_path: Path) -> None:
    file = a_file(tmp_path, 2 * PART + 123)

    with counted(int(serving.url.rpartition(":")[2])) as door:
        done = run_bash(serving, script(0), file, api=f"{door.url}/api/v1")

    assert (done["state"], done["video_state"], done["part_count"]) == ("completed", "ready", 3)
    assert 0 < door.bytes < 20_000
    check_all_there(serving, file)


def test_addresses_of_parts_lead_to_the_store(serving: Serving, settings: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {serving.key()}"}
    content = a_film(PART + 10)
    with httpx2.Client(base_url=serving.api, headers=headers, timeout=120) as client:
        begun = client.post("/uploads", json={"filename": "a.mp4", "size": len(content)}).json()
        first, second = begun["parts"]
        changed = httpx2.put(first["url"].replace("partNumber=1", "partNumber=2"), content=content[PART:])
        other = httpx2.put(second["url"], content=content[PART:])
        seen = client.get(f"/uploads/{begun['id']}").json()
        client.delete(f"/uploads/{begun['id']}")

    place = urlsplit(settings["FRAMEMILL_S3_ENDPOINT"]).netloc
    assert {urlsplit(part["url"]).netloc for part in (first, second)} == {place}
    assert changed.status_code == 403
    assert other.status_code == 200
    assert [part["number"] for part in seen["received"]] == [2]
    check_all_there(serving)


def test_client_and_server_may_be_killed_on_the_way(
    settings: dict[str, str], rgw: Server, tmp_path: Path
) -> None:
    file = a_file(tmp_path, 6 * PART + 7)
    with counted(rgw.port, hold_after=3 * PART) as door:
        serving = Serving(tmp_path, {**settings, "FRAMEMILL_S3_PUBLIC_ENDPOINT": door.url}).start()
        words = ("upload", file, "--server", serving.url, "--parallel", "1")
        key = serving.key()
        first = framemill(serving, *words, FRAMEMILL_KEY=key)
        assert door.held.wait(120)
        serving.kill()
        first.kill()
        first.communicate()
        there = received(serving)
        assert there >= 2
        door.hold_after = None
        door.released.set()

        serving.start()
        finished(framemill(serving, *words, FRAMEMILL_KEY=key))

        assert door.bytes < 3 * PART + (7 - there) * PART
        check_all_there(serving, file)
        serving.stop()


def test_files_go_to_the_store_without_a_server(settings: dict[str, str], tmp_path: Path) -> None:
    serving = Serving(tmp_path, settings)
    file = a_file(tmp_path, 2 * PART + 7)

    finished(framemill(serving, "upload", file, "--pipeline", "none"))

    check_all_there(serving, file)
