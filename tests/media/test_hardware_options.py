"""Every option given to a hardware encoder is one that ffmpeg knows, with a value that it takes."""

import re
import subprocess
import sys
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from framemill.commands.accelerating import accelerated
from framemill.commands.video import Keyframes
from framemill.domain.hardware import FORMS, MAKERS, Maker, Trial, encoder_name
from framemill.domain.profiles import PRESETS
from framemill.operations.profiles import make_profile
from framemill.tools.programs import find_programs, origin

pytestmark = pytest.mark.media

# ffmpeg's own, known to every encoder.
_COMMON = {
    *("-c:v", "-b:v", "-maxrate", "-bufsize", "-g", "-bf", "-flags", "-global_quality", "-q:v"),
    *("-tag:v:0", "-force_key_frames", "-fps_mode"),
}
_CASES = [
    (maker, codec, depth)
    for maker in MAKERS
    for codec, depth in FORMS
    if maker != "videotoolbox" and encoder_name(maker, codec)
]
_CONTROLS: tuple[dict[str, object], ...] = (
    {"crf": 23},
    {"crf": 51},
    {"crf": 23, "max_bitrate": 2_500_000},
    {"bitrate": 2_500_000},
)


def _args(maker: Maker, codec: str, depth: int, preset: str, control: dict[str, object]) -> tuple[str, ...]:
    name = encoder_name(maker, codec)
    assert name is not None
    preset = preset if codec != "av1" else "8"
    form = accelerated(
        make_profile(codec=codec, bit_depth=depth, preset=preset, **control),
        Trial(maker=maker, kind="encoder", name=name, codec=codec, bit_depth=depth),
        filters=("format=yuv420p",),
        rate=Fraction(30),
        keyframes=Keyframes(every_us=2_000_000),
    )
    return form.args


@cache
def _known(encoder: str) -> str:
    ffmpeg = str(find_programs().ffmpeg)
    done = subprocess.run(
        (ffmpeg, "-hide_banner", "-h", f"encoder={encoder}"),
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    if "AVOptions" not in done.stdout:
        # The ffmpeg that comes along on Linux has them all: there, one that is missing is misspelt.
        assert sys.platform != "linux" or origin(Path(ffmpeg)) != "bundled", f"there is no encoder {encoder}"
        pytest.skip(f"this ffmpeg has no {encoder}")
    return done.stdout


@pytest.mark.parametrize(("maker", "codec", "depth"), _CASES)
def test_every_option_is_the_encoders_own_and_every_word_one_that_it_names(
    maker: Maker, codec: str, depth: int
) -> None:
    for control in _CONTROLS:
        for preset in PRESETS:
            args = _args(maker, codec, depth, preset, control)
            text = _known(args[1])
            for option, value in zip(args[::2], args[1::2], strict=True):
                if option in _COMMON:
                    continue
                block = re.search(rf"^  {option} +<.*\n(?:     \S.*\n)*", text, re.MULTILINE)
                assert block, f"{args[1]} has no {option}"
                if re.fullmatch(r"\d+", value):
                    limits = re.search(r"from (-?\d+) to (-?\d+|INT_MAX)\)", block[0])
                    top = limits[2] if limits else "INT_MAX"
                    assert top == "INT_MAX" or int(value) <= int(top), f"{args[1]}: {option} {value}"
                else:
                    assert re.search(rf"^     {value} ", block[0], re.MULTILINE), f"{option} {value}"
