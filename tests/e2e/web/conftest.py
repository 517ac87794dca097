"""The web UI in a real Chromium, against a real server with a worker; one of each for a module."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from framemill.api.web import BUILT
from tests.e2e.browsers import chromium
from tests.e2e.web.site import Site, serving

_AXE = Path(__file__).resolve().parents[3] / "web/node_modules/axe-core/axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session", name="built")
def _built() -> None:
    """Nothing is shown without it."""
    if not (BUILT / "index.html").is_file():
        _missing("the web UI is not built: `make web` builds it")


@pytest.fixture(scope="module", name="site")
def _site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, built: None
) -> Iterator[Site]:
    """A module may have settings of its own: `SETTINGS`."""
    folder = tmp_path_factory.mktemp("site")
    with serving(folder, getattr(request.module, "SETTINGS", {})) as site:
        yield site


@pytest.fixture(scope="module", name="browser")
def _browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(name="visit")
def _visit(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens pages of strangers; each fails its test where the console or the policy complains.

    `forgiven`: what stands in complaints that the test causes itself.
    """
    complaints: list[str] = []
    contexts = []

    def open_page(*, forgiven: Sequence[str] = (), **options: Any) -> Page:  # noqa: ANN401 - Playwright's own options
        context = browser.new_context(**{"base_url": site.url, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.extend(_complaint(message, forgiven)))
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


def _missing(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def _complaint(message: ConsoleMessage, forgiven: Sequence[str]) -> list[str]:
    # A 401 is how a page finds out that nobody is signed in, and a refused plan how a form finds its faults;
    # Chromium writes each such answer down.
    expected = "status of 401" in message.text or message.location["url"].endswith("/api/v1/plans")
    if message.type != "error" or expected:
        return []
    said = f"{message.text} ({message.location['url']})"
    return [] if any(one in said for one in forgiven) else [said]
