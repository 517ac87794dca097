"""HDR through real encodes: metadata kept, none left on SDR, and patches whose SDR look is known."""

import math
import struct
import subprocess
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest

import framemill as fm
from framemill.commands.ffprobe import frame_args
from framemill.commands.tonemapping import tone_mapped
from framemill.domain.hdr import facts
from framemill.domain.media import Hdr, Light
from framemill.errors import NotSupported
from framemill.operations.preview import Preview
from framemill.operations.remove_audio import RemoveAudio
from framemill.operations.thumbnails import Thumbnails
from framemill.operations.transcode import Transcode
from framemill.tools.capabilities import read_capabilities
from framemill.tools.programs import Programs
from tests import corpus
from tests.builders import a_video
from tests.conftest import Clip

pytestmark = pytest.mark.media

LIGHT = Light(display_max=1000, display_min=Fraction(1, 200), max_content=900, max_average=300)
_DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"


def _hdr10(clip: Clip, colours: str, params: str = "") -> Path:
    return clip(
        "hdr.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=0.4"),
        *("-vf", f"setparams=range=limited:{colours},format=yuv420p10le"),
        *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", f"log-level=error{params}"),
        *("-tag:v", "hvc1"),
    )


@pytest.fixture(name="hdr10")
def _with_metadata(clip: Clip) -> Path:
    return _hdr10(
        clip,
        "color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc",
        f":hdr10=1:repeat-headers=1:master-display={_DISPLAY}:max-cll=900,300",
    )


def test_metadata_that_only_the_pictures_hold_is_read(hdr10: Path) -> None:
    video = fm.probe(hdr10).main_video

    assert video is not None
    assert (video.hdr, video.light) == (Hdr.PQ, LIGHT)


@pytest.mark.parametrize(("profile", "preset"), [("movie_720p", "ultrafast"), ("archive_av1", "12")])
def test_ten_bit_profiles_keep_hdr10_with_its_metadata(
    profile: str, preset: str, hdr10: Path, tmp_path: Path
) -> None:
    made = fm.run(hdr10, Transcode(profile=profile, preset=preset), output=tmp_path / "kept.mp4")

    video = fm.probe(made.path).main_video
    source = fm.probe(hdr10).main_video
    assert video is not None
    assert source is not None
    assert facts(video) == facts(source)
    assert len(facts(video)) == 5


def test_a_tone_mapped_result_says_nothing_of_hdr(hdr10: Path, programs: Programs, tmp_path: Path) -> None:
    made = fm.run(hdr10, Transcode(profile="clip_720p", preset="ultrafast"), output=tmp_path / "sdr.mp4")

    video = fm.probe(made.path).main_video
    assert video is not None
    assert (video.hdr, video.color_primaries, video.color_space) == (None, "bt709", "bt709")
    said = subprocess.run(
        (str(programs.ffprobe), *frame_args(str(made.path), stream=0)), capture_output=True, check=True
    ).stdout
    assert b'"frames"' in said
    assert b"Mastering" not in said
    assert b"Content light" not in said


@pytest.mark.parametrize(("profile", "hdr"), [("movie_720p", Hdr.PQ), ("mobile_360p", None)])
def test_a_source_that_names_only_its_transfer_is_kept_and_tone_mapped_too(
    profile: str, hdr: Hdr | None, clip: Clip, tmp_path: Path
) -> None:
    bare = _hdr10(clip, "color_trc=smpte2084")

    made = fm.run(bare, Transcode(profile=profile, preset="ultrafast"), output=tmp_path / "made.mp4")

    video = fm.probe(made.path).main_video
    assert video is not None
    assert (video.hdr, video.color_primaries) == (hdr, "bt2020" if hdr else "bt709")


# Name: (sRGB, times reference white).
PATCHES = {
    "white": ((255, 255, 255), 1.0),
    "grey": ((118, 118, 118), 1.0),
    "skin": ((224, 172, 140), 1.0),
    "dark skin": ((120, 75, 50), 1.0),
    "sky": ((135, 190, 235), 1.0),
    "bright sky": ((135, 190, 235), 3.0),
    "sunset": ((255, 150, 60), 3.0),
    "highlight": ((255, 255, 255), 4.9),
}
_TO_BT2020 = ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956))
_SIDE = 16

Colour = tuple[float, float, float]


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_white_grey_skin_and_sky_look_as_they_do_in_sdr(transfer: str, programs: Programs) -> None:
    shown = _tone_mapped(transfer, programs)

    # White near SDR white, with room above; middle grey where it was.
    assert 0.80 < shown["white"][0] < 0.92
    assert 0.44 < shown["grey"][0] < 0.52
    assert shown["highlight"][0] > 0.97
    for name in ("white", "grey", "highlight"):
        assert max(shown[name]) - min(shown[name]) < 0.01
    for name in ("skin", "dark skin", "sky"):
        hue, chroma = _against_sdr(shown[name], PATCHES[name][0])
        assert abs(hue) < 4, name
        assert 0.85 < chroma < 1.1, name
    # Strong light pales, but a blue sky stays blue and a sunset orange.
    for name in ("bright sky", "sunset"):
        hue, chroma = _against_sdr(shown[name], PATCHES[name][0])
        assert abs(hue) < 8, name
        assert 0.5 < chroma < 1.1, name


def _tone_mapped(transfer: str, programs: Programs) -> Mapping[str, Colour]:
    """Each patch as R'G'B' of BT.709 after the filters."""
    width, height = _SIDE * len(PATCHES), _SIDE
    coded = [_coded(rgb, times, transfer) for rgb, times in PATCHES.values()]
    planes = b"".join(
        b"".join(struct.pack("<H", colour[plane]) * (_SIDE // part) for colour in coded) * (height // part)
        for plane, part in ((0, 1), (1, 2), (2, 2))
    )
    video = a_video(
        width=width,
        height=height,
        color_transfer=transfer,
        color_primaries="bt2020",
        color_space="bt2020nc",
        light=Light(max_content=1000),
    )
    tags = f"setparams=range=limited:color_primaries=bt2020:colorspace=bt2020nc:color_trc={transfer}"
    filters = ",".join((tags, *tone_mapped(video, read_capabilities(programs))))
    out = subprocess.run(
        (
            *(str(programs.ffmpeg), "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p10le"),
            *("-s", f"{width}x{height}", "-i", "-", "-vf", filters, "-f", "rawvideo", "-"),
        ),
        input=planes,
        capture_output=True,
        check=True,
        timeout=30,
    ).stdout
    chroma = width * height
    found = {}
    for n, name in enumerate(PATCHES):
        x, y = n * _SIDE + _SIDE // 2, height // 2
        at = (y // 2) * (width // 2) + x // 2
        luma, cb, cr = out[y * width + x], out[chroma + at], out[chroma + chroma // 4 + at]
        found[name] = _rgb((luma - 16) / 219, (cb - 128) / 224, (cr - 128) / 224)
    return found


def _rgb(luma: float, cb: float, cr: float) -> Colour:
    red, blue = luma + 1.5748 * cr, luma + 1.8556 * cb
    return red, (luma - 0.2126 * red - 0.0722 * blue) / 0.7152, blue


def _coded(rgb: tuple[int, int, int], times: float, transfer: str) -> tuple[int, int, int]:
    """Y'CbCr of BT.2020 in ten bits."""
    light = [203 * times * _linear(c / 255) for c in rgb]
    wide = [sum(a * b for a, b in zip(row, light, strict=True)) for row in _TO_BT2020]
    red, green, blue = (_pq(n) for n in wide) if transfer == "smpte2084" else _hlg(wide)
    luma = 0.2627 * red + 0.678 * green + 0.0593 * blue
    return (
        round(64 + 876 * luma),
        round(512 + 896 * (blue - luma) / 1.8814),
        round(512 + 896 * (red - luma) / 1.4746),
    )


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _pq(nits: float) -> float:
    """ITU-R BT.2100, table 4."""
    power = (nits / 10_000) ** 0.1593017578125
    return float(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


def _hlg(nits: list[float]) -> list[float]:
    """ITU-R BT.2100, table 5, for a display of 1000 nits."""
    shown = [n / 1000 for n in nits]
    luma = 0.2627 * shown[0] + 0.678 * shown[1] + 0.0593 * shown[2]
    scene = [s * luma ** (1 / 1.2 - 1) for s in shown]
    return [
        math.sqrt(3 * e) if e <= 1 / 12 else 0.17883277 * math.log(12 * e - 0.28466892) + 0.55991073
        for e in scene
    ]


def _against_sdr(shown: Colour, rgb: tuple[int, int, int]) -> tuple[float, float]:
    """Degrees of hue beside the SDR colour, and its share of that one's chroma, in Oklab."""
    got = _oklab([max(0.0, c) ** 2.4 for c in shown])
    want = _oklab([_linear(c / 255) for c in rgb])
    turned = math.degrees(math.atan2(got[1], got[0]) - math.atan2(want[1], want[0]))
    return (turned + 180) % 360 - 180, math.hypot(*got) / math.hypot(*want)


def _oklab(rgb: list[float]) -> tuple[float, float]:
    """https://bottosson.github.io/posts/oklab/"""
    red, green, blue = rgb
    long, medium, short = (
        math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue),
        math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue),
        math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue),
    )
    return (
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def test_dolby_vision_without_a_base_can_be_copied_but_is_not_encoded(tmp_path: Path) -> None:
    # A phone's profile 8 with an HLG base, whose header says profile 5 without one instead.
    film = corpus.file("dolbyVision-hdr.MOV").read_bytes()
    at = film.index(b"dvvC") + 6
    level_and_flags = int.from_bytes(film[at : at + 2], "big") & 0x1FF
    header = (5 << 9 | level_and_flags).to_bytes(2, "big") + bytes([film[at + 2] & 0x0F])
    source = tmp_path / "profile5.mov"
    source.write_bytes(film[:at] + header + film[at + 3 :])

    media = fm.probe(source)
    copy = fm.run(source, RemoveAudio(), output=tmp_path / "copy.mov")

    assert any("only Dolby Vision players" in warning for warning in media.warnings)
    assert copy.path.is_file()
    for spec in (Transcode(), Thumbnails(count=1), Preview()):
        with pytest.raises(NotSupported, match="profile 5"):
            fm.plan(source, spec)
