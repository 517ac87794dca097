from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import pytest

from framemill.domain.media import AudioStream, Light, MediaInfo, VideoStream
from framemill.domain.plan import Output, Promise, Role
from framemill.engine.verify import verify
from framemill.errors import InputUnreadable, OutputInvalid, ToolFailed

FRAME_US = 40_000
VIDEO = VideoStream(
    index=0,
    codec="h264",
    width=1280,
    height=720,
    frame_rate=Fraction(25),
    frame_count=250,
    duration_us=10_000_000,
)
SOUND = AudioStream(index=1, codec="aac", channels=2, sample_rate=48_000)
MEDIA = MediaInfo(container="mov", duration_us=10_000_000, size=5, video=(VIDEO,), audio=(SOUND,))
PROMISE = Promise(
    kind="media",
    duration_us=10_000_000,
    frame_us=FRAME_US,
    width=1280,
    height=720,
    video_codec="h264",
    audio_codecs=("aac",),
    channels=(2,),
    subtitles=0,
    frames=250,
)


@dataclass
class Shown:
    """An eye that sees what a test says, file by file in the order of looking."""

    found: list[MediaInfo | Exception] = field(default_factory=lambda: [MEDIA])
    packet_count: int = 250
    damage: Exception | None = None
    decoded: list[tuple[str, str | None]] = field(default_factory=list)

    def look(self, path: Path) -> MediaInfo:  # noqa: ARG002 - as Eye says
        seen = self.found.pop(0) if len(self.found) > 1 else self.found[0]
        if isinstance(seen, Exception):
            raise seen
        return seen

    def packets(self, path: Path, stream: int) -> int:  # noqa: ARG002 - as Eye says
        return self.packet_count

    def decode(self, path: Path, *, demuxer: str | None) -> None:
        self.decoded.append((path.name, demuxer))
        if self.damage:
            raise self.damage


def _output(promise: Promise, path: str = "film.mp4", *, first: int = 1) -> Output:
    return Output(id="o", path=path, role=Role.CLIP, promise=promise, publish=path, first=first)


def _check(out: Path, promise: Promise, eye: Shown, path: str = "film.mp4") -> None:
    verify(_output(promise, path), out, eye)


@pytest.fixture(name="out")
def _out(tmp_path: Path) -> Path:
    (tmp_path / "film.mp4").write_bytes(b"media")
    return tmp_path


def test_what_keeps_its_promise_is_described(out: Path) -> None:
    (made,) = verify(_output(PROMISE), out, Shown())

    assert (made.path, made.bytes, made.media) == ("film.mp4", 5, MEDIA)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (replace(MEDIA, video=(replace(VIDEO, codec="hevc"),)), "video h264 promised, hevc found"),
        (replace(MEDIA, video=()), "video h264 promised, none found"),
        (replace(MEDIA, video=(replace(VIDEO, width=1278),)), "size 1280x720 promised, 1278x720 found"),
        (replace(MEDIA, audio=()), "audio aac promised, none found"),
        (replace(MEDIA, audio=(replace(SOUND, channels=1),)), "audio channels 2 promised, 1 found"),
        (replace(MEDIA, duration_us=5_000_000), "length 00:00:10.000 promised, 00:00:05.000 found"),
        (replace(MEDIA, duration_us=10_140_001), "length 00:00:10.000 promised, 00:00:10.140 found"),
        (replace(MEDIA, video=(replace(VIDEO, frame_count=249),)), "frames 250 promised, 249 found"),
    ],
)
def test_what_was_promised_and_what_was_found_is_said(out: Path, found: MediaInfo, message: str) -> None:
    with pytest.raises(OutputInvalid, match=message):
        _check(out, PROMISE, Shown([found]))


def test_sound_that_lasts_longer_does_not_hide_a_short_picture(out: Path) -> None:
    promise = replace(PROMISE, picture_us=9_000_000, frames=None)

    for end_us in (8_860_000, 9_000_000, 10_000_000):
        _check(out, promise, Shown([replace(MEDIA, video=(replace(VIDEO, duration_us=end_us),))]))
    late = replace(VIDEO, start_us=1_000_000, duration_us=8_000_000)
    _check(out, promise, Shown([replace(MEDIA, video=(late,))]))
    with pytest.raises(OutputInvalid, match=r"picture's length 00:00:09\.000 promised, 00:00:08\.850 found"):
        _check(out, promise, Shown([replace(MEDIA, video=(replace(VIDEO, duration_us=8_850_000),))]))


def test_hdr_that_got_lost_is_no_result_and_neither_is_sdr_that_says_hdr(out: Path) -> None:
    promise = replace(PROMISE, hdr=("transfer smpte2084", "primaries bt2020", "MaxCLL 900"))
    pale = replace(VIDEO, color_transfer="smpte2084", color_primaries="bt2020")
    whole = replace(pale, light=Light(display_max=1000, max_content=900))

    _check(out, promise, Shown([replace(MEDIA, video=(whole,))]))
    with pytest.raises(OutputInvalid, match="HDR transfer smpte2084, primaries bt2020, MaxCLL 900 promised"):
        _check(out, promise, Shown([replace(MEDIA, video=(pale,))]))
    with pytest.raises(OutputInvalid, match="HDR none promised, transfer smpte2084"):
        _check(out, replace(PROMISE, hdr=()), Shown([replace(MEDIA, video=(pale,))]))


def test_a_frame_and_the_tolerance_are_allowed(out: Path) -> None:
    _check(out, PROMISE, Shown([replace(MEDIA, duration_us=10_140_000)]))


def test_frames_are_counted_where_the_container_does_not_say(out: Path) -> None:
    unsaid = replace(MEDIA, video=(replace(VIDEO, frame_count=None),))

    with pytest.raises(OutputInvalid, match="frames 250 promised, 248 found"):
        _check(out, PROMISE, Shown([unsaid], packet_count=248))


def test_no_video_can_be_promised(out: Path) -> None:
    with pytest.raises(OutputInvalid, match="video none promised, h264 found"):
        _check(out, Promise(kind="media", video_codec=""), Shown())


def test_a_file_that_does_not_open_is_no_result(out: Path) -> None:
    with pytest.raises(OutputInvalid, match="does not open: moov atom not found"):
        _check(out, PROMISE, Shown([InputUnreadable("film.mp4", "moov atom not found")]))


def test_damage_found_by_decoding_is_said(out: Path) -> None:
    damage = ToolFailed(tool="ffmpeg", exit_code=69, tail=("error while decoding MB 3 4",))

    with pytest.raises(OutputInvalid, match=r"does not decode to its end: .*decoding MB 3 4"):
        _check(out, PROMISE, Shown(damage=damage))


def test_a_file_that_claims_more_than_it_holds_is_refused_where_no_length_was_promised(out: Path) -> None:
    cut = replace(MEDIA, declared_duration_us=20_000_000)

    with pytest.raises(OutputInvalid, match=r"length 00:00:20\.000 promised"):
        _check(out, Promise(kind="media"), Shown([cut]))


def _parts(out: Path, count: int) -> None:
    for number in range(1, count + 1):
        (out / f"part_{number:03}.mp4").write_bytes(b"media")


def test_the_lengths_of_a_numbered_set_are_summed(out: Path) -> None:
    _parts(out, 2)
    half = replace(MEDIA, duration_us=5_000_000, video=(replace(VIDEO, frame_count=125),))

    made = verify(_output(replace(PROMISE, files=2), "part_%03d.mp4"), out, Shown([half]))

    assert [m.path for m in made] == ["part_001.mp4", "part_002.mp4"]


def test_a_part_that_is_too_short_shows_in_the_sum(out: Path) -> None:
    _parts(out, 2)
    half = replace(MEDIA, duration_us=5_000_000, video=(replace(VIDEO, frame_count=125),))
    short = replace(half, duration_us=4_000_000)

    with pytest.raises(OutputInvalid, match=r"length in all 00:00:10\.000 promised, 00:00:09\.000 found"):
        _check(out, PROMISE, Shown([half, short]), "part_%03d.mp4")


def test_too_few_files_of_a_set_are_noticed(out: Path) -> None:
    _parts(out, 2)

    with pytest.raises(OutputInvalid, match="files 3 promised, 2 found"):
        _check(out, Promise(kind="media", files=3), Shown(), "part_%03d.mp4")


HLS = """#EXTM3U
#EXT-X-TARGETDURATION:6
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="720p/init.mp4"
#EXTINF:6.000,
720p/seg_1.m4s
#EXTINF:4.000,
720p/seg_2.m4s
#EXT-X-ENDLIST
"""
MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="720p.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"
720p.m3u8
"""
PACKAGE = Promise(kind="package", lengths=(("720p.m3u8", 10_000_000),))


@pytest.fixture(name="package")
def _package(tmp_path: Path) -> Path:
    (tmp_path / "hls" / "720p").mkdir(parents=True)
    (tmp_path / "hls" / "master.m3u8").write_text(MASTER)
    (tmp_path / "hls" / "720p.m3u8").write_text(HLS)
    for name in ("init.mp4", "seg_1.m4s", "seg_2.m4s"):
        (tmp_path / "hls" / "720p" / name).write_bytes(b"x")
    return tmp_path


def test_a_whole_package_is_one_result(package: Path) -> None:
    (made,) = verify(_output(PACKAGE, "hls"), package, Shown())

    assert (made.folder, made.bytes) == (True, len(MASTER) + len(HLS) + 3)


@pytest.mark.parametrize("name", ["init.mp4", "seg_2.m4s"])
@pytest.mark.parametrize("gone", [True, False])
def test_a_missing_or_empty_segment_is_found(package: Path, name: str, gone: bool) -> None:
    segment = package / "hls" / "720p" / name
    segment.unlink() if gone else segment.write_bytes(b"")

    with pytest.raises(OutputInvalid, match=f"refers to '720p/{name}', which is missing or cut short"):
        _check(package, PACKAGE, Shown(), "hls")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("#EXT-X-ENDLIST", "", "has no end"),
        ("4.000", "2.000", r"length 00:00:10\.000 promised, 00:00:08\.000 found"),
        ("720p/seg_2.m4s", "../../seg.m4s", "outside the result"),
        ("720p/seg_2.m4s", "https://elsewhere/seg.m4s", "outside the result"),
        ("4.000", "four", "cannot be read"),
    ],
)
def test_a_playlist_that_players_would_stumble_over_is_refused(
    package: Path, old: str, new: str, message: str
) -> None:
    (package / "hls" / "720p.m3u8").write_text(HLS.replace(old, new))

    with pytest.raises(OutputInvalid, match=message):
        _check(package, PACKAGE, Shown(), "hls")


def test_a_package_without_a_manifest_is_none(package: Path) -> None:
    with pytest.raises(OutputInvalid, match="there is no manifest"):
        _check(package, PACKAGE, Shown(), "dash")


def test_a_stream_is_decoded_once_by_its_master_playlist(package: Path) -> None:
    eye = Shown()

    _check(package, PACKAGE, eye, "hls")

    assert eye.decoded == [("master.m3u8", "hls")]


def test_a_stream_whose_key_is_elsewhere_is_not_decoded(package: Path) -> None:
    locked = HLS.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example.com/1"\n#EXTINF', 1)
    (package / "hls" / "720p.m3u8").write_text(locked)
    eye = Shown()

    _check(package, PACKAGE, eye, "hls")

    assert eye.decoded == []


def test_a_segment_that_does_not_decode_is_damage(package: Path) -> None:
    with pytest.raises(OutputInvalid, match=r"'hls/master\.m3u8' does not decode to its end"):
        _check(package, PACKAGE, Shown(damage=ToolFailed(tool="ffmpeg", exit_code=69)), "hls")
