"""Work asked for in a form and followed to its end; work that fails and leads to its mending; steering."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Clip
from tests.e2e.web.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

_ENDS_MS = 120_000
_PLANNED_MS = 30_000


@pytest.fixture(scope="module", name="video")
def _video(site: Site, clip: Clip) -> str:
    """The id of a stored film of four seconds."""
    picture = ("-f", "lavfi", "-i", "testsrc2=d=4:s=320x180:r=25", *("-g", "25", "-c:v", "libx264"))
    return _stored(site, clip("harbour.mp4", *picture, *("-pix_fmt", "yuv420p")))


@pytest.fixture(scope="module", name="sound")
def _sound(site: Site, clip: Clip) -> str:
    """The id of a stored file without a picture."""
    return _stored(site, clip("tone.m4a", *("-f", "lavfi", "-i", "sine=d=2"), *("-c:a", "aac")))


def test_a_trim_is_made_from_the_form_followed_to_its_end_and_saved(
    page: Page, site: Site, video: str, axe: Callable[[Page], None]
) -> None:
    page.goto(f"/new-job?video={video}")
    page.get_by_role("textbox", name="Search the catalogue").fill("one range")
    page.get_by_role("button", name="Trim").click()
    start = page.get_by_role("textbox", name="Start")
    start.fill("soon")
    expect(start).to_have_attribute("aria-invalid", "true", timeout=_PLANNED_MS)
    start.fill("1s")
    page.get_by_role("textbox", name="End").fill("2s")
    expect(page.get_by_text("Takes about")).to_be_visible(timeout=_PLANNED_MS)
    expect(page).to_have_url(re.compile("operation=trim"))
    page.get_by_role("tab", name="curl").click()
    curl = page.get_by_role("tabpanel").locator("pre").inner_text()
    axe(page)

    page.get_by_role("button", name="Run the job").click()
    expect(page.get_by_role("heading", name="Trim", level=1)).to_be_visible()
    expect(page.get_by_text("completed", exact=True)).to_be_visible(timeout=_ENDS_MS)
    expect(page.get_by_role("log")).to_contain_text("completed: 1 results")
    axe(page)
    with page.expect_download() as saving:
        page.get_by_role("button", name=re.compile("^Download .*-trim")).click()

    assert saving.value.path().read_bytes()[4:8] == b"ftyp"
    assert _answer_to(site, curl)["kind"] == "trim"


def test_a_job_that_fails_says_why_and_leads_to_the_form_that_mends_it(
    page: Page, sound: str, axe: Callable[[Page], None]
) -> None:
    page.goto(f"/new-job?video={sound}&operation=gif")
    expect(page.get_by_role("alert")).to_contain_text("no video stream", timeout=_PLANNED_MS)
    page.get_by_role("button", name="Run the job").click()
    expect(page.get_by_role("heading", name="Gif", level=1)).to_be_visible()
    cause = page.get_by_role("alert")
    expect(cause).to_contain_text("no video stream", timeout=_ENDS_MS)
    cause.get_by_role("button", name="What this means").click()
    expect(cause).to_contain_text("The work needs pictures")
    axe(page)

    cause.get_by_role("link", name="Change and run again").click()
    expect(page.get_by_role("heading", name="Gif", level=2)).to_be_visible()
    page.get_by_role("button", name="Do something else").click()
    page.get_by_role("button", name="Extract audio").click()
    page.get_by_role("button", name="Run the job").click()

    expect(page.get_by_text("completed", exact=True)).to_be_visible(timeout=_ENDS_MS)


def test_subtitles_of_this_device_are_read_by_a_job_and_found_by_the_next(
    page: Page, video: str, tmp_path: Path, axe: Callable[[Page], None]
) -> None:
    words = tmp_path / "harbour.de.srt"
    words.write_text("1\n00:00:01,000 --> 00:00:02,000\nNebel\n", "utf-8")
    form = f"/new-job?video={video}&operation=subtitles&values={json.dumps({'action': 'add'})}"
    page.goto(form)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload: File").click()
    chooser.value.set_files(words)
    expect(page.get_by_text(words.name)).to_be_visible()
    expect(page.get_by_text("Takes about")).to_be_visible(timeout=_PLANNED_MS)
    axe(page)
    page.get_by_role("button", name="Run the job").click()
    expect(page.get_by_text("completed", exact=True)).to_be_visible(timeout=_ENDS_MS)

    page.goto(form)
    page.get_by_role("combobox", name="File", exact=True).click()
    expect(page.get_by_role("option")).to_have_text([re.compile(words.name)])
    page.get_by_role("option").click()
    expect(page.get_by_role("button", name="Another one for File")).to_be_visible()


def test_a_job_is_paused_cancelled_and_taken_up_again_from_its_page_and_from_the_list(
    page: Page, video: str, axe: Callable[[Page], None]
) -> None:
    long = json.dumps({"target_vmaf": 95, "codec": "av1", "speed": "slower"})
    page.goto(f"/new-job?video={video}&operation=compress&values={long}")
    page.get_by_role("button", name="Run the job").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("paused", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("cancelled", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_visible()

    page.goto("/jobs")
    page.get_by_role("textbox", name="Search jobs").fill("harbour.mp4")
    page.get_by_role("combobox", name="Operation or pipeline").click()
    page.get_by_role("option", name="Compress").click()
    expect(page).to_have_url(re.compile(r"(?=.*text=harbour\.mp4)(?=.*kind=compress)"))
    page.get_by_role("checkbox", name="Select Compress").check()
    page.get_by_role("group", name="With the selected jobs").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("table").get_by_text("cancelled", exact=True)).to_be_visible()
    axe(page)


def _stored(site: Site, file: Path) -> str:
    found = re.search(r"[0-9a-f-]{36}", site.framemill("upload", "--pipeline", "none", str(file)))
    assert found is not None
    return found[0]


def _answer_to(site: Site, command: str) -> dict[str, Any]:
    """What a copied command says, given to a shell with a key at hand."""
    found = re.search(r"fm_\S+", site.framemill("keys", "create", "copied"))
    assert found is not None
    env = {**site.env, "FRAMEMILL_KEY": found[0]}
    shell = ["sh", "-c", command]
    done = subprocess.run(shell, env=env, capture_output=True, text=True, timeout=60, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
