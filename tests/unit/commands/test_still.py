from fractions import Fraction

import pytest

from framemill.commands import still
from framemill.domain.media import VideoStream
from tests.builders import CAPABILITIES, a_video

HDR = a_video(width=1921, height=1080, color_transfer="smpte2084", pixel_format="yuv420p10le")


def chain(video: VideoStream, image: still.Format = "jpg") -> str:
    return ",".join(still.filters(video, size=(320, 180), capabilities=CAPABILITIES, image=image))


@pytest.mark.parametrize(
    ("image", "colours", "pixels"),
    [
        ("jpg", "out_color_matrix=bt601:out_range=full", "yuvj420p"),
        ("png", "out_range=full", "rgb24"),
        ("webp", "out_color_matrix=bt601:out_range=limited", "yuv420p"),
        ("avif", "out_color_matrix=bt709:out_range=limited", "yuv420p"),
    ],
)
def test_each_format_gets_the_colours_that_it_means(image: still.Format, colours: str, pixels: str) -> None:
    filters = chain(a_video(), image)

    assert f":{colours},setsar=1,format={pixels}" in filters


@pytest.mark.parametrize(("height", "matrix"), [(720, "bt709"), (480, "smpte170m")])
def test_a_source_that_does_not_say_its_matrix_is_read_as_players_do(height: int, matrix: str) -> None:
    assert f":in_color_matrix={matrix}:" in chain(a_video(color_space=None, height=height))


def test_hdr_is_tone_mapped_after_odd_sides_were_made_even() -> None:
    filters = chain(HDR)

    assert filters.startswith("scale=w=trunc((iw+1)/2)*2:h=trunc((ih+1)/2)*2,zscale=t=linear")
    assert "in_color_matrix" not in filters


def test_transparency_stays_where_it_can_and_becomes_black_elsewhere() -> None:
    see_through = a_video(pixel_format="yuva420p", has_alpha=True)

    assert chain(see_through, "png").endswith("format=rgba")
    assert chain(see_through, "webp").endswith("format=yuva420p")
    assert chain(see_through, "jpg").startswith("format=gbrap,premultiply=inplace=1,")


def test_fields_are_joined_first() -> None:
    assert chain(a_video(field_order="bb", frame_rate=Fraction(25))).startswith("bwdif=")
