"""Filter chains from the command line, with names and texts that mean something elsewhere."""

import shlex
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli
from tests.media.pixels import ffmpeg, first, near

pytestmark = pytest.mark.e2e

_NAMES = ("-leading dash", 'it\'s 100% "so"', "a:b,c;d[e]=f\\g", "ünï çødé 🙂", "%03d", "http:", "new\nline")


def _film(cli: Cli, name: str) -> Path:
    path = cli.folder / name
    ffmpeg(
        *("-f", "lavfi", "-i", "color=gray:s=160x120:r=10:d=1"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", f"file:{path}"),
    )
    return path


def _logo(cli: Cli, name: str) -> None:
    plain = cli.folder.parent / "logo.png"
    ffmpeg("-f", "lavfi", "-i", "color=blue:s=20x20", "-frames:v", "1", str(plain))
    shutil.copy(plain, cli.folder / name)


@pytest.mark.parametrize("name", _NAMES)
def test_any_name_works_for_video_picture_and_font(name: str, cli: Cli) -> None:
    _film(cli, f"{name}.mp4")
    _logo(cli, f"{name}.png")
    font = files("ttf_opensans").joinpath("ttf/OpenSans-Bold.ttf")
    (cli.folder / f"{name}.ttf").write_bytes(font.read_bytes())

    done = cli(
        *("filter", "-i", f"./{name}.mp4", "-o", "out.mp4"),
        *("--chain", f"watermark {shlex.quote(f'{name}.png')} x=10 y=10"),
        *("--chain", f"text {shlex.quote(name)} font={shlex.quote(f'./{name}.ttf')}"),
    )

    assert done.returncode == 0, done.stderr
    shown = first(cli.folder / "out.mp4", (160, 120))
    assert near(shown.at(20, 20), (0, 0, 255), within=25)
    # The box behind the letters makes the lower edge darker.
    assert min(shown.light(60, 100, 40, 15)) < 100 < shown.mean(60, 50, 40, 20)


def test_a_chain_may_stand_in_a_file(cli: Cli) -> None:
    _film(cli, "film.mp4")
    (cli.folder / "chain.yaml").write_text("- crop width=80 height=60\n- filter: rotate\n  angle: 90\n")

    done = cli("filter", "film.mp4", "--chain-file", "chain.yaml", "-o", "out.mp4")
    both = cli("filter", "film.mp4", "--chain-file", "chain.yaml", "--chain", "flip", "-o", "b.mp4")

    assert done.returncode == 0, done.stderr
    assert "60×80" in done.stdout
    assert both.returncode == 2
    assert "--chain-file and --chain" in both.stderr


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("crop width=2000", "item 1 (crop): 2000x120 is larger than the picture"),
        ("blor x=1", "did you mean blur"),
        ("watermark nosuch.png", "nosuch.png"),
        ("watermark film.mp4", "it is no whole JPEG, PNG, WebP, AVIF or GIF picture"),
        ("text hi font=film.mp4", "it is no TrueType or OpenType font"),
        ("text 'unclosed", "close the quotes"),
        ("volume 0.5", "item 1 (volume) needs sound"),
    ],
)
def test_what_is_wrong_is_said_and_leaves_no_file(item: str, said: str, cli: Cli) -> None:
    _film(cli, "film.mp4")

    done = cli("filter", "film.mp4", "--chain", item, "-o", "out.mp4")

    assert done.returncode not in {0, 1}
    assert said in " ".join(done.stderr.split())
    assert cli.files() == {"film.mp4"}
