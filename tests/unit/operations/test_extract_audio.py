import pytest

from framemill.errors import CodecNotInContainer, InvalidSpec, NoAudioStream
from framemill.operations.extract_audio import ExtractAudio, plan
from framemill.operations.ladder import Ladder
from framemill.operations.ladder import plan as plan_ladder
from framemill.planner.fuse import fuse
from tests.builders import a_film, an_audio, planning_for
from tests.unit.operations.commands import asked, lines, only_tap

FILM = a_film(audio=(an_audio(), an_audio(index=2, codec="ac3", channels=6, dispositions=(), language="ger")))


def test_the_default_is_an_mp3_of_the_default_track() -> None:
    work = plan(ExtractAudio(), planning_for(FILM, name="extract_audio"))

    (command,) = lines(work)
    assert command == (
        "-nostdin -hide_banner -y GUARD -f mov -i file:in/source "
        "-map 0:1 -filter:a:0 aresample=async=1:first_pts=0,aformat=channel_layouts=stereo "
        "-c:a:0 libmp3lame -b:a:0 192k -ar:a:0 48000 -map_metadata 0 -map_chapters -1 "
        "-f mp3 file:out/extract_audio-extract_audio.mp3"
    )
    tap = only_tap(work)
    assert tap.output.publish == "movie-extract_audio.mp3"
    assert (tap.output.promise.video_codec, tap.output.promise.audio_codecs) == ("", ("mp3",))
    assert [(d.stream, d.reason) for d in work.dropped or ()] == [
        ("#0 video (h264)", "only sound is wanted"),
        ("#2 audio (ac3, ger)", "not selected"),
    ]


def test_a_track_that_fits_is_copied_unless_something_else_is_asked_for() -> None:
    copied = plan(ExtractAudio(format="m4a"), planning_for(FILM, name="x"))
    wanted = plan(asked(ExtractAudio, format="m4a", bitrate="96k"), planning_for(FILM, name="x"))
    slower = plan(ExtractAudio(format="m4a", sample_rate=22_050), planning_for(FILM, name="x"))

    assert "-c:a:0 copy" in lines(copied)[0]
    assert copied.notes == ("x: #1 audio (aac) copied",)
    assert "-b:a:0 96k" in lines(wanted)[0]
    assert wanted.notes == ("x: #1 audio (aac) encoded to aac: a bit rate is asked for",)
    assert "-ar:a:0 22050" in lines(slower)[0]


def test_an_asked_bit_rate_is_for_the_track_as_it_is() -> None:
    mono = a_film(audio=(an_audio(channels=1),))

    assert "-b:a:0 192k" in lines(plan(asked(ExtractAudio, bitrate="192k"), planning_for(mono)))[0]
    assert "-b:a:0 120k" in lines(plan(ExtractAudio(), planning_for(mono)))[0]


def test_surround_stays_surround_where_the_codec_can() -> None:
    flac = plan(ExtractAudio(format="flac", track=2), planning_for(FILM, name="x"))
    mp3 = plan(ExtractAudio(format="mp3", track=2), planning_for(FILM, name="x"))

    assert only_tap(flac).output.promise.channels == (6,)
    assert only_tap(mp3).output.promise.channels == (2,)
    assert mp3.notes == (
        "x: #2 audio (ac3, ger) encoded to mp3: mp3 cannot hold ac3, mixed down from 6 channels to 2",
    )


def test_all_tracks_become_numbered_files_in_the_folder() -> None:
    work = plan(ExtractAudio(format="flac", track="all", output="tracks"), planning_for(FILM))

    assert [t.output.publish for t in work.taps] == ["tracks/movie-track1.flac", "tracks/movie-track2.flac"]
    assert [p.label for p in work.products] == ["track1", "track2"]


def test_the_outputs_ending_chooses_the_format() -> None:
    work = plan(ExtractAudio(output="sound.opus"), planning_for(FILM))

    assert "-c:a:0 libopus" in lines(work)[0]


def test_contradictions_and_pictures_are_refused() -> None:
    with pytest.raises(InvalidSpec, match=r"the format is mp3 but 'a\.flac' ends as flac"):
        plan(ExtractAudio(format="mp3", output="a.flac"), planning_for(FILM))
    with pytest.raises(CodecNotInContainer):
        plan(ExtractAudio(output="a.mkv"), planning_for(FILM))


@pytest.mark.parametrize("track", [0, 3])
def test_a_track_that_is_not_there_is_refused(track: int) -> None:
    with pytest.raises(NoAudioStream, match="the file has 2"):
        plan(ExtractAudio(track=track), planning_for(FILM))


def test_a_file_without_sound_is_refused() -> None:
    with pytest.raises(NoAudioStream):
        plan(ExtractAudio(), planning_for(a_film(audio=())))


def test_a_late_track_that_is_copied_is_warned_about() -> None:
    late = a_film(audio=(an_audio(start_us=500_000),))

    work = plan(ExtractAudio(format="m4a"), planning_for(late))

    assert work.warnings == (
        "#1 audio (aac) begins 0.5 s after the file does; a copy leaves that silence out",
    )


def test_deep_sound_stays_deep_in_wav() -> None:
    deep = a_film(audio=(an_audio(codec="pcm_s24be"),))
    planning = planning_for(deep)
    more = planning.capabilities.encoders | {"pcm_s24le"}

    from dataclasses import replace

    planning = replace(planning, capabilities=replace(planning.capabilities, encoders=more))

    assert "-c:a:0 pcm_s24le" in lines(plan(ExtractAudio(format="wav"), planning))[0]


def test_sound_comes_from_the_same_process_as_a_ladder() -> None:
    film = a_film()
    sound = plan(ExtractAudio(), planning_for(film, name="sound"))
    ladder = plan_ladder(Ladder(), planning_for(film, name="ladder"))

    (step,) = fuse((*ladder.taps, *sound.taps))

    assert step.commands[0].argv.count("-i") == 1
    assert step.outputs[-1].publish == "movie-sound.mp3"
