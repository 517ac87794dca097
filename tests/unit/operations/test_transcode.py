from dataclasses import replace
from fractions import Fraction

import pytest

from framemill.errors import CodecNotInContainer, InvalidSpec, NotSupported, NoVideoStream, ProfileNotFound
from framemill.operations.transcode import Transcode, plan
from tests.builders import a_film, a_subtitle, a_video, an_audio, planning_for
from tests.unit.operations.commands import asked, lines, only_tap

FILM = a_film(
    audio=(
        an_audio(bit_rate=320_000, language="eng"),
        an_audio(index=2, codec="ac3", channels=6, language="ger"),
    ),
    subtitles=(a_subtitle(index=3),),
)


def test_one_command_encodes_the_picture_and_takes_sound_subtitles_and_tags_along() -> None:
    work = plan(Transcode(profile="web_720p"), planning_for(FILM, name="transcode"))

    (command,) = lines(work)
    assert command == (
        "-nostdin -hide_banner -y GUARD -f mov -i file:in/source "
        "-filter_complex '[0:0]setpts='\"'\"'if(eq(N,0),0,PTS)'\"'\"',"
        "zscale=w=1280:h=720:f=bicubic:param_a=0:param_b=0.6:r=limited,setsar=1,format=yuv420p[v0]' "
        "-map '[v0]' -c:v libx264 -preset medium -crf 23 -maxrate 2500k -bufsize 5000k -fps_mode passthrough "
        "-map 0:1 -filter:a:0 aresample=async=1:first_pts=0,aformat=channel_layouts=stereo "
        "-c:a:0 aac -b:a:0 128k -ar:a:0 48000 "
        "-map 0:2 -filter:a:1 aresample=async=1:first_pts=0,aformat=channel_layouts=5.1 "
        "-c:a:1 aac -b:a:1 320k -ar:a:1 48000 "
        "-map 0:3 -c:s:0 mov_text -map_metadata 0 -movflags +faststart -f mp4 file:out/transcode.mp4"
    )
    output = only_tap(work).output
    assert output.publish == "movie-transcode.mp4"
    assert (output.promise.audio_codecs, output.promise.channels) == (("aac", "aac"), (2, 6))
    assert (output.promise.width, output.promise.height, output.promise.subtitles) == (1280, 720, 1)
    assert work.dropped == ()


def test_sound_of_the_profiles_codec_at_no_higher_rate_is_copied() -> None:
    film = a_film(audio=(an_audio(bit_rate=127_000),))

    work = plan(Transcode(profile="web_720p"), planning_for(film, name="transcode"))

    assert "-map 0:1 -c:a:0 copy" in lines(work)[0]
    assert "transcode: #1 audio (aac) copied" in work.notes


def test_fields_of_the_request_override_the_profiles() -> None:
    spec = asked(Transcode, profile="web_720p", crf=30, width=640, preset="fast", fps=24)

    (command,) = lines(plan(spec, planning_for(FILM)))

    assert "-preset fast -crf 30" in command
    assert "zscale=w=640:h=360" in command
    assert "fps=24/1" in command


def test_a_bit_rate_replaces_constant_quality() -> None:
    (command,) = lines(plan(asked(Transcode, profile="web_720p", bitrate="900k"), planning_for(FILM)))

    assert "-b:v 900k -maxrate 1350k -bufsize 1800k" in command
    assert "-crf" not in command


def test_a_profiles_size_turns_with_the_picture_but_a_requested_one_does_not() -> None:
    phone = a_film(video=(a_video(rotation=90),))

    turned = only_tap(plan(Transcode(profile="web_720p"), planning_for(phone)))
    literal = only_tap(plan(Transcode(profile="web_720p", height=720), planning_for(phone)))

    assert (turned.output.promise.width, turned.output.promise.height) == (720, 1280)
    assert (literal.output.promise.width, literal.output.promise.height) == (404, 720)


def test_a_smaller_source_keeps_its_size_and_a_request_for_more_says_so() -> None:
    small = a_film(video=(a_video(width=640, height=360),))

    work = plan(Transcode(width=1280), planning_for(small))

    assert only_tap(work).output.promise.width == 640
    assert work.warnings == ("the source is 640x360 and is not enlarged; set upscale to do so",)
    bigger = plan(Transcode(width=1280, upscale=True), planning_for(small))
    assert only_tap(bigger).output.promise.width == 1280


@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        ("pad", "zscale=w=1080:h=608:f=bicubic:param_a=0:param_b=0.6:r=limited,pad=1080:1920"),
        ("cover", "zscale=w=3414:h=1920:f=bicubic:param_a=0:param_b=0.6:r=limited,crop=1080:1920"),
        ("stretch", "zscale=w=1080:h=1920:f=bicubic:param_a=0:param_b=0.6:r=limited,setsar=1"),
    ],
)
def test_an_exact_size_is_padded_cropped_or_stretched(fit: str, expected: str) -> None:
    spec = Transcode.model_validate({"profile": "clip_vertical_1080p", "fit": fit})

    (command,) = lines(plan(spec, planning_for(FILM)))

    assert expected in command


HDR = a_video(
    codec="hevc",
    pixel_format="yuv420p10le",
    bit_depth=10,
    color_space="bt2020nc",
    color_transfer="smpte2084",
    color_primaries="bt2020",
)


def test_hdr_is_kept_by_a_ten_bit_profile_and_tone_mapped_by_others() -> None:
    film = a_film(video=(HDR,))

    kept = plan(Transcode(profile="movie_1080p"), planning_for(film, name="t"))
    mapped = plan(Transcode(profile="web_1080p"), planning_for(film, name="t"))

    assert "-color_trc smpte2084" in lines(kept)[0]
    assert "tonemap" not in lines(kept)[0]
    assert "t: HDR kept" in kept.notes
    assert "tonemap=" in lines(mapped)[0]
    assert "t: HDR tone-mapped to BT.709, which every screen shows" in mapped.notes
    assert only_tap(kept).output.promise.hdr == ("transfer smpte2084", "primaries bt2020")
    assert only_tap(mapped).output.promise.hdr == ()
    # Whatever reads the results next in a pipeline sees what they are.
    shown = [work.products[0].media.main_video for work in (kept, mapped)]
    assert [video.hdr if video else None for video in shown] == ["pq", None]


def test_a_variable_frame_rate_keeps_the_sources_clock() -> None:
    film = a_film(video=(a_video(is_vfr=True, frame_rate=Fraction(5249, 2633)),))

    (command,) = lines(plan(Transcode(), planning_for(film)))

    assert "-fps_mode passthrough -enc_time_base demux" in command


def test_a_rate_above_the_profiles_cap_is_halved() -> None:
    film = a_film(video=(a_video(frame_rate=Fraction(60_000, 1001)),))

    (command,) = lines(plan(Transcode(profile="web_480p"), planning_for(film)))

    assert "fps=30000/1001" in command


def test_the_outputs_ending_chooses_the_container() -> None:
    film = a_film(subtitles=(a_subtitle(codec="ass"),))

    (command,) = lines(plan(Transcode(profile="clip_720p", output="a/film.mkv"), planning_for(film)))

    assert "-c:s:0 copy" in command
    assert "-tag:v:0" not in command
    assert command.endswith("-f matroska file:out/op.mkv")


def test_a_container_without_the_codec_is_refused() -> None:
    with pytest.raises(CodecNotInContainer, match="webm cannot hold h264"):
        plan(Transcode(output="film.webm"), planning_for(FILM))


def test_picture_subtitles_data_and_other_videos_are_listed_as_left_behind() -> None:
    film = a_film(
        video=(a_video(), a_video(index=4, width=640, height=360, dispositions=())),
        subtitles=(a_subtitle(codec="hdmv_pgs_subtitle"),),
    )

    work = plan(Transcode(), planning_for(film))

    assert [(d.stream, d.reason) for d in work.dropped or ()] == [
        (
            "#2 subtitle (hdmv_pgs_subtitle, eng)",
            "mp4 cannot hold hdmv_pgs_subtitle, and pictures cannot become text",
        ),
        ("#4 video (h264)", "only the main video is used"),
    ]


def test_cover_art_goes_along_into_mp4() -> None:
    film = a_film(video=(a_video(), a_video(index=3, codec="mjpeg", is_cover=True)))

    work = plan(Transcode(), planning_for(film))

    assert "-map 0:3 -c:v:1 copy -disposition:v:1 attached_pic" in lines(work)[0]
    assert work.dropped == ()


def test_chapters_that_the_container_cannot_hold_are_listed() -> None:
    from framemill.domain.media import Chapter

    film = a_film(chapters=(Chapter(start_us=0, end_us=5),))

    work = plan(Transcode(output="film.ts"), planning_for(film))

    assert "-map_chapters -1" in lines(work)[0]
    assert [d.stream for d in work.dropped or ()] == ["1 chapters"]


def test_what_the_result_will_be_is_known_to_the_next_operation() -> None:
    (product,) = plan(Transcode(profile="movie_720p"), planning_for(FILM)).products

    video = product.media.main_video
    assert video is not None
    assert (product.media.container, video.codec, video.width) == ("matroska", "hevc", 1280)
    assert [(a.index, a.codec, a.channels) for a in product.media.audio] == [(1, "aac", 2), (2, "aac", 6)]
    assert [(s.index, s.codec) for s in product.media.subtitles] == [(3, "subrip")]


def test_impossible_wishes_are_refused() -> None:
    with pytest.raises(ProfileNotFound, match="web_720p"):
        plan(Transcode(profile="web720"), planning_for(FILM))
    with pytest.raises(InvalidSpec, match="unknown preset 'quick'"):
        plan(Transcode(preset="quick"), planning_for(FILM))
    with pytest.raises(NoVideoStream):
        plan(Transcode(), planning_for(a_film(video=())))
    tiny = a_film(video=(replace(a_video(), width=2, height=2),))
    with pytest.raises(NotSupported, match="hevc cannot encode a picture of 2x2"):
        plan(Transcode(profile="clip_720p"), planning_for(tiny))
