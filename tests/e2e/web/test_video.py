"""The page of one video: it plays on while its address is renewed, is cut, compared and deleted."""

import re
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response, expect

from tests.clips import clip
from tests.e2e.web.playing import comes
from tests.e2e.web.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

_LIFETIME_S = 8
SETTINGS = {"FRAMEMILL_PLAYBACK_LIFETIME": f"{_LIFETIME_S}s"}
_WORDS = b"1\n00:00:00,500 --> 00:00:59,000\nThe tide comes in.\n"
_FILM = (
    *("-f", "lavfi", "-i", "testsrc2=s=854x480:r=5:d=60", "-f", "lavfi", "-i", "sine=d=60"),
    *("-f", "srt", "-i", f"data:text/plain;base64,{b64encode(_WORDS).decode()}"),
    *("-c:v", "libx264", "-preset", "ultrafast", "-g", "20", "-c:a", "aac", "-c:s", "mov_text"),
    *("-map", "0:v", "-map", "1:a", "-map", "2:s"),
)


@pytest.fixture(scope="module", name="video")
def _video(site: Site) -> str:
    """The id of a film that is being published."""
    said = site.framemill("upload", str(clip("film.mp4", *_FILM)), "--pipeline", "publish")
    return said.split()[0]


def test_it_plays_on_while_its_address_is_renewed(
    page: Page, video: str, axe: Callable[[Page], None]
) -> None:
    media: list[Response] = []
    page.on("response", lambda answer: media.append(answer) if "/media/" in answer.url else None)
    page.goto(f"/videos/{video}?tab=jobs")
    expect(page.get_by_role("row", name=re.compile("publish.*completed"))).to_be_visible(timeout=180_000)
    page.goto(f"/videos/{video}")
    page.get_by_role("button", name="Play the video").wait_for()
    axe(page)

    page.get_by_role("button", name="Play the video").click()
    comes(page, "past", 1)
    page.get_by_role("button", name="Quality and speed").click()
    page.get_by_role("menuitem", name=re.compile("^360p")).click()
    comes(page, "tall", 360)
    page.get_by_role("button", name="Captions on").click()
    comes(page, "captioned")
    page.get_by_role("button", name="Full screen").click()
    page.get_by_role("button", name="Leave full screen").wait_for()
    page.get_by_role("button", name="Quality and speed").click()
    expect(page.get_by_role("menuitem", name="Auto")).to_be_in_viewport()
    page.get_by_role("menuitem", name=re.compile("^2")).click()
    expect(page.get_by_role("menu")).to_have_count(0)
    page.keyboard.press("f")
    page.get_by_role("button", name="Full screen", exact=True).wait_for()
    comes(page, "past", _LIFETIME_S + 1)
    page.keyboard.press("9")
    comes(page, "past", 54.5)

    refused = [(answer.status, answer.url) for answer in media if answer.status >= 400]
    segments = [urlsplit(answer.url).path for answer in media if "/hls/" in answer.url]
    assert refused == []
    assert len({path.split("/")[2] for path in segments}) > 1, "the token was never renewed"
    assert any("/360p/" in path for path in segments)


def test_a_clip_is_cut_and_downloaded(page: Page, video: str, axe: Callable[[Page], None]) -> None:
    page.goto(f"/videos/{video}?tab=cut")
    page.get_by_role("button", name="Set in").wait_for()
    comes(page, "ready")
    page.keyboard.press("l")
    comes(page, "past", 9.9)
    page.keyboard.press("i")
    page.get_by_text("Fast", exact=True).click()
    expect(page.get_by_text("A fast cut gives 0:08.000")).to_be_visible(timeout=60_000)
    axe(page)

    page.get_by_role("button", name="Cut the clip").click()
    ready = page.get_by_role("button", name=re.compile(r"^clip_001\.mp4"))
    ready.wait_for(timeout=60_000)
    with page.expect_download() as saved:
        ready.click()

    assert saved.value.suggested_filename.endswith("clip_001.mp4")
    assert saved.value.path().stat().st_size > 10_000


def test_two_files_are_compared_and_the_video_is_deleted_by_its_name(
    page: Page, site: Site, video: str, axe: Callable[[Page], None]
) -> None:
    page.goto(f"/videos/{video}/compare")
    comes(page, "ready")
    page.get_by_role("button", name="Play", exact=True).click()
    comes(page, "past", 1)
    axe(page)

    page.goto(f"/videos/{video}")
    page.get_by_role("button", name="More to do with this video").click()
    page.get_by_role("menuitem", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete the video?")
    expect(dialog.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    dialog.get_by_role("textbox").fill("film")
    dialog.get_by_role("button", name="Delete", exact=True).click()

    expect(page).to_have_url(re.compile("/videos\\?"))
    assert video not in site.framemill("videos", "list")
