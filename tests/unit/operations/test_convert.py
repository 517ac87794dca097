from fractions import Fraction

import pytest

from framemill.domain.media import OtherStream
from framemill.errors import CodecNotInContainer, InvalidSpec, NoAudioStream, NotSupported
from framemill.operations.convert import Convert, plan
from tests.builders import a_film, a_subtitle, a_video, an_audio, planning_for
from tests.unit.operations.commands import lines

MKV = a_film(
    container="matroska",
    audio=(an_audio(codec="vorbis"), an_audio(index=2, codec="aac", dispositions=())),
    subtitles=(a_subtitle(index=3), a_subtitle(index=4, codec="hdmv_pgs_subtitle")),
    others=(OtherStream(index=5, codec="ttf", kind="attachment", filename="a.ttf"),),
)


def test_what_the_container_holds_is_copied_and_the_rest_encoded_with_a_reason() -> None:
    work = plan(Convert(format="mp4"), planning_for(MKV, name="convert"))

    (command,) = lines(work)
    assert command == (
        "-nostdin -hide_banner -y GUARD -f matroska -i file:in/source -map 0:0 -c:v copy "
        "-map 0:1 -filter:a:0 aresample=async=1:first_pts=0,aformat=channel_layouts=stereo "
        "-c:a:0 aac -b:a:0 192k -ar:a:0 48000 -map 0:2 -c:a:1 copy "
        "-map 0:3 -c:s:0 mov_text -map_metadata 0 -movflags +faststart -f mp4 file:out/convert.mp4"
    )
    assert work.notes == (
        "convert: #0 video (h264) copied",
        "convert: #1 audio (vorbis) encoded to aac: mp4 cannot hold vorbis",
        "convert: #2 audio (aac) copied",
        "convert: #3 subtitle (subrip, eng) converted to mov_text: mp4 cannot hold subrip",
    )
    assert [d.stream for d in work.dropped or ()] == [
        "#4 subtitle (hdmv_pgs_subtitle, eng)",
        "#5 attachment (ttf)",
    ]


def test_matroska_takes_attachments_and_picture_subtitles_along() -> None:
    work = plan(Convert(output="b.mkv"), planning_for(MKV))

    assert "-map 0:3 -c:s:0 copy -map 0:4 -c:s:1 copy -map 0:5 -c:t copy" in lines(work)[0]
    assert work.dropped == ()


def test_cover_art_becomes_an_attached_file_in_matroska() -> None:
    film = a_film(video=(a_video(), a_video(index=2, codec="mjpeg", is_cover=True)))

    take, main = lines(plan(Convert(format="mkv"), planning_for(film)))

    assert take.endswith("-map 0:2 -c copy -frames:v 1 -f image2 -update 1 file:out/cover0.jpg")
    assert (
        "-attach file:out/cover0.jpg -metadata:s:t:0 mimetype=image/jpeg -metadata:s:t:0 filename=cover.jpg"
    ) in main


@pytest.mark.parametrize(
    ("video", "ending", "why"),
    [
        (a_video(codec="vp9"), "mov", "mov cannot hold vp9"),
        (a_video(rotation=90), "ts", "ts cannot say that the picture is turned"),
        (a_video(hidden_us=400_000), "mkv", "an edit list hides a part of it, which mkv would show"),
        (a_video(is_vfr=True), "avi", "avi holds frames of one length only"),
        (
            a_video(nominal_rate=Fraction(30), reorder_us=66_000),
            "avi",
            "avi does not say when a frame is shown",
        ),
    ],
)
def test_a_picture_that_cannot_be_copied_is_encoded_and_the_plan_says_why(
    video: object, ending: str, why: str
) -> None:
    work = plan(Convert(format=ending), planning_for(a_film(video=(video,)), name="convert"))

    assert work.notes[0].endswith(f"is not copied: {why}")
    assert "-c:v libx264 -preset medium" in lines(work)[0]


def test_webm_gets_vp9_and_opus() -> None:
    (command,) = lines(plan(Convert(format="webm"), planning_for(a_film())))

    assert "-c:v libvpx-vp9" in command
    assert "-c:a:0 libopus" in command


def test_hdr_stays_hdr_where_the_picture_is_encoded() -> None:
    hdr = a_video(codec="vp9", color_transfer="smpte2084", pixel_format="yuv420p10le", bit_depth=10)

    (command,) = lines(plan(Convert(format="mov"), planning_for(a_film(video=(hdr,)))))

    assert "-c:v libx265" in command
    assert "format=yuv420p10le" in command


def test_a_sound_format_takes_the_default_track_alone() -> None:
    work = plan(Convert(format="mp3"), planning_for(MKV, name="convert"))

    assert "-map 0:1 -filter:a:0" in lines(work)[0]
    assert "-c:v" not in lines(work)[0]
    assert {(d.stream, d.reason) for d in work.dropped or ()} >= {
        ("#0 video (h264)", "mp3 holds no picture"),
        ("#2 audio (aac)", "mp3 holds one track of sound"),
    }


def test_copy_always_refuses_what_would_be_encoded_and_never_encodes_all() -> None:
    with pytest.raises(CodecNotInContainer, match="mp4 cannot hold vorbis"):
        plan(Convert(format="mp4", copy="always"), planning_for(MKV))
    with pytest.raises(NotSupported, match="turned"):
        plan(Convert(format="ts", copy="always"), planning_for(a_film(video=(a_video(rotation=90),))))

    (command,) = lines(plan(Convert(format="mkv", copy="never"), planning_for(MKV)))

    assert "copy" not in command.replace("-c:s:0 copy", "").replace("-c:s:1 copy", "").replace(
        "-c:t copy", ""
    )


def test_the_format_must_be_known_and_not_contradict_the_name() -> None:
    with pytest.raises(InvalidSpec, match="convert needs a format"):
        plan(Convert(), planning_for(MKV))
    with pytest.raises(InvalidSpec, match="'docx' is no file format"):
        plan(Convert(format="docx"), planning_for(MKV))
    with pytest.raises(InvalidSpec, match="the format is mp4"):
        plan(Convert(format="mp4", output="a.mkv"), planning_for(MKV))
    with pytest.raises(NoAudioStream):
        plan(Convert(format="mp3"), planning_for(a_film(audio=())))


def test_the_half_packet_at_a_cut_off_end_is_left_out() -> None:
    film = a_film(container="flv", declared_duration_us=20_000_000)

    assert (
        "-fflags +discardcorrupt -i file:in/source"
        in lines(plan(Convert(format="ts"), planning_for(film)))[0]
    )
