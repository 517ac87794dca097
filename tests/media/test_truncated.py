"""Inputs whose end is missing, whatever stands in its place: never silently a short result."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

import framemill as fm
from framemill.errors import FramemillError, OutputInvalid
from framemill.tools.probe import probe
from framemill.tools.programs import Programs
from tests.conftest import Clip

pytestmark = pytest.mark.media

KINDS = {
    "faststart.mp4": ("-movflags", "+faststart"),
    "faststart.mov": ("-movflags", "+faststart"),
    "film.mkv": (),
    "film.ts": (),
    "film.avi": ("-c:v", "mpeg4", "-c:a", "mp3"),
}
TAILS = {
    "nothing": b"",
    "zeros": bytes(1000),
    "garbage": random.Random(1).randbytes(1000),  # noqa: S311 - no secret
}
SHARES = (0.1, 1 / 3, 0.5, 0.9, 0.97)

Short = Callable[[str], Path]


@pytest.fixture(scope="module", name="short")
def _short(clip: Clip) -> Short:
    """Two seconds of picture and sound in a container."""

    def short(name: str) -> Path:
        return clip(
            name,
            *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=2"),
            *("-f", "lavfi", "-i", "sine=duration=2:sample_rate=48000"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", *KINDS[name]),
        )

    return short


@pytest.mark.parametrize("name", KINDS)
def test_a_missing_end_is_told_whatever_stands_in_its_place(
    short: Short, programs: Programs, tmp_path: Path, name: str
) -> None:
    whole = short(name)
    content = whole.read_bytes()
    cut = tmp_path / name

    assert probe(whole, programs=programs).warnings == ()
    for share in SHARES:
        for what, tail in TAILS.items():
            # An odd length: between two transport packets a cut cannot be seen.
            cut.write_bytes(content[: int(len(content) * share) | 1] + tail)
            try:
                told = probe(cut, programs=programs).warnings
            except FramemillError:
                continue
            assert any("incomplete" in text for text in told), (share, what)


@pytest.mark.parametrize("name", KINDS)
def test_a_third_of_a_short_film_is_no_silent_result(short: Short, tmp_path: Path, name: str) -> None:
    content = short(name).read_bytes()
    cut = tmp_path / name
    cut.write_bytes(content[: len(content) // 3 | 1] + bytes(1000))

    try:
        result = fm.run(cut, fm.Compress(speed="ultrafast"), output=tmp_path / "out.mp4")
    except FramemillError:
        assert not (tmp_path / "out.mp4").exists()
        return

    assert any("incomplete" in text for text in result.warnings)


def test_copied_sound_does_not_stand_for_a_picture_that_does_not_decode(short: Short, tmp_path: Path) -> None:
    content = short("faststart.mp4").read_bytes()
    emptied = tmp_path / "emptied.mp4"
    kept = len(content) * 2 // 5
    emptied.write_bytes(content[:kept] + bytes(len(content) - kept))  # as an unfinished download leaves it

    with pytest.raises(OutputInvalid, match=r"picture's length 00:00:02\.000 promised"):
        fm.run(emptied, fm.Compress(speed="ultrafast"), output=tmp_path / "out.mp4")

    assert not (tmp_path / "out.mp4").exists()
