import pytest

from framemill.domain.media import OtherStream
from framemill.errors import CodecNotInContainer, NotSupported, NoVideoStream
from framemill.operations.remove_audio import RemoveAudio, plan
from tests.builders import a_film, a_subtitle, a_video, planning_for
from tests.unit.operations.commands import lines


def test_the_picture_is_copied_and_all_else_listed() -> None:
    film = a_film(
        subtitles=(a_subtitle(codec="mov_text"),),
        others=(OtherStream(index=3, codec="unknown", kind="data"),),
    )

    work = plan(RemoveAudio(), planning_for(film, name="remove_audio"))

    (command,) = lines(work)
    assert command == (
        "-nostdin -hide_banner -y GUARD -f mov -i file:in/source -map 0:0 -c:v copy "
        "-map 0:2 -c:s:0 copy -map_metadata 0 -movflags +faststart -f mp4 file:out/remove_audio.mp4"
    )
    assert [(d.stream, d.reason) for d in work.dropped or ()] == [
        ("#1 audio (aac)", "removed as asked"),
        ("#3 data (unknown)", "players cannot use it and the container may not hold it"),
    ]
    assert work.steps[0].outputs[0].publish == "movie-remove_audio.mp4"


@pytest.mark.parametrize(
    ("container", "codec", "tags", "ending"),
    [
        ("mov", "h264", (("major_brand", "qt  "),), "mov"),
        ("mov", "hevc", (("major_brand", "isom"),), "mp4"),
        ("matroska", "h264", (), "mkv"),
        ("matroska", "vp9", (), "webm"),
        ("mpegts", "mpeg2video", (), "ts"),
        ("mpeg", "mpeg2video", (), "mkv"),
        ("avi", "msmpeg4v2", (), "avi"),
    ],
)
def test_the_container_stays(
    container: str, codec: str, tags: tuple[tuple[str, str], ...], ending: str
) -> None:
    film = a_film(container=container, video=(a_video(codec=codec),), tags=tags)

    work = plan(RemoveAudio(), planning_for(film))

    assert work.steps[0].outputs[0].publish == f"movie-op.{ending}"


def test_hevc_in_mp4_carries_the_tag_that_apple_wants() -> None:
    film = a_film(video=(a_video(codec="hevc", dolby_vision=True),))

    assert "-c:v copy -tag:v:0 hvc1 -strict unofficial" in lines(plan(RemoveAudio(), planning_for(film)))[0]


def test_a_picture_that_would_be_shown_wrongly_is_refused() -> None:
    turned = a_film(video=(a_video(rotation=90),))
    hidden = a_film(video=(a_video(hidden_us=4_000_000),))

    with pytest.raises(NotSupported, match="ts cannot say that the picture is turned"):
        plan(RemoveAudio(output="a.ts"), planning_for(turned))
    with pytest.raises(NotSupported, match="mkv would show"):
        plan(RemoveAudio(output="a.mkv"), planning_for(hidden))
    with pytest.raises(CodecNotInContainer):
        plan(RemoveAudio(output="a.webm"), planning_for(turned))
    with pytest.raises(NoVideoStream):
        plan(RemoveAudio(), planning_for(a_film(video=())))


def test_a_copy_that_begins_late_is_as_long_as_what_it_holds() -> None:
    film = a_film(video=(a_video(start_us=1_000_000, duration_us=9_000_000),))

    promise = plan(RemoveAudio(), planning_for(film)).steps[0].outputs[0].promise

    assert promise.duration_us == 9_000_000
