"""Walks through the UI as somebody new would and takes pictures of its pages for the docs.

    python -m tests.e2e.web.pictures FILM FOLDER

A film comes in through the chooser, is watched while it is encoded, played, cut
and looked at from all sides. An error that a page does not catch ends the walk.
"""

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsers import chromium
from tests.e2e.web.site import Site, serving

_WIDE = {"width": 1360, "height": 860}
_PHONE = {"width": 390, "height": 844}
_LATER_MS = 600_000


def main(arguments: list[str]) -> int:
    """The command line above."""
    film, folder = Path(arguments[0]), Path(arguments[1])
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        serving(Path(data), {}) as site,
        chromium() as browser,
    ):
        shoot = _Shots(folder)
        video = _walk(_signed_in(browser, site), film, shoot)
        _again(_signed_in(browser, site, color_scheme="dark"), video, "dark", shoot)
        _again(_signed_in(browser, site, viewport=_PHONE, has_touch=True), video, "phone", shoot)
    return 0


class _Shots:
    """Numbered pictures in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def __call__(self, page: Page, name: str) -> None:
        self._count += 1
        page.wait_for_timeout(700)  # what fades in has done so
        page.screenshot(path=self._folder / f"{self._count:02}-{name}.jpg", type="jpeg", quality=80)


def _signed_in(browser: Browser, site: Site, **options: object) -> Page:
    page = browser.new_context(base_url=site.url, **{"viewport": _WIDE, **options}).new_page()  # type: ignore[arg-type]  # Playwright's own options
    page.on("pageerror", _complain)
    page.goto(site.link())
    page.get_by_role("main").wait_for()
    return page


def _complain(error: object) -> None:
    raise AssertionError(error)


def _walk(page: Page, film: Path, shoot: Callable[[Page, str], None]) -> str:
    expect(page.get_by_role("heading", name="No videos yet")).to_be_visible()
    shoot(page, "empty")
    page.get_by_role("link", name="Upload", exact=True).click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(film)
    shoot(page, "upload")
    page.get_by_role("link", name="To the videos").click()
    card = page.get_by_role("list", name="Videos").get_by_role("listitem")
    card.wait_for()
    shoot(page, "processing")
    expect(card.get_by_text("Ready")).to_be_visible(timeout=_LATER_MS)
    card.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/videos/[0-9a-f-]{36}"))
    video = page.url.rpartition("/")[2].partition("?")[0]
    page.goto(f"/new-job?video={video}&pipeline=publish")
    expect(page.get_by_text("Takes about")).to_be_visible(timeout=_LATER_MS)
    shoot(page, "new-job")
    page.get_by_role("button", name="Run the job").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_timeout(4000)
    shoot(page, "job-running")
    page.get_by_role("button", name=re.compile("^Download ")).first.wait_for(timeout=_LATER_MS)
    shoot(page, "job-done")
    page.goto(f"/videos/{video}")
    page.get_by_role("button", name="Play the video").click()
    page.wait_for_timeout(4000)
    shoot(page, "video")
    _cut(page, video, shoot)
    page.goto(f"/videos/{video}/compare")
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(5000)
    page.get_by_role("button", name="Pause").click()
    shoot(page, "compare")
    page.goto(f"/new-job?video={video}&operation=subtitles")
    page.get_by_role("button", name="Upload: File").scroll_into_view_if_needed()
    shoot(page, "new-job-files")
    for path, name in (
        ("/videos", "videos"),
        ("/jobs", "jobs"),
        ("/admin", "admin"),
        ("/admin/queue", "queue"),
        ("/admin/workers", "workers"),
        ("/admin/statistics?last=24h", "statistics"),
        ("/admin/users", "users"),
        ("/admin/audit", "audit"),
        ("/workspaces/default", "workspace"),
        ("/workspaces/default/webhooks", "webhooks"),
        ("/account", "account"),
    ):
        page.goto(path)
        page.wait_for_timeout(1500)
        shoot(page, name)
    return video


def _cut(page: Page, video: str, shoot: Callable[[Page, str], None]) -> None:
    page.goto(f"/videos/{video}?tab=cut")
    page.get_by_role("button", name="Set in").wait_for()
    page.wait_for_timeout(2500)
    page.keyboard.press("i")
    page.keyboard.press("l")
    page.wait_for_timeout(1500)
    page.keyboard.press("o")
    page.get_by_text("Smart", exact=True).click()
    page.wait_for_timeout(4000)
    shoot(page, "cut")
    page.get_by_role("button", name="Cut the clip").click()
    ready = page.get_by_role("button", name=re.compile(r"^clip_001"))
    ready.wait_for(timeout=_LATER_MS)
    page.wait_for_timeout(1000)
    shoot(page, "cut-done")
    with page.expect_download() as saved:
        ready.click()
    assert saved.value.path().stat().st_size > 0


def _again(page: Page, video: str, how: str, shoot: Callable[[Page, str], None]) -> None:
    for path, name in (("/videos", "videos"), (f"/videos/{video}", "video"), ("/jobs", "jobs")):
        page.goto(path)
        page.wait_for_timeout(2000)
        shoot(page, f"{name}-{how}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
