from fractions import Fraction

import pytest

from framemill.domain.alike import difference
from framemill.domain.media import MediaInfo
from tests.builders import a_film, a_video, an_audio


def test_equal_files_do_not_differ() -> None:
    assert difference([a_film(), a_film(size=1, duration_us=7)]) is None


@pytest.mark.parametrize(
    ("other", "name", "values"),
    [
        (a_film(container="matroska"), "container", ("mov", "matroska")),
        (a_film(video=(a_video(codec="hevc"),)), "video codec", ("h264", "hevc")),
        (a_film(video=(a_video(width=1280, height=720),)), "size", ("1920x1080", "1280x720")),
        (a_film(video=(a_video(frame_rate=Fraction(25)),)), "frame rate", ("30", "25")),
        (a_film(video=(a_video(pixel_format="yuv420p10le"),)), "pixel format", ("yuv420p", "yuv420p10le")),
        (a_film(video=(a_video(sar=Fraction(4, 3)),)), "sample aspect ratio", ("1", "4/3")),
        (a_film(video=(a_video(rotation=90),)), "rotation", ("0", "90")),
        (a_film(video=(a_video(time_base=Fraction(1, 600)),)), "time base", ("1/90000", "1/600")),
        (a_film(audio=()), "number of audio tracks", ("1", "0")),
        (a_film(audio=(an_audio(sample_rate=44_100),)), "sample rate", ("48000", "44100")),
        (a_film(audio=(an_audio(layout="mono", channels=1),)), "audio layout", ("stereo", "mono")),
        (a_film(audio=(an_audio(codec="mp3"),)), "audio codec", ("aac", "mp3")),
    ],
)
def test_the_property_that_differs_is_named(other: MediaInfo, name: str, values: tuple[str, ...]) -> None:
    assert difference([a_film(), other]) == (name, values)
