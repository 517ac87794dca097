from dataclasses import replace
from fractions import Fraction

import pytest

from framemill.commands import picture
from framemill.domain.profiles import Fit
from framemill.errors import NotSupported
from tests.builders import CAPABILITIES, a_video

_FIRST = "setpts='if(eq(N,0),0,PTS)'"


def test_a_plain_source_is_only_scaled() -> None:
    filters = picture.filters_for(a_video(), size=(1280, 720), capabilities=CAPABILITIES)

    assert filters == (
        _FIRST,
        "zscale=w=1280:h=720:f=bicubic:param_a=0:param_b=0.6:r=limited",
        "setsar=1",
        "format=yuv420p",
    )


def test_a_source_of_the_right_size_is_not_scaled() -> None:
    filters = picture.filters_for(a_video(), size=(1920, 1080), capabilities=CAPABILITIES)

    assert filters == (_FIRST, "setsar=1", "format=yuv420p")


def test_full_range_becomes_limited_even_at_the_same_size() -> None:
    video = a_video(pixel_format="yuvj420p", color_range="pc")

    filters = picture.filters_for(video, size=(1920, 1080), capabilities=CAPABILITIES)

    assert "zscale=w=1920:h=1080:f=bicubic:param_a=0:param_b=0.6:r=limited" in filters


def test_untagged_colours_are_named_by_the_size_of_the_source() -> None:
    small = picture.filters_for(
        a_video(width=640, height=360, color_space=None), size=(640, 360), capabilities=CAPABILITIES
    )
    large = picture.filters_for(a_video(color_space=None), size=(640, 360), capabilities=CAPABILITIES)

    assert "setparams=colorspace=smpte170m:color_primaries=smpte170m:color_trc=smpte170m" in small
    assert "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709" in large


def test_interlaced_frames_are_deinterlaced_first_and_stay_as_many() -> None:
    filters = picture.filters_for(a_video(field_order="tt"), size=(640, 360), capabilities=CAPABILITIES)

    assert filters[0] == "bwdif=mode=send_frame:parity=auto:deint=interlaced"


def test_hdr_is_tone_mapped_before_scaling_so_that_renditions_share_it() -> None:
    video = a_video(color_transfer="smpte2084", pixel_format="yuv420p10le", bit_depth=10)

    filters = picture.filters_for(video, size=(640, 360), capabilities=CAPABILITIES)

    assert filters[0] == "zscale=t=linear:npl=203"
    assert filters.index("tonemap=tonemap=mobius:param=0.3:desat=4:peak=49.26") < next(
        n for n, f in enumerate(filters) if f.startswith("zscale=w=640")
    )


def test_hdr_can_be_kept() -> None:
    video = a_video(color_transfer="smpte2084", pixel_format="yuv420p10le", bit_depth=10)

    filters = picture.filters_for(
        video, size=(1920, 1080), capabilities=CAPABILITIES, keep_hdr=True, bit_depth=10
    )

    assert filters == (_FIRST, "setsar=1", "format=yuv420p10le")


def test_tone_mapping_without_its_filters_is_refused() -> None:
    poor = replace(CAPABILITIES, filters=frozenset({"scale"}))

    with pytest.raises(NotSupported, match="tone-mapped"):
        picture.filters_for(a_video(color_transfer="arib-std-b67"), size=(640, 360), capabilities=poor)


def test_without_zscale_the_plain_scaler_serves() -> None:
    poor = replace(CAPABILITIES, filters=frozenset({"scale"}))

    filters = picture.filters_for(a_video(), size=(640, 360), capabilities=poor)

    assert "scale=w=640:h=360:flags=bicubic:out_range=limited" in filters


def test_pad_puts_the_picture_in_the_middle() -> None:
    filters = picture.filters_for(
        a_video(rotation=90), size=(1280, 720), capabilities=CAPABILITIES, fit=Fit.PAD
    )

    assert filters[1:3] == (
        "zscale=w=404:h=720:f=bicubic:param_a=0:param_b=0.6:r=limited",
        "pad=1280:720:(ow-iw)/2:(oh-ih)/2",
    )


def test_cover_crops_what_hangs_over() -> None:
    filters = picture.filters_for(a_video(), size=(1080, 1920), capabilities=CAPABILITIES, fit=Fit.COVER)

    assert filters[1:3] == (
        "zscale=w=3414:h=1920:f=bicubic:param_a=0:param_b=0.6:r=limited",
        "crop=1080:1920",
    )


def test_a_picture_is_never_enlarged_unasked() -> None:
    small = a_video(width=320, height=240)

    assert picture.contained(small, 1280, 720) == (320, 240)
    assert picture.contained(small, 1280, 720, upscale=True) == (960, 720)


def test_odd_sizes_become_even_and_stay_below_the_limit() -> None:
    odd = a_video(width=161, height=121)

    assert picture.natural_size(odd) == (160, 120)
    assert picture.contained(a_video(width=1918, height=1081), 854, 480) == (852, 480)


def test_anamorphic_pixels_become_square() -> None:
    video = a_video(width=720, height=480, sar=Fraction(8, 9))

    assert picture.natural_size(video) == (640, 480)
