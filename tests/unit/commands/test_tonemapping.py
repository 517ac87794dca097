from dataclasses import replace

import pytest

from framemill.commands import picture, still
from framemill.commands.tonemapping import tone_mapped
from framemill.domain.media import Light, VideoStream
from framemill.errors import NotSupported
from tests.builders import CAPABILITIES, a_video

PQ = a_video(
    color_transfer="smpte2084",
    color_primaries="bt2020",
    color_space="bt2020nc",
    pixel_format="yuv420p10le",
    bit_depth=10,
)
WHOLE = replace(CAPABILITIES, filters=CAPABILITIES.filters | {"hue", "sidedata"})


@pytest.mark.parametrize(
    ("video", "peak"),
    [
        (replace(PQ, light=Light(display_max=4000, max_content=812)), "4"),
        (replace(PQ, light=Light(display_max=1015)), "5"),
        (replace(PQ, light=Light(max_content=1)), "1.232"),  # nobody's brightest is darker than paper
        (replace(PQ, light=Light(max_content=65_535)), "49.26"),
        (PQ, "49.26"),
        (replace(PQ, color_transfer="arib-std-b67"), "4.926"),
    ],
)
def test_the_brightest_is_what_the_metadata_says_else_what_the_transfer_allows(
    video: VideoStream, peak: str
) -> None:
    (curve,) = (f for f in tone_mapped(video, CAPABILITIES) if f.startswith("tonemap="))

    assert curve == f"tonemap=tonemap=mobius:param=0.3:desat=4:peak={peak}"


def test_colours_that_the_source_does_not_name_are_named_first() -> None:
    bare = replace(PQ, color_primaries=None, color_space=None)

    assert tone_mapped(bare, WHOLE)[:2] == (
        "setparams=color_primaries=bt2020:colorspace=bt2020nc",
        "zscale=t=linear:npl=203",
    )
    kept = picture.filters_for(bare, size=(1920, 1080), capabilities=WHOLE, keep_hdr=True, bit_depth=10)
    assert [f for f in kept if f.startswith("setparams")] == [tone_mapped(bare, WHOLE)[0]]


def test_hlg_is_weakened_and_light_metadata_forgotten_where_ffmpeg_can() -> None:
    assert tone_mapped(replace(PQ, color_transfer="arib-std-b67"), WHOLE)[-3:] == (
        "hue=s=0.88",
        "sidedata=mode=delete:type=MASTERING_DISPLAY_METADATA",
        "sidedata=mode=delete:type=CONTENT_LIGHT_LEVEL",
    )


def test_dolby_vision_without_a_base_is_refused_wherever_it_would_be_decoded() -> None:
    video = replace(PQ, color_transfer=None, dolby_vision=True, dolby_vision_only=True)

    with pytest.raises(NotSupported, match="profile 5"):
        picture.filters_for(video, size=(1280, 720), capabilities=WHOLE)
    with pytest.raises(NotSupported, match="profile 5"):
        still.filters(video, size=(1280, 720), capabilities=WHOLE, image="jpg")
