"""Files as ffmpeg writes them are known for what they are."""

import pytest

from framemill.domain.media_types import media_type
from framemill.domain.sniffing import ENDINGS, HEAD, check_fits, sniff
from framemill.errors import InvalidUpload
from tests.conftest import Clip

pytestmark = pytest.mark.media

_PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1")
_SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=1")
_MORE = {
    "3gp": ("-c:v", "libx264", "-c:a", "aac"),
    "mxf": ("-c:v", "mpeg2video", "-b:v", "2M", "-c:a", "pcm_s16le", "-ar", "48000"),
    "webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"),
    "flv": ("-c:v", "flv1", "-c:a", "libmp3lame"),
    "ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "m2ts": ("-mpegts_m2ts_mode", "1"),
    "mts": ("-mpegts_m2ts_mode", "1"),
    "opus": ("-c:a", "libopus", "-ar", "48000"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_fits_what_ffmpeg_writes_under_it(clip: Clip, ending: str) -> None:
    film = media_type(f".{ending}").startswith(("video/", "application/"))
    given = (*_PICTURE, *_SOUND) if film else _SOUND
    file = clip(f"sniffed.{ending}", *given, *_MORE.get(ending, ()))

    head = file.read_bytes()[:HEAD]

    check_fits(head, ending)
    others = [name for name, other in ENDINGS.items() if not other & ENDINGS[ending]]
    for other in others:
        with pytest.raises(InvalidUpload, match="right ending"):
            check_fits(head, other)


def test_an_mp3_without_its_tag_is_one_too(clip: Clip) -> None:
    file = clip("bare.mp3", *_SOUND, "-write_xing", "0", "-id3v2_version", "0")

    assert file.read_bytes()[:3] != b"ID3"
    check_fits(file.read_bytes()[:HEAD], "mp3")


@pytest.mark.parametrize("ending", ["m3u8", "mpd", "jpg", "png", "gif"])
def test_what_else_ffmpeg_writes_is_not_taken_in(clip: Clip, ending: str) -> None:
    more = {"jpg": ("-frames:v", "1"), "png": ("-frames:v", "1")}.get(ending, ())
    file = clip(f"other.{ending}", *_PICTURE, *more)

    assert sniff(file.read_bytes()[:HEAD]) is None
