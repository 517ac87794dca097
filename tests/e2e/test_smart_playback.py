"""A smart cut plays through its joins in a real browser, with the right picture on either side of each."""

from pathlib import Path

import pytest

import framemill as fm
from tests.e2e.browsers import chromium
from tests.e2e.web_server import served
from tests.media.counted import CYCLE, make_counted

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

_PAGE = "<!doctype html><title>player</title><video id=v muted></video>"

# From memory: the test's server gives no ranges, without which nothing can be sought.
_READY = """async () => {
    const v = document.getElementById('v');
    v.src = URL.createObjectURL(await (await fetch('cut.mp4')).blob());
    await new Promise((done, fail) => {
        v.onerror = () => fail(new Error(v.error.message));
        v.onloadeddata = done;
    });
}"""

# The brightness of the picture shown at a time. A loaded browser may say that it has sought before it has a
# picture to draw; nothing is drawn then, and the canvas stays transparent.
_GREY = """time => new Promise((done, fail) => {
    const v = document.getElementById('v');
    v.onerror = () => fail(new Error(v.error.message));
    const look = () => {
        const c = new OffscreenCanvas(1, 1), g = c.getContext('2d');
        g.drawImage(v, v.videoWidth / 2, v.videoHeight / 2, 8, 8, 0, 0, 1, 1);
        const [, green, , alpha] = g.getImageData(0, 0, 1, 1).data;
        if (alpha) done(green); else setTimeout(look, 20);
    };
    v.onseeked = look;
    v.currentTime = time;
})"""

_PLAYED = """() => new Promise((done, fail) => {
    const v = document.getElementById('v');
    v.onerror = () => fail(new Error(v.error.message));
    v.onended = () => {
        const q = v.getVideoPlaybackQuality();
        done([q.totalVideoFrames, q.corruptedVideoFrames, v.currentTime]);
    };
    v.currentTime = 0;
    v.play();
})"""


def test_a_smart_cut_plays_and_seeks_across_its_joins(tmp_path: Path) -> None:
    source = make_counted(tmp_path / "source.mp4", frames=150, extra=("-x264-params", "bframes=3:b-adapt=0"))
    # Pictures 21 to 130, of which 50 to about 127 are copied.
    fm.run(source, fm.Trim(start="0.7s", end="4.35s", mode="smart", strict=True), output=tmp_path / "cut.mp4")
    (tmp_path / "player.html").write_text(_PAGE)

    with served(tmp_path) as base, chromium() as browser:
        page = browser.new_page()
        page.goto(f"{base}/player.html")
        page.evaluate(_READY)

        seen = {}
        for number in (21, 22, 48, 49, 50, 51, 52, 75, 99, 100, 101, 126, 127, 128, 129, 130, 49, 50, 21):
            grey = page.evaluate(_GREY, (number - 21 + 0.5) / 30)
            # Full range on the screen, limited in the file.
            seen[number] = round((grey * 219 / 255 + 16 - 24) / 2)
        total, corrupted, ended = page.evaluate(_PLAYED)

    assert seen == {number: number % CYCLE for number in seen}
    assert corrupted == 0
    # A loaded machine may show fewer pictures than it decodes, never more of them than there are.
    assert total > 0
    assert ended == pytest.approx(110 / 30, abs=0.05)
