"""Lists of packets as ffmpeg writes them."""

from framemill.commands.picture_times import late, listed, read_times
from framemill.domain.alignment import PictureTimes
from tests.builders import a_film, a_video

_HEAD = "#software: Lavf63\n#tb 0: 1/1000\n#media_type 0: video\n"


def test_times_are_put_in_the_order_in_which_pictures_are_shown() -> None:
    text = _HEAD + (
        "0,        -80,          0,       40,     5911, 0xc7af2319\n"
        "0,        -40,         80,       40,      194, 0xf33e5c27, F=0x0\n"
        "0,          0,         40,       40,       35, 0xf6770f81, F=0x0, S=1, MPEGTS Stream ID, 1, 0xe0\n"
    )

    assert read_times(text) == PictureTimes(times_us=(0, 40_000, 80_000), last_us=40_000)
    assert read_times(text, late_us=23_000).times_us == (23_000, 63_000, 103_000)


def test_what_an_edit_list_hides_is_no_picture() -> None:
    text = _HEAD + (
        "0, -80, -80, 40, 5911, 0xc7af2319, F=0x5\n"
        "0, -40, -40, 40, 5911, 0xc7af2319, F=0x4\n"
        "0, 0, 0, 40, 10, 0xc7af2319, F=0x0\n"
    )

    assert read_times(text).times_us == (0,)


def test_times_below_zero_stay_exact() -> None:
    text = "#tb 0: 1001/30000\n" + "".join(f"0, {n}, {n}, 1, 9, 0xaa\n" for n in (-1, 0, 1))

    assert read_times(text) == PictureTimes(times_us=(-33_367, 0, 33_367), last_us=33_367)


def test_packets_without_times_say_nothing() -> None:
    unknown = "".join(f"0, {n}, -9223372036854775808, 40, 9, 0xaa, F=0x0\n" for n in range(4))

    assert read_times(_HEAD + "0, 0, 0, 40, 9, 0xaa\n" + unknown) == PictureTimes()
    assert read_times("") == PictureTimes()


def test_a_list_is_made_without_decoding() -> None:
    argv = " ".join(listed("source", a_film(), a_video(index=2), to="out/source.txt"))

    assert argv.endswith(
        "-f mov -i file:in/source -map 0:2 -c copy -copytb 1 -avoid_negative_ts disabled -f framecrc "
        "file:out/source.txt"
    )


def test_clocks_that_ffmpeg_starts_with_the_stream_are_set_right() -> None:
    video = a_video(start_us=1_423_000)

    assert late(a_film(container="mpegts", start_us=1_400_000), video) == 23_000
    assert late(a_film(container="matroska", start_us=1_400_000), video) == 0
