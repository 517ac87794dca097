import pytest

from framemill.domain.media import Chapter, MediaInfo
from framemill.errors import InvalidSpec, NoAudioStream, NotSupported, NoVideoStream, TimeOutOfRange
from framemill.operations.registry import load_spec
from framemill.operations.replace_audio import ReplaceAudio, plan
from tests.builders import a_film, a_video, an_audio, planning_for
from tests.unit.operations.commands import asked, lines


def music(**changes: object) -> MediaInfo:
    """Twenty seconds of stereo MP3."""
    track = an_audio(
        **{"index": 0, "codec": "mp3", "sample_rate": 44_100, "duration_us": 20_000_000, **changes}
    )
    return MediaInfo(container="mp3", duration_us=track.duration_us or 0, size=1, audio=(track,))


def test_a_fitting_sound_is_copied_and_cut_to_the_picture() -> None:
    film = a_film(chapters=(Chapter(start_us=0, end_us=5_000_000),))

    work = plan(ReplaceAudio(audio="input2"), planning_for(film, music(), name="replace_audio"))

    (command,) = lines(work)
    assert command == (
        "-nostdin -hide_banner -y GUARD -f mov -i file:in/source GUARD -f mp3 -t 10 -i file:in/music "
        "-map 0:0 -c:v copy -map 1:0 -c:a:0 copy -disposition:a:0 default -map_metadata 0 -map_chapters 0 "
        "-movflags +faststart -f mp4 file:out/replace_audio.mp4"
    )
    assert [(item.name, item.ref) for item in work.steps[0].inputs] == [
        ("source", "input"),
        ("music", "input2"),
    ]
    assert [(d.stream, d.reason) for d in work.dropped or ()] == [("#1 audio (aac)", "replaced as asked")]
    promise = work.steps[0].outputs[0].promise
    assert (promise.duration_us, promise.audio_codecs, promise.channels) == (10_000_000, ("mp3",), (2,))


@pytest.mark.parametrize(
    ("fields", "lasts", "filters", "why"),
    [
        ({"volume": "-6dB"}, 20, "volume=0.501187", "its volume changes"),
        ({"loop": True}, 4, "asetpts=N/SR/TB,aformat=channel_layouts=stereo", "it is repeated"),
        ({"start": 3}, 20, "atrim=start=3,asetpts=PTS-STARTPTS", "it is moved"),
        ({"offset": 1.5}, 20, "adelay=delays=1500:all=1", "it is moved"),
        ({"fade_out": 2}, 20, "afade=t=out:st=8:d=2", "it fades out"),
        ({"fade_out": 9}, 4, "afade=t=out:st=0:d=4", "it fades out"),
        ({}, 4, "apad,atrim=end=10", "it ends before the picture, and silence follows"),
    ],
)
def test_what_changes_the_sound_encodes_it(
    fields: dict[str, object], lasts: int, filters: str, why: str
) -> None:
    song = music(duration_us=lasts * 1_000_000)

    work = plan(asked(ReplaceAudio, audio="input2", **fields), planning_for(a_film(), song))

    (command,) = lines(work)
    assert filters in command
    assert "apad,atrim=end=10 -c:a:0 aac" in command
    assert ("-stream_loop -1" in command) is bool(fields.get("loop"))
    assert any(note.endswith(f"encoded to aac: {why}") for note in work.notes)


def test_mixing_goes_into_the_main_track_in_its_own_layout_and_leaves_the_others() -> None:
    film = a_film(
        container="matroska",
        audio=(
            an_audio(codec="ac3", channels=6, language="eng"),
            an_audio(index=2, codec="ac3", language="ger", dispositions=()),
        ),
    )

    work = plan(asked(ReplaceAudio, audio="input2", mix=True, volume=0.5), planning_for(film, music()))

    (command,) = lines(work)
    form = "aformat=channel_layouts=5.1:sample_rates=48000"
    assert (
        "-filter_complex '[0:1]aresample=async=1:first_pts=0,aformat=channel_layouts=5.1,"
        f"{form},apad,atrim=end=10[mixown];[1:0]aresample=async=1:first_pts=0,{form},"
        "volume=0.500000,apad,atrim=end=10[mixnew];"
        "[mixown][mixnew]amix=inputs=2:duration=longest:normalize=0,"
        "alimiter=limit=0.97:level=0:latency=1[mix]' "
        "-map '[mix]' -c:a:0 aac -b:a:0 480k -ar:a:0 48000 -metadata:s:a:0 language=eng "
        "-disposition:a:0 default "
        "-map 0:2 -c:a:1 copy"
    ) in command
    assert work.steps[0].outputs[0].promise.channels == (6, 2)
    assert work.dropped == ()


def test_mixing_with_nothing_is_replacing_and_said() -> None:
    work = plan(ReplaceAudio(audio="input2", mix=True), planning_for(a_film(audio=()), music()))

    assert "amix" not in lines(work)[0]
    assert work.notes[0] == "op: there is no sound to mix with: the new one stands alone"


def test_other_tracks_of_the_new_file_are_listed() -> None:
    other = a_film(audio=(an_audio(), an_audio(index=2, dispositions=(), language="fre")))

    work = plan(ReplaceAudio(audio="input2"), planning_for(a_film(audio=()), other))

    assert [(d.source, d.stream, d.reason) for d in work.dropped or ()] == [
        ("input2", "#2 audio (aac, fre)", "only its main track is used")
    ]


def test_present_sound_that_outlasts_the_picture_is_kept_when_mixing() -> None:
    film = a_film(duration_us=12_000_000, audio=(an_audio(duration_us=12_000_000),))

    work = plan(ReplaceAudio(audio="input2", mix=True), planning_for(film, music()))

    assert work.steps[0].outputs[0].promise.duration_us == 12_000_000


def test_sound_alone_can_be_mixed_with_but_not_replaced() -> None:
    podcast = music()

    work = plan(ReplaceAudio(audio="input2", mix=True), planning_for(podcast, music()))

    assert work.steps[0].outputs[0].publish == "movie-op.mp3"
    with pytest.raises(NoVideoStream):
        plan(ReplaceAudio(audio="input2"), planning_for(podcast, music()))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(NoAudioStream):
        plan(ReplaceAudio(audio="input2"), planning_for(a_film(), a_film(audio=())))
    with pytest.raises(TimeOutOfRange, match="is over before that"):
        plan(asked(ReplaceAudio, audio="input2", start=20), planning_for(a_film(), music()))
    with pytest.raises(TimeOutOfRange, match="but the picture ends at"):
        plan(asked(ReplaceAudio, audio="input2", offset=10), planning_for(a_film(), music()))
    turned = a_film(video=(a_video(rotation=90),))
    with pytest.raises(NotSupported, match="cannot stay as it is"):
        plan(ReplaceAudio(audio="input2", output="a.ts"), planning_for(turned, music()))
    for wrong in ("loud", -1, 11, "21dB", "99999999dB", "-5%", True):
        with pytest.raises(InvalidSpec, match="volume"):
            load_spec({"op": "replace_audio", "audio": "a", "volume": wrong})
    with pytest.raises(InvalidSpec, match="audio"):
        load_spec({"op": "replace_audio"})
