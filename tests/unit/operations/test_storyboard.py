import shlex
from dataclasses import replace
from fractions import Fraction

import pytest

from framemill.errors import EncoderUnavailable, InvalidSpec, NoVideoStream
from framemill.operations.storyboard import Storyboard, plan
from tests.builders import CAPABILITIES, a_film, a_video, planning_for
from tests.unit.operations.commands import asked, line, lines

HOUR_US = 3_600_000_000
LONG = a_film(
    duration_us=HOUR_US, keyframe_interval_us=2_000_000, video=(a_video(duration_us=HOUR_US),), audio=()
)


def test_of_a_long_video_one_keyframe_an_interval_is_decoded() -> None:
    (step,) = plan(Storyboard(), planning_for(LONG, name="storyboard")).steps

    chain = (
        "setpts='(max(0,floor(T/36))+0.4)*36/TB',fps=1000000/36000000:start_time=0:eof_action=pass,"
        "tpad=stop=-1:stop_mode=clone,trim=end_frame=100,"
        "scale=w=160:h=90:flags=bicubic+accurate_rnd+full_chroma_int:out_color_matrix=bt601:out_range=full,"
        "setsar=1,format=yuvj420p,tile=10x10"
    )
    one_each = (
        r"noise=drop=if(key*(not(ld(1))+gte((if(eq(pts\,nopts)\,dts\,pts)*tb)\,ld(0)))\,"
        r"0*st(1\,1)*st(0\,(floor((if(eq(pts\,nopts)\,dts\,pts)*tb)/36)+1)*36)\,1)"
    )
    assert line(step.commands[0]) == (
        "-nostdin -hide_banner -y GUARD -f mov -threads 1 -discard:v nokey -skip_frame nokey "
        f"-skip_loop_filter all -bsf:v {shlex.quote(one_each)} "
        f"-i file:in/source -map 0:0 -filter:v:0 {shlex.quote(chain)} "
        "-fps_mode passthrough -c:v mjpeg -q:v 5 -f image2 file:out/storyboard-sprite_%03d.jpg"
    )
    sheets, index = step.outputs
    assert (sheets.publish, index.publish) == ("sprite_%03d.jpg", "storyboard.vtt")
    assert (sheets.promise.files, sheets.promise.width, sheets.promise.height) == (1, 1600, 900)


def test_where_keyframes_give_nothing_all_is_decoded() -> None:
    (step,) = plan(Storyboard(), planning_for(LONG, name="storyboard")).steps

    again = step.commands[1]
    assert again.only_if_missing == "storyboard-sprite_001.jpg"
    assert "-skip_frame" not in again.argv


def test_a_short_video_with_rare_keyframes_is_decoded_whole_and_is_exact() -> None:
    film = a_film(keyframe_interval_us=5_000_000)

    (step,) = plan(Storyboard(), planning_for(film, name="storyboard")).steps

    decode, index = step.commands
    chain = decode.argv[decode.argv.index("-filter:v:0") + 1]
    assert chain.startswith("setpts='(max(0,ceil(T/1-0.5))+0.4)*1/TB',")
    assert chain.endswith(",tile=10x1")
    assert "-skip_frame" not in decode.argv
    assert index.argv[0] == "storyboard_index"
    assert (step.outputs[0].promise.files, step.outputs[0].promise.width) == (1, 1600)


@pytest.mark.parametrize(("size", "decoded"), [((854, 480), True), ((1920, 1080), False)])
def test_two_minutes_are_decoded_whole_where_that_costs_little(
    size: tuple[int, int], *, decoded: bool
) -> None:
    width, height = size
    stream = a_video(width=width, height=height, frame_rate=Fraction(25), duration_us=120_000_000)
    film = a_film(duration_us=120_000_000, keyframe_interval_us=10_000_000, video=(stream,), audio=())

    (step,) = plan(Storyboard(), planning_for(film)).steps

    assert ("-skip_frame" not in step.commands[0].argv) == decoded
    assert step.estimate.cpu_ms < 4000


def test_a_short_video_with_keyframes_near_enough_needs_no_decode() -> None:
    (step,) = plan(Storyboard(), planning_for(a_film(keyframe_interval_us=1_000_000))).steps

    assert "-skip_frame" in step.commands[0].argv


def test_an_older_ffmpeg_decodes_every_keyframe() -> None:
    older = replace(CAPABILITIES, ffmpeg_version="6.1.2")

    first = lines(plan(Storyboard(), planning_for(LONG, capabilities=older)))[0]

    assert "-skip_frame nokey" in first
    assert "-bsf:v" not in first


def test_hdr_is_shrunk_before_it_is_tone_mapped() -> None:
    hdr = a_video(color_transfer="smpte2084", pixel_format="yuv420p10le", duration_us=HOUR_US)

    first = lines(plan(Storyboard(), planning_for(replace(LONG, video=(hdr,)))))[0]

    assert first.index("scale=w=160:h=90") < first.index("tonemap=")


def test_a_turned_picture_with_odd_sides_gets_even_pictures_in_its_shape() -> None:
    phone = a_video(width=1919, height=1079, rotation=90)

    (step,) = plan(Storyboard(columns=1, rows=1), planning_for(a_film(video=(phone,)))).steps

    assert (step.outputs[0].promise.width, step.outputs[0].promise.height) == (160, 284)


def test_a_small_source_is_not_enlarged() -> None:
    small = a_video(width=101, height=75)

    (step,) = plan(Storyboard(columns=1), planning_for(a_film(video=(small,)))).steps

    assert step.outputs[0].promise.width == 100


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"interval": "0.2s"}, "18000 pictures"),
        ({"columns": 100, "width": 640}, "64000x"),
    ],
)
def test_what_no_player_could_show_is_refused(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidSpec, match=complaint):
        plan(asked(Storyboard, **fields), planning_for(LONG))


def test_sound_alone_has_no_pictures() -> None:
    with pytest.raises(NoVideoStream):
        plan(Storyboard(), planning_for(a_film(video=())))


def test_webp_needs_its_encoder() -> None:
    bare = replace(CAPABILITIES, encoders=frozenset())

    with pytest.raises(EncoderUnavailable):
        plan(Storyboard(format="webp"), planning_for(LONG, capabilities=bare))


def test_fields_of_an_interlaced_picture_are_not_mixed() -> None:
    old = a_video(field_order="tt", frame_rate=Fraction(25), duration_us=HOUR_US)

    first = lines(plan(Storyboard(), planning_for(replace(LONG, video=(old,)))))[0]

    assert "field=type=top,scale=" in first
    assert "bwdif" not in first


def test_an_interval_longer_than_the_video_gives_its_first_picture() -> None:
    work = plan(asked(Storyboard, interval="200h"), planning_for(a_film()))

    assert "fps=1000000/10000000:start_time=0" in lines(work)[0]
    assert "1 pictures" in work.notes[0]
