"""A large file goes through the page without being held in the browser's memory."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clips import clip
from tests.e2e.web.memory import grown

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(3600)]

_MIB = 1 << 20
# The long form shows the same of a file of any size: FRAMEMILL_TEST_UPLOAD_MB=2048.
_SIZE = int(os.environ.get("FRAMEMILL_TEST_UPLOAD_MB", "192")) * _MIB
_STEP = 5 * _MIB
_MOST_GROWTH = 64 * _MIB
_LATER_MS = 1_800_000


def test_a_large_file_leaves_the_browsers_memory_flat(browser: Browser, page: Page, tmp_path: Path) -> None:
    film = _large_film(tmp_path / "long.mp4")
    page.goto("/upload")
    page.get_by_role("button", name="Choose files").wait_for()
    tray = page.get_by_role("region", name="Uploads")

    with grown(browser) as memory:
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose files").click()
        chooser.value.set_files(film)
        expect(tray.get_by_text("Hashing")).to_be_visible()
        expect(tray.get_by_text("Uploading")).to_be_visible(timeout=_LATER_MS)
        tray.get_by_role("link", name="Show the video").wait_for(timeout=_LATER_MS)

    assert 0 < memory.together < _MOST_GROWTH, memory
    expect(tray.get_by_text("Ready", exact=True)).to_be_visible(timeout=_LATER_MS)


def _large_film(path: Path) -> Path:
    """A film of a second, and behind it room that no player looks at: on disk it takes next to nothing."""
    picture = ("-f", "lavfi", "-i", "testsrc2=duration=1:size=320x180:rate=10", "-pix_fmt", "yuv420p")
    shutil.copyfile(clip("short.mp4", *picture), path)
    with path.open("r+b") as file:
        start = file.seek(0, os.SEEK_END)
        file.write((1).to_bytes(4) + b"free" + (_SIZE - start).to_bytes(8))
        file.truncate(_SIZE)
        for place in range(_STEP, _SIZE - 8, _STEP):  # so that no two parts are alike
            file.seek(place)
            file.write(place.to_bytes(8))
    return path
