"""Real stills: right picture, right shape, right way up, right colours, from every kind of file."""

import subprocess
from pathlib import Path

import pytest

import framemill as fm
from framemill.engine.images import read_picture
from framemill.errors import NoVideoStream, TimeOutOfRange
from framemill.tools.programs import Programs
from tests import corpus
from tests.conftest import Clip

pytestmark = pytest.mark.media

LETTERS = "RGBY"
COLOURS = {"R": (200, 30, 30), "G": (30, 200, 30), "B": (30, 30, 200), "Y": (200, 200, 30)}


def pixels(programs: Programs, picture: Path, *, at: str) -> tuple[int, ...]:
    """Red, green and blue of the picture's pixel at `x:y`, as any viewer shows it."""
    argv = (
        *(str(programs.ffmpeg), "-v", "error", "-i", str(picture)),
        *("-vf", f"format=rgb24,crop=1:1:{at}", "-frames:v", "1", "-f", "rawvideo", "-"),
    )
    return tuple(subprocess.run(argv, check=True, capture_output=True, timeout=30).stdout)


def like(found: tuple[int, ...], wanted: tuple[int, ...], *, off: int = 6) -> bool:
    return all(abs(a - b) <= off for a, b in zip(found, wanted, strict=True))


@pytest.fixture(scope="session", name="seconds")
def _seconds(clip: Clip) -> Path:
    """Four seconds of 1280x720, one colour each, BT.709, a keyframe only at the start."""
    each = [f"color=c=#{bytes(COLOURS[name]).hex()}:s=1280x720:r=25:d=1,format=gbrp" for name in LETTERS]
    inputs = [arg for graph in each for arg in ("-f", "lavfi", "-i", graph)]
    graph = "concat=n=4,scale=out_color_matrix=bt709:out_range=limited,format=yuv420p"
    return clip(
        "seconds.mp4",
        *inputs,
        *("-filter_complex", graph, "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-g", "999"),
        *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
    )


@pytest.mark.parametrize("image", ["jpg", "png", "webp", "avif"])
def test_colours_are_right_in_every_format(
    image: str, seconds: Path, programs: Programs, tmp_path: Path
) -> None:
    fm.run(seconds, fm.Thumbnails(count=3, width=320, format=image), output=tmp_path)

    pictures = sorted(tmp_path.glob(f"thumb_*.{image}"))
    found = [pixels(programs, picture, at="100:100") for picture in pictures]
    assert all(like(got, COLOURS[name]) for got, name in zip(found, "GBY", strict=True)), found


def test_the_picture_shown_at_each_time_is_taken(seconds: Path, programs: Programs, tmp_path: Path) -> None:
    spec = fm.Thumbnails(at=("0s", "0.96s", "1s", "3.99s", "4s"), format="png", width=64)

    fm.run(seconds, spec, output=tmp_path)

    found = [pixels(programs, picture, at="9:9") for picture in sorted(tmp_path.glob("*.png"))]
    assert all(like(got, COLOURS[name]) for got, name in zip(found, "RRGYY", strict=True)), found


def test_a_slide_that_stands_still_is_taken_while_it_stands(
    clip: Clip, programs: Programs, tmp_path: Path
) -> None:
    slides = clip(
        "slides.mkv",
        *("-f", "lavfi", "-i", "color=c=red:s=320x180:r=1:d=1"),
        *("-f", "lavfi", "-i", "color=c=blue:s=320x180:r=1:d=3"),
        *("-filter_complex", "[1]setpts=PTS*7+10/TB[b];[0][b]interleave,format=yuv420p"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-fps_mode", "passthrough"),
    )

    fm.run(slides, fm.Thumbnails(at=("6s",), format="png"), output=tmp_path)

    red, _, blue = pixels(programs, tmp_path / "thumb_001.png", at="9:9")
    assert red > 200 > 60 > blue


def test_a_turned_picture_with_wide_pixels_stands_upright(
    clip: Clip, programs: Programs, tmp_path: Path
) -> None:
    flat = clip(
        "flat.mp4",
        *("-f", "lavfi", "-i", "color=c=red:s=360x240:r=5:d=1,drawbox=w=180:c=blue:t=fill,setsar=3/2"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
    )
    turned = tmp_path / "turned.mp4"
    args = ("-v", "error", "-display_rotation:v", "90", "-i", str(flat), "-c", "copy", str(turned))
    subprocess.run((str(programs.ffmpeg), *args), check=True, timeout=30)

    fm.run(turned, fm.Thumbnails(count=1, format="png"), output=tmp_path / "out")

    picture = tmp_path / "out/thumb_001.png"
    assert (read_picture(picture).width, read_picture(picture).height) == (240, 540)
    # Turned a quarter to the left, the blue left half is now the lower one.
    top, bottom = (pixels(programs, picture, at=f"120:{y}") for y in (60, 480))
    assert top[0] > 200 > 60 > top[2]
    assert bottom[2] > 200 > 60 > bottom[0]


def test_pictures_are_found_where_seeking_finds_none(
    seconds: Path, programs: Programs, tmp_path: Path
) -> None:
    # One keyframe at the start, no index: a seek lands behind it and decodes nothing.
    stream = tmp_path / "late.ts"
    args = (
        "-v",
        "error",
        "-i",
        str(seconds),
        "-c",
        "copy",
        "-muxdelay",
        "0",
        "-output_ts_offset",
        "77",
        str(stream),
    )
    subprocess.run((str(programs.ffmpeg), *args), check=True, timeout=30)

    fm.run(stream, fm.Thumbnails(count=3, width=64, format="png"), output=tmp_path / "out")

    found = [pixels(programs, picture, at="9:9") for picture in sorted((tmp_path / "out").glob("*.png"))]
    assert all(like(got, COLOURS[name]) for got, name in zip(found, "GBY", strict=True)), found


def test_nothing_is_left_behind_where_no_picture_can_be(clip: Clip, film: Path, tmp_path: Path) -> None:
    sound = clip("tone.wav", "-f", "lavfi", "-i", "sine=duration=1")

    with pytest.raises(NoVideoStream):
        fm.run(sound, fm.Thumbnails(), output=tmp_path / "out")
    with pytest.raises(TimeOutOfRange):
        fm.run(film, fm.Thumbnails(at=("1h",)), output=tmp_path / "out")

    assert not list(tmp_path.rglob("thumb*"))


@pytest.fixture(scope="session", name="patchy")
def _patchy(clip: Clip) -> Path:
    """Eight seconds, one each: red is black, green is sharp, blue is blurred, by the colour of one corner."""
    kinds = ("black", "sharp", "blurred", "white", "black", "sharp", "blurred", "sharp")
    looks = {
        "black": ("color=black", "red"),
        "white": ("color=white", "red"),
        "sharp": ("testsrc2", "lime"),
        "blurred": ("testsrc2", "blue"),
    }
    inputs: list[str] = []
    chains = []
    for number, kind in enumerate(kinds):
        graph, corner = looks[kind]
        inputs += ["-f", "lavfi", "-i", f"{graph}{':' if '=' in graph else '='}s=160x90:r=10:d=1"]
        blur = "gblur=sigma=9," if kind == "blurred" else ""
        chains.append(
            f"[{number}]{blur}drawbox=w=16:h=16:t=fill:c={corner},format=yuv420p,setsar=1[v{number}]"
        )
    pads = "".join(f"[v{number}]" for number in range(len(kinds)))
    return clip(
        "patchy.mp4",
        *inputs,
        *("-filter_complex", ";".join((*chains, f"{pads}concat=n={len(kinds)}[v]")), "-map", "[v]"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-qp", "8", "-g", "5", "-keyint_min", "5"),
    )


def corners(programs: Programs, folder: Path) -> list[str]:
    """What the corner of each picture says, in order."""
    found = [pixels(programs, picture, at="7:7") for picture in sorted(folder.glob("*.png"))]
    return ["bad" if r > 128 else "sharp" if g > 128 else "blurred" for r, g, _ in found]


@pytest.mark.parametrize("fields", [{"best": True}, {"avoid_bad": True}], ids=["best", "avoid_bad"])
@pytest.mark.parametrize("ending", ["mp4", "ts"])
def test_black_white_and_blurred_pictures_are_never_chosen(
    patchy: Path, clip: Clip, programs: Programs, tmp_path: Path, fields: dict[str, bool], ending: str
) -> None:
    source = patchy if ending == "mp4" else clip("patchy.ts", "-i", str(patchy), "-c", "copy")

    fm.run(source, fm.Thumbnails(count=5, format="png", **fields), output=tmp_path)

    assert corners(programs, tmp_path) == ["sharp"] * 5


def test_evenly_spaced_pictures_without_that_wish_are_what_is_there(
    patchy: Path, programs: Programs, tmp_path: Path
) -> None:
    fm.run(patchy, fm.Thumbnails(count=7, format="png"), output=tmp_path)

    assert set(corners(programs, tmp_path)) == {"bad", "sharp", "blurred"}


def test_a_film_of_nothing_but_black_still_gives_its_pictures(
    clip: Clip, programs: Programs, tmp_path: Path
) -> None:
    night = clip(
        "night.mp4",
        *("-f", "lavfi", "-i", "color=black:s=64x36:r=10:d=1", "-c:v", "libx264", "-preset", "ultrafast"),
    )

    fm.run(night, fm.Thumbnails(best=True, count=3), output=tmp_path)

    assert len(list(tmp_path.glob("thumb_*.jpg"))) == 3


@corpus.needs_corpus
@pytest.mark.parametrize(
    "name",
    [
        "hevc-hlg-editlist.mp4",
        "livepeer-test.flv",
        "edge/name-leading-dash.mp4",
        "derived/truncated-faststart.mp4",
    ],
)
def test_the_best_pictures_of_odd_footage_are_found(name: str, tmp_path: Path) -> None:
    result = fm.run(corpus.file(name), fm.Thumbnails(best=True, count=3, width=160), output=tmp_path)

    assert len(result.artifacts) == 3
