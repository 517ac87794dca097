"""Players and a store elsewhere: manifests pass through, all else is fetched from the store itself."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.plan import Role
from framemill.settings import Settings
from tests.engines import Clock
from tests.integration.stores import bucket
from tests.servers import rgw
from tests.serving import Serving
from tests.shelves import Shelves

pytestmark = pytest.mark.integration

_FILM = bytes(range(256)) * 4000


class _Mill:
    """A served application on an S3 store, with a video and a package of it."""

    def __init__(
        self, folder: Path, request: pytest.FixtureRequest, serving: Serving, **more: object
    ) -> None:
        place = bucket(request)
        settings = {
            "data_dir": folder / "data",
            "cache_dir": folder / "cache",
            "public_url": serving.url,
            "storage": "s3",
            "s3_bucket": place.bucket,
            "s3_endpoint": rgw.url(place.server),
            "s3_access_key": rgw.ACCESS_KEY,
            "s3_secret_key": place.server.password,
            "s3_prefix": place.prefix,
            "s3_addressing": "path",
        }
        self.store_url = rgw.url(place.server)
        self.app: App = open_app(Settings.model_validate({**settings, **more}))
        self.shelves = Shelves(database=self.app.database, clock=Clock(), blobs=self.app.blobs, folder=folder)
        self.video = self.shelves.a_video(_FILM)


@pytest.fixture(params=[False, True], ids=["redirected", "passed through"], name="mill")
def _mill(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[_Mill]:
    serving = Serving()
    mill = _Mill(tmp_path, request, serving, media_proxy=request.param)
    with serving.serve(create_app(mill.app)):
        yield mill
    mill.app.close()


def _passes(mill: _Mill) -> bool:
    return mill.app.settings.media_proxy


def test_a_file_is_read_by_ranges(mill: _Mill) -> None:
    url = mill.app.playback.stream_url(mill.video.id).url
    asked = {"range": "bytes=1000-1999"}

    first = httpx2.get(url, headers=asked)
    answer = httpx2.get(url, headers=asked, follow_redirects=True)

    assert first.status_code == (206 if _passes(mill) else 307)
    assert str(answer.url).startswith(url if _passes(mill) else mill.store_url)
    assert (answer.status_code, answer.content) == (206, _FILM[1000:2000])
    assert answer.headers["content-range"] == f"bytes 1000-1999/{len(_FILM)}"
    # An address that only reads by GET answers to HEAD too.
    assert httpx2.head(url).headers["content-length"] == str(len(_FILM))


def test_a_download_keeps_its_name_from_the_store_too(mill: _Mill) -> None:
    url = mill.app.playback.stream_url(mill.video.id, download=True).url

    answer = httpx2.get(url, follow_redirects=True)

    assert answer.content == _FILM
    assert "film.mp4" in answer.headers["content-disposition"]


def test_manifests_always_pass_through(mill: _Mill) -> None:
    files = ("master.m3u8", "v/seg_00001.m4s")
    mill.shelves.an_artifact(mill.video, Role.HLS, "hls/", files=files, size=64)
    url = mill.app.playback.stream_url(mill.video.id).url

    manifest = httpx2.get(url)
    segment = httpx2.get(url.replace("master.m3u8", "v/seg_00001.m4s"), follow_redirects=True)
    missing = httpx2.get(url.replace("master.m3u8", "v/seg_00002.m4s"), follow_redirects=True)

    assert (manifest.status_code, manifest.content) == (200, b"x" * 64)
    assert (segment.status_code, segment.content) == (200, b"x" * 64)
    assert str(segment.url).startswith(url[:-20] if _passes(mill) else mill.store_url)
    assert missing.status_code == 404
