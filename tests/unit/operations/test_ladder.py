from fractions import Fraction

import pytest

from framemill.errors import NoVideoStream, UpscaleRefused
from framemill.operations import ladder
from framemill.operations.ladder import Ladder
from tests.builders import a_film, a_subtitle, a_video, an_audio, planning_for


def test_each_rung_is_a_tap_of_one_decode_and_sound_is_encoded_once() -> None:
    work = ladder.plan(Ladder(), planning_for(a_film(), name="ladder"))

    assert [tap.key for tap in work.taps] == ["ladder:720p", "ladder:480p", "ladder:360p", "ladder:audio0"]
    assert {(tap.source, tap.start_us, tap.end_us) for tap in work.taps} == {("input", None, None)}
    assert [out.publish for step in work.steps for out in step.outputs] == [
        "720p.mp4",
        "480p.mp4",
        "360p.mp4",
    ]


def test_a_rung_is_capped_constant_quality_with_aligned_closed_gops() -> None:
    work = ladder.plan(Ladder(qualities=("720p",)), planning_for(a_film()))

    assert work.taps[0].video is not None
    assert " ".join(work.taps[0].video.args) == (
        "-c:v libx264 -preset medium -g 120 "
        "-x264-params open-gop=0:scenecut=0:ref=2:rc-lookahead=30:weightp=1:me=dia -crf 23 -maxrate 2500k "
        "-bufsize 5000k -force_key_frames expr:gte(t+0.0005,n_forced*2) -fps_mode passthrough"
    )


def test_without_caps_the_quality_alone_decides() -> None:
    work = ladder.plan(Ladder(qualities=("720p",), caps=False), planning_for(a_film()))

    assert work.taps[0].video is not None
    assert "-crf" in work.taps[0].video.args
    assert not {"-maxrate", "-bufsize"} & set(work.taps[0].video.args)


def test_another_preset_is_taken_as_it_is() -> None:
    work = ladder.plan(Ladder(qualities=("720p",), preset="slow"), planning_for(a_film()))

    assert work.taps[0].video is not None
    args = work.taps[0].video.args
    assert args[args.index("-preset") + 1] == "slow"
    assert args[args.index("-x264-params") + 1] == "open-gop=0:scenecut=0"


def test_rungs_above_the_source_are_left_out_and_said() -> None:
    work = ladder.plan(Ladder(), planning_for(a_film(video=(a_video(width=854, height=480),))))

    assert [tap.title for tap in work.taps] == ["480p", "360p", "sound"]
    assert work.warnings == ("left out 720p: taller than the source",)


def test_rungs_above_the_source_can_be_refused() -> None:
    with pytest.raises(UpscaleRefused, match="'720p' is 720 lines"):
        ladder.plan(Ladder(strict=True), planning_for(a_film(video=(a_video(width=854, height=480),))))


def test_a_source_below_every_rung_keeps_its_own_size() -> None:
    work = ladder.plan(Ladder(), planning_for(a_film(video=(a_video(width=320, height=180),))))

    promise = work.taps[0].output.promise
    assert (promise.width, promise.height) == (320, 180)
    assert "one rendition at its own size" in work.warnings[0]


def test_sixty_frames_become_thirty_and_every_second_one_stays() -> None:
    film = a_film(video=(a_video(frame_rate=Fraction(60000, 1001)),))

    work = ladder.plan(Ladder(), planning_for(film))

    assert {tap.video.filters[0] for tap in work.taps if tap.video} == {"fps=30000/1001"}


def test_a_rate_that_would_break_alignment_is_not_used() -> None:
    film = a_film(video=(a_video(frame_rate=Fraction(179, 6)),))

    work = ladder.plan(Ladder(qualities=("360p", "240p")), planning_for(film))

    assert all(not tap.video.filters[0].startswith("fps") for tap in work.taps if tap.video)
    assert "240p keeps 29.8 frames a second" in work.warnings[0]


def test_variable_rate_keeps_every_frame_at_its_own_time() -> None:
    work = ladder.plan(Ladder(), planning_for(a_film(video=(a_video(is_vfr=True),))))

    assert work.taps[0].video is not None
    assert work.taps[0].video.args[-4:] == ("-fps_mode", "passthrough", "-enc_time_base", "demux")


def test_every_sound_and_text_track_is_carried_and_the_rest_is_listed() -> None:
    film = a_film(
        audio=(an_audio(language="eng"), an_audio(index=3, channels=6, language="ger")),
        subtitles=(a_subtitle(index=4), a_subtitle(index=5, codec="hdmv_pgs_subtitle")),
    )

    work = ladder.plan(Ladder(qualities=("360p",)), planning_for(film, name="ladder"))

    assert [tap.key for tap in work.taps] == [
        "ladder:360p",
        "ladder:audio0",
        "ladder:audio1",
        "ladder:subtitles0",
    ]
    assert "-b:a:{n} 240k" in " ".join(work.taps[2].audio[0].args)
    assert work.steps[0].outputs[0].promise.channels == (2, 6)
    assert [d.stream for d in work.dropped or ()] == ["#5 subtitle (hdmv_pgs_subtitle, eng)"]


def test_a_film_without_picture_has_no_ladder() -> None:
    with pytest.raises(NoVideoStream):
        ladder.plan(Ladder(), planning_for(a_film(video=())))
