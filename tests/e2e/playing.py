"""How tests start players in a page, and see that a film plays."""

from playwright.sync_api import Page

BLANK = "<!doctype html><title>player</title><video id=v muted width=640></video>"

START_HLS = """url => new Promise((done, fail) => {
    window.hls = new Hls({startLevel: 0});
    hls.on(Hls.Events.ERROR, (_, e) => e.fatal && fail(new Error(e.details)));
    hls.on(Hls.Events.MANIFEST_PARSED, () => done(hls.levels.map(l => l.height)));
    hls.attachMedia(document.getElementById('v'));
    hls.loadSource(url);
})"""

START_DASH = """([url, auto]) => new Promise((done, fail) => {
    window.dash = dashjs.MediaPlayer().create();
    dash.updateSettings({streaming: {abr: {autoSwitchBitrate: {video: auto}, initialBitrate: {video: 1}}}});
    dash.on('error', e => fail(new Error(JSON.stringify(e.error))));
    dash.on('streamInitialized', () => done(dash.getRepresentationsByType('video').map(r => r.height)));
    dash.initialize(document.getElementById('v'), url, false);
})"""


def play(page: Page) -> None:
    """Play until something moves."""
    page.evaluate("document.getElementById('v').play()")
    reaches(page, "document.getElementById('v').currentTime > 0.5")


def seek(page: Page, seconds: int) -> None:
    """Go to a second and play on from there."""
    page.evaluate(f"document.getElementById('v').currentTime = {seconds}")
    reaches(page, f"document.getElementById('v').currentTime > {seconds}.3")


def reaches(page: Page, condition: str) -> None:
    """Wait until the condition holds."""
    page.wait_for_function(condition, timeout=60_000)
