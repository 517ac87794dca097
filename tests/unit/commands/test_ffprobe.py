from fractions import Fraction
from typing import Any

import pytest

from framemill.commands.ffprobe import (
    counts_are_known,
    needs_scan,
    packet_ends,
    packets_args,
    probe_args,
    read_media,
)
from framemill.commands.packets import StreamEnd
from framemill.commands.source import guard_args
from framemill.domain.media import AudioStream, Chapter, Light, MediaInfo, OtherStream, SubtitleStream

# ffprobe's JSON is untyped by nature.
Json = dict[str, Any]


def a_video(**fields: object) -> Json:
    return {
        "index": 0,
        "codec_name": "h264",
        "codec_type": "video",
        "width": 1920,
        "height": 1080,
        "pix_fmt": "yuv420p",
        "avg_frame_rate": "25/1",
        "r_frame_rate": "25/1",
        "time_base": "1/12800",
        **fields,
    }


def frames(count: int, *, step_us: int = 40_000, stream: int = 0, key_every: int = 25) -> list[Json]:
    return [
        {
            "stream_index": stream,
            "pts_time": f"{n * step_us / 1e6:.6f}",
            "dts_time": f"{n * step_us / 1e6:.6f}",
            "duration_time": f"{step_us / 1e6:.6f}",
            "pos": str(n),
            "flags": "K__" if n % key_every == 0 else "___",
        }
        for n in range(count)
    ]


def an_answer(*streams: Json, packets: list[Json] | None = None, **form: object) -> Json:
    return {
        "packets": frames(100) if packets is None else packets,
        "streams": list(streams),
        "chapters": [],
        "format": {
            "format_name": "mov,mp4,m4a,3gp,3g2,mj2",
            "start_time": "0.000000",
            "duration": "4.000000",
            "bit_rate": "1000000",
            **form,
        },
    }


def read(*streams: Json, packets: list[Json] | None = None) -> MediaInfo:
    return read_media(an_answer(*streams, packets=packets), size=500_000)


def test_the_input_is_guarded_and_can_be_no_option_or_protocol() -> None:
    for args in (probe_args("-x.mp4"), packets_args("-x.mp4")):
        assert args[-2:] == ("-i", "file:-x.mp4")
        assert set(guard_args()) <= set(args)


def test_a_plain_video_is_read() -> None:
    media = read(a_video(nb_frames="100", profile="High", level=40, field_order="unknown"))

    video = media.video[0]
    assert (media.container, media.duration_us, media.bit_rate) == ("mov", 4_000_000, 1_000_000)
    assert (video.frame_rate, video.frame_count, video.profile, video.level) == (
        Fraction(25),
        100,
        "High",
        40,
    )
    assert (video.field_order, video.sar, video.is_vfr, video.bit_depth) == (
        "progressive",
        Fraction(1),
        False,
        8,
    )
    assert media.keyframe_interval_us == 1_000_000
    assert media.warnings == ()


@pytest.mark.parametrize(
    ("said", "turned"), [(-90, 90), (90, 270), (-180, 180), (180, 180), (0, 0), (-89.9, 90)]
)
def test_rotation_becomes_degrees_clockwise(said: float, turned: int) -> None:
    side = [{"side_data_type": "Display Matrix", "rotation": said}]

    video = read(a_video(side_data_list=side)).video[0]

    assert video.rotation == turned
    assert (video.display_width, video.display_height) == (
        (1080, 1920) if turned in {90, 270} else (1920, 1080)
    )


@pytest.mark.parametrize("claim", ["1000/1", "600/1", "0/0", "1000/33"])
def test_a_claimed_rate_that_packets_contradict_is_measured(claim: str) -> None:
    packets = frames(100, step_us=33_333)

    video = read(a_video(avg_frame_rate=claim, r_frame_rate="90000/1"), packets=packets).video[0]

    assert video.frame_rate == 30


def test_a_rate_with_an_unusual_value_stays_exact_where_packets_agree() -> None:
    packets = frames(100, step_us=33_520)

    assert read(a_video(avg_frame_rate="179/6"), packets=packets).video[0].frame_rate == Fraction(179, 6)


@pytest.mark.parametrize(
    ("pixels", "depth", "alpha"),
    [
        ("yuv420p", 8, False),
        ("yuv420p10le", 10, False),
        ("p010le", 10, False),
        ("yuv444p12le", 12, False),
        ("gray16be", 16, False),
        ("yuva420p", 8, True),
        ("yuva444p10le", 10, True),
        ("gbrap12le", 12, True),
        ("rgba", 8, True),
        ("rgb48le", 16, False),
        ("nv12", 8, False),
    ],
)
def test_depth_and_alpha_follow_the_pixel_format(pixels: str, depth: int, alpha: bool) -> None:
    video = read(a_video(pix_fmt=pixels)).video[0]

    assert (video.bit_depth, video.has_alpha) == (depth, alpha)


def test_alpha_beside_the_picture_and_dolby_vision_are_seen() -> None:
    side = [{"side_data_type": "DOVI configuration record"}]

    video = read(a_video(tags={"ALPHA_MODE": "1"}, side_data_list=side, color_transfer="arib-std-b67")).video[
        0
    ]

    assert (video.has_alpha, video.dolby_vision, video.hdr) == (True, True, "hlg")


@pytest.mark.parametrize(("compatible", "alone"), [(0, True), (1, False), (4, False)])
def test_dolby_vision_without_a_base_picture_is_told_and_warned_of(compatible: int, alone: bool) -> None:
    side = [
        {"side_data_type": "DOVI configuration record", "dv_bl_signal_compatibility_id": compatible},
    ]

    media = read(a_video(side_data_list=side))

    assert media.video[0].dolby_vision_only == alone
    assert any("only Dolby Vision players" in warning for warning in media.warnings) == alone


@pytest.mark.parametrize(
    ("side", "light"),
    [
        (
            [
                {
                    "side_data_type": "Mastering display metadata",
                    "min_luminance": "50/10000",
                    "max_luminance": "10000000/10000",
                },
                {"side_data_type": "Content light level metadata", "max_content": 900, "max_average": 300},
            ],
            Light(display_max=1000, display_min=Fraction(1, 200), max_content=900, max_average=300),
        ),
        (
            [{"side_data_type": "Content light level metadata", "max_content": 0, "max_average": 0}],
            None,
        ),
        ([{"side_data_type": "Mastering display metadata", "max_luminance": "bright"}], None),
        ([], None),
    ],
)
def test_what_hdr10_says_of_its_light_is_read(side: list[dict[str, object]], light: Light | None) -> None:
    assert read(a_video(side_data_list=side)).video[0].light == light


@pytest.mark.parametrize(
    ("said", "sar"), [("8:9", Fraction(8, 9)), ("0:1", 1), ("N/A", 1), ("1:60000", 1), (None, 1)]
)
def test_an_absurd_or_missing_aspect_is_square(said: str | None, sar: Fraction) -> None:
    assert read(a_video(sample_aspect_ratio=said)).video[0].sar == sar


def test_cover_art_is_not_the_film() -> None:
    cover = a_video(index=1, codec_name="mjpeg", width=3000, height=3000, disposition={"attached_pic": 1})

    media = read(a_video(), cover)

    assert media.main_video is not None
    assert media.main_video.index == 0
    assert [v.is_cover for v in media.video] == [False, True]


def test_other_streams_keep_their_facts_and_unknown_ones_are_named() -> None:
    media = read(
        {"index": 0, "codec_type": "audio", "codec_name": "aac", "channels": 6, "sample_rate": "48000",
         "channel_layout": "5.1", "tags": {"language": "deu", "title": "Kommentar"},
         "disposition": {"default": 1}},
        {"index": 1, "codec_type": "audio", "sample_rate": "0"},
        {"index": 2, "codec_type": "subtitle", "codec_name": "subrip", "tags": {"LANGUAGE": "und"}},
        {"index": 3, "codec_type": "data"},
        {"index": 4, "codec_type": "attachment", "codec_name": "ttf",
         "tags": {"filename": "a.ttf", "mimetype": "font/ttf"}},
    )  # fmt: skip

    assert media.audio == (
        AudioStream(index=0, codec="aac", channels=6, sample_rate=48_000, layout="5.1", language="deu",
                    title="Kommentar", dispositions=("default",)),
        AudioStream(index=1, codec="unknown", channels=0, sample_rate=0),
    )  # fmt: skip
    assert media.playable_audio == media.audio[:1]
    assert media.subtitles == (SubtitleStream(index=2, codec="subrip"),)
    assert media.others == (
        OtherStream(index=3, codec="unknown", kind="data"),
        OtherStream(index=4, codec="ttf", kind="attachment", filename="a.ttf", mimetype="font/ttf"),
    )
    assert media.warnings == ("audio stream 1 cannot be decoded: its codec or format is unknown",)


def test_chapters_and_tags_are_read_without_control_characters() -> None:
    answer = an_answer(a_video(), tags={"TITLE": "one\x1b[31m\x00two", "long": "x" * 5000})
    answer["chapters"] = [{"start_time": "0.0", "end_time": "1.5", "tags": {"title": "Start"}}]

    media = read_media(answer, size=1)

    assert media.chapters == (Chapter(start_us=0, end_us=1_500_000, title="Start"),)
    assert media.tags == (("title", "one[31mtwo"), ("long", "x" * 1000))


def test_a_file_that_ends_where_it_says_needs_no_second_look() -> None:
    long = [*frames(300), *frames(1000)[950:]]

    assert not needs_scan(an_answer(a_video(), packets=long, duration="40.0"))
    assert not needs_scan(an_answer(a_video()))


@pytest.mark.parametrize("duration", ["80.0", "N/A", None])
def test_a_file_without_an_end_or_with_a_later_one_needs_a_full_read(duration: str | None) -> None:
    long = [*frames(300), *frames(1000)[950:]]

    assert needs_scan(an_answer(a_video(), packets=long, duration=duration))


def test_a_file_whose_end_cannot_be_reached_needs_a_full_read() -> None:
    assert needs_scan(an_answer(a_video(), packets=frames(300), duration="80.0"))


def test_a_full_read_decides_the_duration_and_the_claim_is_kept() -> None:
    answer = an_answer(a_video(), packets=frames(300), duration="80.0")

    media = read_media(answer, size=1_000_000, scanned={0: StreamEnd(packets=500, end_us=20_000_000)})

    assert (media.duration_us, media.declared_duration_us, media.truncated) == (20_000_000, 80_000_000, True)
    assert media.bit_rate == 400_000
    assert "incomplete" in media.warnings[0]


def test_data_that_outlasts_the_picture_is_not_the_films_length() -> None:
    data = [{"stream_index": 1, "pts_time": "9.0", "duration_time": "1.0", "pos": "x", "flags": "K__"}]
    answer = an_answer(
        a_video(), {"index": 1, "codec_type": "data"}, packets=frames(100) + data, duration="10.0"
    )

    media = read_media(answer, size=1)

    assert (media.duration_us, media.truncated) == (4_000_000, False)


def test_counts_come_from_the_header_where_it_numbers_them() -> None:
    long = [*frames(300), *frames(1000)[950:]]
    numbered = an_answer(a_video(nb_frames="1000"), packets=long, duration="40.0")
    bare = an_answer(a_video(), packets=long, duration="40.0")

    assert counts_are_known(numbered)
    assert packet_ends(numbered) == {0: StreamEnd(packets=1000, end_us=40_000_000)}
    assert not counts_are_known(bare)


def test_an_answer_without_anything_is_no_crash() -> None:
    media = read_media({"format": {}}, size=10)

    assert (media.container, media.duration_us, list(media.streams())) == ("unknown", 0, [])
