"""What browser tests stand on: a Chromium and the players, or a skip that says what is missing.

`scripts/test-needs.sh` installs both and looks in the same places.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

_MODULES = Path(__file__).parent / "node_modules"
_COMMANDS = ("chromium", "chromium-browser", "google-chrome")
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PLAYERS = {
    "hls.js": _MODULES / "hls.js/dist/hls.min.js",
    "dash.js": _MODULES / "dashjs/dist/modern/umd/dash.all.min.js",
    "media-chrome": _MODULES / "media-chrome/dist/iife/index.js",
}


def player(name: str) -> Path:
    """The script of this player; skips the test where npm has not brought it."""
    script = PLAYERS[name]
    if not script.is_file():
        pytest.skip(f"{name} is not installed: `make test` fetches it where there is npm")
    return script


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium that calls no one; skips the test where there is none."""
    path = _chromium_path()
    if path is None:
        pytest.skip("there is no Chromium; FRAMEMILL_TEST_BROWSER can name one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                # Chromium's own sandbox refuses to run as root.
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
                "--autoplay-policy=no-user-gesture-required",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-quic",
                "--no-first-run",
            ],
        )
        try:
            yield browser
        finally:
            browser.close()


def _chromium_path() -> str | None:
    if given := os.environ.get("FRAMEMILL_TEST_BROWSER"):
        return given
    on_path = (shutil.which(command) for command in _COMMANDS)
    installed = (app for app in _APPLICATIONS if Path(app).is_file())
    return next((path for path in (*on_path, *installed) if path), None)
