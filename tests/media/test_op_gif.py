"""Moving pictures from real clips: frames, times, colours and transparency, as their bytes have them."""

from pathlib import Path

import pytest

import framemill as fm
from framemill.engine.moving import read_motion
from tests import corpus
from tests.conftest import Clip
from tests.media.heard import ffmpeg
from tests.unit.operations.commands import asked

pytestmark = pytest.mark.media

FORMATS = ("gif", "webp", "apng")
DEMUXERS = {"gif": "gif", "webp": "webp_anim", "apng": "apng"}


def rgba(path: Path, image: str, *, frame: int, size: str) -> bytes:
    """One frame's pixels, scaled to `size`."""
    return ffmpeg(
        *("-f", DEMUXERS[image], "-i", str(path), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgba"),
        *("-vf", f"select=eq(n\\,{frame}),format=rgba,scale={size}:flags=area", "-"),
    ).stdout


@pytest.mark.parametrize("image", FORMATS)
def test_a_second_at_ten_frames_is_ten_frames_of_that_second(film: Path, image: str, tmp_path: Path) -> None:
    wish = asked(fm.Gif, start=2, duration=1, fps=10, width=160, format=image, loop=2)

    result = fm.run(film, wish, output=tmp_path)

    motion = read_motion(result.path)
    assert (motion.frames, motion.plays) == (10, 2)
    assert motion.duration_us == pytest.approx(1_000_000, abs=5000)
    seen = rgba(result.path, image, frame=5, size="16x9")
    source = ffmpeg(
        *("-ss", "2.48", "-i", str(film), "-frames:v", "1", "-vf", "format=rgba,scale=16x9:flags=area"),
        *("-f", "rawvideo", "-pix_fmt", "rgba", "-"),
    ).stdout
    apart = [abs(a - b) for a, b in zip(seen, source, strict=True)]
    assert sum(apart) / len(apart) < 8


@pytest.mark.parametrize("image", FORMATS)
def test_a_clip_in_which_nothing_moves_still_lasts(clip: Clip, image: str, tmp_path: Path) -> None:
    still = clip(
        "still.mp4",
        *("-f", "lavfi", "-i", "color=teal:s=64x48:r=25:d=2", "-c:v", "libx264", "-preset", "ultrafast"),
    )

    result = fm.run(still, asked(fm.Gif, format=image), output=tmp_path)

    motion = read_motion(result.path)
    assert motion.frames == 24
    assert motion.duration_us == pytest.approx(2_000_000, abs=5000)


@pytest.mark.parametrize("image", FORMATS)
def test_few_frames_a_second_are_as_many_as_promised(film: Path, image: str, tmp_path: Path) -> None:
    result = fm.run(film, asked(fm.Gif, format=image, fps=0.4, width=64), output=tmp_path)

    motion = read_motion(result.path)
    assert motion.frames == 2
    assert motion.duration_us == pytest.approx(5_000_000, abs=20_000)


def test_a_gif_is_no_larger_than_two_commands_by_hand_make_it(film: Path, tmp_path: Path) -> None:
    looks = "fps=12,scale=320:-1:flags=lanczos"
    palette, hand = str(tmp_path / "p.png"), tmp_path / "hand.gif"
    ffmpeg("-t", "3", "-i", str(film), "-vf", f"{looks},palettegen", palette)
    ffmpeg("-t", "3", "-i", str(film), "-i", palette, "-lavfi", f"{looks}[x];[x][1]paletteuse", str(hand))

    result = fm.run(film, fm.Gif(), output=tmp_path / "ours.gif")

    assert result.path.stat().st_size < 1.05 * hand.stat().st_size
    assert len(set(zip(*[iter(rgba(result.path, "gif", frame=9, size="320x180"))] * 4, strict=True))) > 60


@corpus.needs_corpus
@pytest.mark.parametrize("image", FORMATS)
def test_transparency_is_kept(image: str, tmp_path: Path) -> None:
    source = corpus.file("vp9-alpha-transparent.webm")

    result = fm.run(source, asked(fm.Gif, format=image, duration=0.5), output=tmp_path)

    alpha = rgba(result.path, image, frame=3, size="200x200")[3::4]
    clear, solid = (sum(a < 64 for a in alpha), sum(a > 192 for a in alpha))
    assert clear > 30_000
    assert solid > 100


@corpus.needs_corpus
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("hdr10-av1.mp4", (120, 213)),
        ("portrait_4k60.mp4", (120, 213)),
        ("bear-vp9-odd-dimensions.webm", (120, 90)),
        ("opencast-vfr-av.mov", (120, 90)),
        ("store-aisle-detection.gif", (120, 68)),
        ("shaka-negative-start.ts", (120, 68)),
    ],
)
def test_awkward_files_become_gifs(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    source = corpus.file(name)

    result = fm.run(source, asked(fm.Gif, width=120, duration=0.5, fps=6), output=tmp_path / "a.gif")

    made = fm.probe(result.path).main_video
    assert made is not None
    assert (made.width, made.height) == size
    assert read_motion(result.path).frames in {2, 3}
