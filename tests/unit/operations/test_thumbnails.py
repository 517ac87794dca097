import json
from fractions import Fraction

import pytest
from pydantic import ValidationError

from framemill.errors import EncoderUnavailable, NoVideoStream, TimeOutOfRange
from framemill.operations.thumbnails import Thumbnails, plan
from tests.builders import a_film, a_video, planning_for
from tests.unit.operations.commands import asked, line


def seeks(spec: Thumbnails, **film: object) -> list[str]:
    """The times that the first command seeks to."""
    (step,) = plan(spec, planning_for(a_film(**film))).steps
    argv = step.commands[0].argv
    return [argv[n + 1] for n, arg in enumerate(argv) if arg == "-ss"]


def test_two_pictures_come_from_one_process_that_seeks_twice() -> None:
    (step,) = plan(Thumbnails(count=2), planning_for(a_film(), name="thumbnails")).steps

    chain = (
        "'tpad=stop=-1:stop_mode=clone,select='\"'\"'gte(t,-0.016667)'\"'\"',"
        "scale=w=720:h=405:flags=bicubic+accurate_rnd+full_chroma_int:out_color_matrix=bt601:out_range=full,"
        "setsar=1,format=yuvj420p'"
    )
    encoder = "-frames:v 1 -c:v mjpeg -q:v 3 -f image2 -update 1"
    assert line(step.commands[0]) == (
        "-nostdin -hide_banner -y "
        "GUARD -f mov -ss 3.333333 -threads 1 -noaccurate_seek -i file:in/source "
        "GUARD -f mov -ss 6.666666 -threads 1 -noaccurate_seek -i file:in/source "
        f"-map 0:0 -filter:v:0 {chain} {encoder} file:out/thumbnails-thumb_001.jpg "
        f"-map 1:0 -filter:v:0 {chain} {encoder} file:out/thumbnails-thumb_002.jpg"
    )
    assert [o.publish for o in step.outputs] == ["thumb_001.jpg", "thumb_002.jpg"]
    assert {(o.promise.kind, o.promise.width, o.promise.height) for o in step.outputs} == {
        ("image", 720, 405)
    }


def test_a_picture_that_seeking_did_not_find_is_decoded_from_the_start() -> None:
    (step,) = plan(Thumbnails(count=2), planning_for(a_film())).steps

    second = step.commands[2]
    assert second.only_if_missing == step.outputs[1].path
    assert "-ss" not in second.argv
    assert "gte(t,6.649999)" in line(second)


def test_many_pictures_come_in_batches_of_eight() -> None:
    (step,) = plan(Thumbnails(count=20), planning_for(a_film())).steps

    together = [c for c in step.commands if c.only_if_missing is None]
    assert [c.argv.count("-i") for c in together] == [8, 8, 4]
    assert len(step.commands) == 3 + 20


def test_given_times_are_taken_in_their_order() -> None:
    assert seeks(asked(Thumbnails, at=("5s", "00:00:02.5"))) == ["5", "2.5"]


def test_spacing_goes_by_the_picture_where_the_sound_is_longer() -> None:
    assert seeks(Thumbnails(count=1), duration_us=30_000_000) == ["5"]


def test_a_time_behind_the_end_is_refused_and_the_very_end_is_not() -> None:
    with pytest.raises(TimeOutOfRange, match=r"no picture at 10\.1 s"):
        plan(asked(Thumbnails, at=("10.1s",)), planning_for(a_film()))

    assert seeks(asked(Thumbnails, at=("10s",))) == ["10"]


@pytest.mark.parametrize(
    ("video", "size"),
    [
        (a_video(), (720, 405)),
        (a_video(width=640, height=360), (640, 360)),
        (a_video(rotation=90), (720, 1280)),
        (a_video(width=720, height=480, sar=Fraction(8, 9)), (640, 480)),
        (a_video(width=161, height=121), (161, 121)),
        (a_video(width=1, height=1), (1, 1)),
    ],
)
def test_pictures_keep_the_shown_shape_and_are_never_enlarged(video: object, size: tuple[int, int]) -> None:
    (step,) = plan(Thumbnails(count=1), planning_for(a_film(video=(video,)))).steps

    promise = step.outputs[0].promise
    assert (promise.width, promise.height) == size


def test_a_variable_rate_is_filled_up_so_that_the_shown_picture_is_taken() -> None:
    (step,) = plan(Thumbnails(count=1), planning_for(a_film(video=(a_video(is_vfr=True),)))).steps

    assert "'fps=50/1,tpad=stop=-1:stop_mode=clone,select=" in line(step.commands[0])


def test_results_go_into_the_named_folder() -> None:
    (step,) = plan(Thumbnails(count=1, output="my.stills"), planning_for(a_film())).steps

    assert step.outputs[0].publish == "my.stills/thumb_001.jpg"


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(NoVideoStream):
        plan(Thumbnails(), planning_for(a_film(video=())))
    with pytest.raises(EncoderUnavailable, match="libaom-av1"):
        plan(Thumbnails(format="avif"), planning_for(a_film()))


def test_the_best_pictures_are_chosen_before_they_are_taken() -> None:
    film = a_film(keyframe_interval_us=500_000)

    (step,) = plan(Thumbnails(best=True, count=2), planning_for(film)).steps

    choose, take, *alone = step.commands
    assert choose.argv[:2] == ("pick_pictures", "chosen.json")
    wish = json.loads(choose.argv[2])
    assert (wish["wanted_us"], wish["best"], wish["early_us"]) == ([3_333_333, 6_666_666], True, 0)
    assert "-skip_frame" in wish["passes"][0]
    assert "-skip_frame" not in wish["passes"][1]
    assert [take.argv[n + 1] for n, arg in enumerate(take.argv) if arg == "-ss"] == ["{enter_1}", "{enter_2}"]
    assert [command.filled_from for command in (take, *alone)] == ["out/chosen.json"] * 3


def test_times_that_were_given_are_taken_as_they_are() -> None:
    with pytest.raises(ValidationError, match="taken as they are"):
        asked(Thumbnails, at=["1s"], best=True)


def test_so_many_times_are_refused() -> None:
    with pytest.raises(ValidationError, match="at most 1000"):
        asked(Thumbnails, at=list(range(1001)))
