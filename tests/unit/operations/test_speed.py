from dataclasses import replace
from fractions import Fraction

import pytest

from framemill.commands import tempo
from framemill.domain.media import Chapter
from framemill.errors import InvalidSpec, NoAudioStream
from framemill.operations.registry import load_spec
from framemill.operations.speed import Speed, plan
from tests.builders import CAPABILITIES, a_film, a_subtitle, a_video, an_audio, planning_for
from tests.unit.operations.commands import asked, lines

RUBBERBAND = replace(CAPABILITIES, filters=CAPABILITIES.filters | {"rubberband"})


def test_picture_sound_cues_and_chapters_get_the_same_factor() -> None:
    film = a_film(
        subtitles=(a_subtitle(codec="mov_text"),),
        chapters=(Chapter(start_us=2_000_000, end_us=10_000_000, title="One"),),
    )

    work = plan(Speed(factor=2), planning_for(film, name="speed", capabilities=RUBBERBAND))

    (command,) = lines(work)
    assert command == (
        "-nostdin -hide_banner -y GUARD -f mov -i file:in/source "
        "-protocol_whitelist file -format_whitelist ffmetadata -f ffmetadata -i file:in/chapters.txt "
        "-map 0:0 -filter:v:0 'setpts=PTS*1/2,fps=30/1,setpts='\"'\"'if(eq(N,0),0,PTS)'\"'\"',setsar=1,"
        "format=yuv420p' -c:v libx264 -preset medium -crf 18 -fps_mode passthrough "
        "-map 0:1 -filter:a:0 aresample=async=1:first_pts=0,aformat=channel_layouts=stereo,"
        "rubberband=tempo=2:transients=smooth:window=short:channels=together "
        "-c:a:0 aac -b:a:0 192k -ar:a:0 48000 -map 0:2 -c:s:0 copy -map_metadata 0 "
        "-bsf:s 'setts=pts=PTS*1/2:dts=DTS*1/2:duration=DURATION*1/2' -map_chapters 1 "
        "-movflags +faststart -f mp4 file:out/speed.mp4"
    )
    assert work.steps[0].texts[0].content == (
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000000\nSTART=1000000\nEND=5000000\ntitle=One\n"
    )
    promise = work.steps[0].outputs[0].promise
    assert (promise.duration_us, promise.subtitles, work.dropped) == (5_000_000, 1, ())
    assert work.products[0].media.main_video is not None
    assert work.products[0].media.main_video.frame_rate == 30


def test_without_its_pitch_sound_is_played_like_a_tape() -> None:
    work = plan(Speed(factor=0.5, keep_pitch=False), planning_for(a_film()))

    assert "asetrate=24000,aresample=48000 -c:a:0 aac" in lines(work)[0]


@pytest.mark.parametrize("factor", ["0.333", "1.1", "9.999", "0.3333333333333333", "2.718281828"])
@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
def test_a_tape_does_not_drift_from_the_picture(factor: str, rate: int) -> None:
    wanted = Fraction(factor)

    filters = tempo.sound(wanted, sample_rate=rate, keep_pitch=False, capabilities=CAPABILITIES)

    before, played, after = (int(f.partition("=")[2]) for f in (f"={rate}", *filters)[-3:])
    # A day of film stays together within a frame.
    assert abs(Fraction(played, before) / wanted - 1) * 86_400 < Fraction(1, 25)
    assert after == rate
    assert before < 1.6 * rate


def test_an_ffmpeg_without_rubberband_stretches_in_stages_that_it_does_well() -> None:
    work = plan(Speed(factor=10), planning_for(a_film()))

    assert ",".join(["atempo=1.77827941"] * 4) + " " in lines(work)[0]


def test_no_sound_is_left_behind_with_its_reason() -> None:
    work = plan(Speed(factor=2, audio=False), planning_for(a_film()))

    assert [(d.stream, d.reason) for d in work.dropped or ()] == [("#1 audio (aac)", "removed as asked")]


def test_an_irregular_rate_becomes_its_average_and_an_absurd_one_240() -> None:
    vfr = a_film(video=(a_video(is_vfr=True, frame_rate=Fraction(24000, 1001)),))
    absurd = a_film(video=(a_video(frame_rate=Fraction(1000)),))

    assert ",fps=24000/1001," in lines(plan(Speed(factor=2), planning_for(vfr)))[0]
    assert ",fps=240/1," in lines(plan(Speed(factor=2), planning_for(absurd)))[0]


def test_fields_are_joined_before_frames_are_dropped_and_colours_mapped_after() -> None:
    film = a_film(video=(a_video(field_order="tt", color_transfer="smpte2084"),))

    (command,) = lines(plan(Speed(factor=4), planning_for(film)))

    places = [command.index(word) for word in ("bwdif", "setpts=PTS*1/4", "fps=30/1", "tonemap=")]
    assert places == sorted(places)


def test_subtitles_that_tell_their_own_time_are_listed() -> None:
    film = a_film(container="matroska", subtitles=(a_subtitle(codec="dvd_subtitle"),))

    work = plan(Speed(factor=2, output="a.mkv"), planning_for(film))

    assert [(d.stream, d.reason) for d in work.dropped or ()] == [
        (
            "#2 subtitle (dvd_subtitle, eng)",
            "its pictures say for how long they are shown, which cannot be changed by copy",
        )
    ]
    assert "-bsf:s" not in lines(work)[0]


def test_sound_alone_stays_in_its_container() -> None:
    song = a_film(container="mp3", video=(), audio=(an_audio(index=0, codec="mp3"),))

    work = plan(Speed(factor=1.5), planning_for(song))

    (command,) = lines(work)
    assert "-map 0:0 -filter:a:0 aresample=async=1:first_pts=0" in command
    assert command.endswith(
        "-c:a:0 libmp3lame -b:a:0 192k -ar:a:0 48000 -map_metadata 0 -map_chapters -1 "
        "-map_chapters -1 -f mp3 file:out/op.mp3"
    )
    with pytest.raises(NoAudioStream):
        plan(Speed(factor=2, audio=False), planning_for(song))


def test_a_factor_is_from_a_quarter_to_ten() -> None:
    assert asked(Speed, factor="1.5x").factor == 1.5
    for wrong in (0.2, 11, "fast", -1, 0):
        with pytest.raises(InvalidSpec, match="factor"):
            load_spec({"op": "speed", "factor": wrong})
    with pytest.raises(InvalidSpec, match="factor"):
        load_spec({"op": "speed"})
    assert plan(Speed(factor=1), planning_for(a_film())).warnings
