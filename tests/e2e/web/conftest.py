"""The web UI in a real Chromium, against a real server with a worker; one of each for a module."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from framemill.api.web import BUILT
from tests.e2e.browsers import chromium

_AXE = Path(__file__).resolve().parents[3] / "web/node_modules/axe-core/axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass(frozen=True, kw_only=True)
class Site:
    """A server that shows the UI."""

    url: str
    folder: Path
    env: dict[str, str]

    def framemill(self, *args: str) -> str:
        """What the program says, run on the server's data."""
        command = [sys.executable, "-m", "framemill", *args]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout + done.stderr

    def link(self) -> str:
        """A new link that signs a browser in as an admin, once."""
        found = re.search(r"token=(\S+)", self.framemill("keys", "login"))
        assert found is not None
        return f"{self.url}/login?token={found[1]}"


@pytest.fixture(scope="module", name="site")
def _site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A module may have settings of its own: `SETTINGS`."""
    if not (BUILT / "index.html").is_file():
        _missing("the web UI is not built: `make web` builds it")
    folder = tmp_path_factory.mktemp("site")
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TMPDIR") if key in os.environ}
    env = {
        **kept,
        "HOME": str(folder / "home"),
        "FRAMEMILL_DATA_DIR": str(folder / "data"),
        "FRAMEMILL_CACHE_DIR": str(folder / "cache"),
        **getattr(request.module, "SETTINGS", {}),
    }
    said = folder / "said.txt"
    command = [sys.executable, "-m", "framemill", "serve", "--port", "0", "--workers", "1"]
    # Into a file: nobody reads on from a pipe, and a full one would stop the server.
    with said.open("w") as out, subprocess.Popen(command, env=env, stderr=out) as process:
        try:
            yield Site(url=_address(said, process), folder=folder, env=env)
        finally:
            process.terminate()
            process.wait(timeout=60)


@pytest.fixture(scope="module", name="browser")
def _browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(name="visit")
def _visit(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens pages of strangers; each fails its test where the console or the policy complains."""
    complaints: list[str] = []
    contexts = []

    def open_page(**options: Any) -> Page:  # noqa: ANN401 - Playwright's own options
        context = browser.new_context(base_url=site.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.extend(_complaint(message)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, complaints


@pytest.fixture(name="page")
def _page(visit: Callable[..., Page], site: Site) -> Page:
    """A page on which the admin is signed in."""
    page = visit()
    page.goto(site.link())
    page.get_by_role("navigation", name="Places").wait_for()
    return page


@pytest.fixture(name="axe")
def _axe() -> Callable[[Page], None]:
    """Fails where axe finds that the page keeps someone out."""
    if not _AXE.is_file():
        _missing("axe is not installed: `make web-check` fetches it")
    source = _AXE.read_text("utf-8")

    def check(page: Page) -> None:
        page.evaluate(source)
        found = page.evaluate("rules => axe.run(document, { runOnly: rules })", _RULES)
        assert [
            f"{one['id']}: {node['html'][:160]} ({node['failureSummary']})"
            for one in found["violations"]
            for node in one["nodes"]
        ] == []

    return check


def _address(said: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(r"^serving at (\S+)$", said.read_text(), re.MULTILINE):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(said.read_text())


def _missing(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def _complaint(message: ConsoleMessage) -> list[str]:
    # A 401 is how a page finds out that nobody is signed in, and a refused plan how a form finds its faults;
    # Chromium writes each such answer down.
    expected = "status of 401" in message.text or message.location["url"].endswith("/api/v1/plans")
    if message.type != "error" or expected:
        return []
    return [f"{message.text} ({message.location['url']})"]
