from fractions import Fraction

import pytest
from pydantic import ValidationError

from framemill.errors import InvalidSpec, TimeOutOfRange
from framemill.operations.preview import Preview, plan
from tests.builders import a_film, a_video, planning_for
from tests.unit.operations.commands import asked, lines


def test_a_preview_is_three_silent_seconds_from_a_third_in() -> None:
    film = a_film(duration_us=90_000_000, video=(a_video(duration_us=90_000_000),))

    work = plan(Preview(), planning_for(film, name="preview"))

    (command,) = lines(work)
    assert command == (
        "-nostdin -hide_banner -y GUARD -f mov -ss 30 -noaccurate_seek -i file:in/source -map 0:0 "
        "-filter:v:0 fps=15/1:start_time=0,trim=duration=3,setpts=PTS-STARTPTS,"
        "zscale=w=360:h=202:f=bicubic:param_a=0:param_b=0.6:r=limited,setsar=1,format=yuv420p "
        "-c:v libx264 -preset medium -crf 26 -fps_mode passthrough -map_metadata -1 -map_chapters -1 "
        "-movflags +faststart -f mp4 file:out/preview.mp4"
    )
    (output,) = work.steps[0].outputs
    assert output.publish == "movie-preview.mp4"
    assert (output.promise.duration_us, output.promise.audio_codecs) == (3_000_000, ())


@pytest.mark.parametrize(
    ("length_us", "start", "duration"),
    [(2_000_000, None, 2_000_000), (4_000_000, 1_000_000, 3_000_000), (9_000_000, 3_000_000, 3_000_000)],
)
def test_short_videos_are_shown_as_far_as_they_go(length_us: int, start: int | None, duration: int) -> None:
    film = a_film(duration_us=length_us, video=(a_video(duration_us=length_us),), audio=())

    work = plan(Preview(), planning_for(film))

    assert work.steps[0].outputs[0].promise.duration_us == duration
    assert (f"-ss {start // 1_000_000} " if start else "-f mov -noaccurate_seek") in lines(work)[0]


def test_a_start_behind_the_picture_is_refused() -> None:
    with pytest.raises(TimeOutOfRange, match="ends at 10 s"):
        plan(asked(Preview, start="10s"), planning_for(a_film()))


def test_a_window_that_reaches_over_the_end_stops_there() -> None:
    work = plan(asked(Preview, start="9s"), planning_for(a_film()))

    assert work.steps[0].outputs[0].promise.duration_us == 1_000_000


def test_a_transport_stream_is_entered_earlier_because_it_has_no_index() -> None:
    film = a_film(container="mpegts", duration_us=60_000_000, video=(a_video(duration_us=60_000_000),))

    (command,) = lines(plan(asked(Preview, start="30s"), planning_for(film)))

    assert "-ss 20 -noaccurate_seek" in command
    assert "fps=15/1:start_time=10," in command


def test_fields_are_joined_before_frames_are_picked() -> None:
    film = a_film(video=(a_video(field_order="tt", frame_rate=Fraction(25)),))

    (command,) = lines(plan(Preview(), planning_for(film)))

    assert "-filter:v:0 bwdif=mode=send_frame:parity=auto:deint=interlaced,fps=15/1" in command


def test_a_slower_source_keeps_its_rate() -> None:
    film = a_film(video=(a_video(frame_rate=Fraction(25, 2)),))

    assert "fps=25/2" in lines(plan(Preview(), planning_for(film)))[0]


def test_a_montage_seeks_once_for_each_moment_in_one_process() -> None:
    spec = asked(Preview, montage=3, duration="2s", fps=10)

    (step,) = plan(spec, planning_for(a_film())).steps

    (command,) = step.commands
    seeks = [command.argv[n + 1] for n, arg in enumerate(command.argv) if arg == "-ss"]
    assert seeks == ["1.366667", "4.65", "7.983333"]
    graph = command.argv[command.argv.index("-filter_complex") + 1]
    assert [f"trim=end_frame={n}," in graph for n in (6, 7)] == [True, True]
    assert graph.endswith("[m0][m1][m2]concat=n=3[v]")
    promise = step.outputs[0].promise
    assert (promise.frames, promise.duration_us) == (20, 2_000_000)


def test_a_rate_that_leaves_no_frame_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="at 1/100 frames a second there would be none in 3 s"):
        plan(asked(Preview, fps="0.01"), planning_for(a_film()))


def test_moments_too_short_to_see_are_refused() -> None:
    with pytest.raises(InvalidSpec, match="too short to see"):
        plan(asked(Preview, montage=20, duration="1s"), planning_for(a_film()))


@pytest.mark.parametrize("fields", [{"montage": 1}, {"montage": 21}, {"montage": 5, "start": "3s"}])
def test_a_montage_that_cannot_be_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        asked(Preview, **fields)
