"""Pictures that need another way through the filters: odd sides, RGB, HDR with odd sides."""

from framemill.commands import packets, picture
from framemill.commands.packets import Packet, Run
from framemill.domain.media import VideoStream
from tests.builders import CAPABILITIES, a_video


def chain(video: VideoStream, size: tuple[int, int]) -> str:
    return ",".join(picture.filters_for(video, size=size, capabilities=CAPABILITIES, from_zero=False))


def test_odd_sides_are_scaled_by_the_scaler_that_takes_them() -> None:
    assert chain(a_video(width=161, height=121), (160, 120)).startswith("scale=w=160:h=120:flags=bicubic")


def test_rgb_gets_the_matrix_that_players_expect_and_says_so() -> None:
    assert chain(a_video(pixel_format="bgra", color_space=None), (1920, 1080)) == (
        "scale=w=1920:h=1080:flags=bicubic:out_color_matrix=bt709:out_range=limited,setsar=1,"
        "setparams=range=limited:colorspace=bt709:color_primaries=bt709:color_trc=bt709,format=yuv420p"
    )


def test_hdr_with_odd_sides_is_made_even_before_its_light_is_measured() -> None:
    video = a_video(width=1921, color_transfer="smpte2084")

    assert chain(video, (640, 360)).startswith(
        "scale=w=trunc((iw+1)/2)*2:h=trunc((ih+1)/2)*2,zscale=t=linear"
    )


def test_what_an_edit_list_hides_is_measured_at_both_ends() -> None:
    times = (-400_000, -200_000, 0, 200_000, 400_000)
    seen = [
        Packet(
            stream=0, pts_us=t, dts_us=t, duration_us=200_000, key=t == -400_000, discard=t < 0 or t > 300_000
        )
        for t in times
    ]

    assert packets.hidden_us((Run(tuple(seen), cut=False),)) == 600_000
    assert packets.hidden_us((Run(tuple(seen[2:4]), cut=False),)) == 0
