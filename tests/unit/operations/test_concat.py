from fractions import Fraction

import pytest

from framemill.domain.media import MediaInfo
from framemill.domain.plan import Step
from framemill.domain.units import US
from framemill.errors import IncompatibleInputs, InvalidSpec, NoVideoStream
from framemill.operations.concat import Concat, plan
from tests.builders import a_film, a_subtitle, a_video, an_audio, planning_for


def joined(spec: Concat, *films: MediaInfo) -> Step:
    (step,) = plan(spec, planning_for(*films, name="concat")).steps
    return step


def text(step: Step) -> str:
    return " ".join(step.commands[0].argv)


def graph(step: Step) -> list[str]:
    argv = step.commands[0].argv
    return argv[argv.index("-filter_complex") + 1].split(";")


def test_like_inputs_are_copied_by_generated_names() -> None:
    step = joined(Concat(), a_film(), a_film())

    assert [(i.name, i.ref) for i in step.inputs] == [("part0", "input"), ("part1", "input2")]
    assert step.texts[0].content == "ffconcat version 1.0\nfile part0\nduration 12\nfile part1\nduration 12\n"
    assert "-format_whitelist concat,mov" in text(step)
    assert "-map 0:0 -map 0:1 -c copy" in text(step)
    assert step.outputs[0].promise.duration_us == 20 * US


def test_the_order_is_the_requests() -> None:
    step = joined(Concat(sources=("input2", "input", "input2")), a_film(), a_film())

    assert [i.ref for i in step.inputs] == ["input2", "input", "input2"]


def test_each_input_is_a_chapter_called_after_it() -> None:
    step = joined(Concat(), a_film(), a_film())

    assert step.texts[1].content.count("title=movie") == 2
    assert "START=10000000\nEND=20000000" in step.texts[1].content


def test_a_difference_is_named_or_says_why_all_is_encoded() -> None:
    small = a_film(video=(a_video(width=1280, height=720),))

    with pytest.raises(IncompatibleInputs, match="differ in size: 1920x1080, 1280x720"):
        joined(Concat(mode="copy"), a_film(), small)

    work = plan(Concat(), planning_for(a_film(), small, name="concat"))
    assert work.notes[0] == "concat: encoded because the inputs differ in size: 1920x1080, 1280x720"


def test_other_shapes_get_bars_and_the_first_ones_rate() -> None:
    tall = a_film(video=(a_video(width=1080, height=1920, frame_rate=Fraction(25)),))

    chains = graph(joined(Concat(), a_film(), tall))

    assert "fps=30/1" in chains[2]
    assert "pad=1920:1080" in chains[2]


def test_inputs_of_one_steady_rate_keep_their_frames() -> None:
    other = a_film(video=(a_video(codec="hevc"),))

    assert not any("fps=" in chain for chain in graph(joined(Concat(), a_film(), other)))


def test_missing_sound_becomes_silence_as_long_as_the_picture() -> None:
    mute = a_film(audio=(), video=(a_video(duration_us=7 * US),))

    chains = graph(joined(Concat(), a_film(), mute))

    assert any(c.startswith("anullsrc=r=48000:cl=stereo") and "atrim=end=7[a1x0]" in c for c in chains)


def test_sound_of_a_later_input_is_kept_where_the_first_has_none() -> None:
    chains = graph(joined(Concat(), a_film(audio=()), a_film(audio=(an_audio(channels=1, layout="mono"),))))

    assert any(c.startswith("anullsrc=r=48000:cl=mono") for c in chains)
    assert chains[-1].endswith("concat=n=2:v=1:a=1[v][a0]")


def test_hdr_is_mapped_where_not_all_inputs_are_hdr() -> None:
    hdr = a_film(
        video=(a_video(codec="hevc", bit_depth=10, pixel_format="yuv420p10le", color_transfer="smpte2084"),)
    )

    chains = graph(joined(Concat(), hdr, a_film()))

    assert "tonemap" in chains[0]
    assert "tonemap" not in chains[2]


def test_what_is_not_joined_is_said_for_each_input() -> None:
    film = a_film(subtitles=(a_subtitle(),))

    work = plan(Concat(), planning_for(film, film))

    assert work.dropped is not None
    assert [(d.source, d.reason) for d in work.dropped] == [
        ("input", "only picture and sound are joined"),
        ("input2", "only picture and sound are joined"),
    ]


def test_an_incomplete_file_is_not_joined_by_copy() -> None:
    broken = a_film(declared_duration_us=60 * US)

    with pytest.raises(IncompatibleInputs, match="completeness: complete, incomplete"):
        joined(Concat(mode="copy"), a_film(), broken)


def test_one_input_is_nothing_to_join() -> None:
    with pytest.raises(InvalidSpec, match="at least two"):
        joined(Concat(), a_film())


def test_a_profile_means_encoding() -> None:
    step = joined(Concat(profile="clip_720p"), a_film(), a_film())

    assert "libx265" in text(step)


def test_differing_sound_alone_is_refused() -> None:
    with pytest.raises(NoVideoStream, match="sample rate"):
        joined(Concat(), a_film(video=()), a_film(video=(), audio=(an_audio(sample_rate=44_100),)))


def test_a_dissolve_overlaps_in_whole_frames_and_leaves_later_inputs_unread() -> None:
    spec = Concat.model_validate({"transition": "dissolve", "transition_duration": "0.5s"})

    step = joined(spec, a_film(), a_film(audio=()), a_film())

    chains = graph(step)
    assert [c for c in chains if "xfade" in c] == [
        "[v0][v1]xfade=transition=fade:duration=0.5:offset=9.5[x1]",
        "[x1][v2]xfade=transition=fade:duration=0.5:offset=19[v]",
    ]
    assert [c for c in chains if c.startswith("[z")] == [
        "[z1x0][f1x0]concat=n=2:v=0:a=1[b1x0]",
        "[z2x0][f2x0]concat=n=2:v=0:a=1[b2x0]",
    ]
    assert "atrim=end_sample=456000[z1x0]" in ";".join(chains)  # 9.5 s
    assert "[b0x0][b1x0][b2x0]amix=inputs=3:normalize=0:dropout_transition=0[a0]" in chains
    promise = step.outputs[0].promise
    assert (promise.frames, promise.duration_us) == (870, 29 * US)
    assert "START=9733333\nEND=19233333" in step.texts[0].content


def test_a_fade_goes_through_black_and_silence_on_both_sides() -> None:
    spec = Concat.model_validate({"transition": "fade", "transition_duration": "1s"})

    step = joined(spec, a_film(), a_film(), a_film())

    middle = graph(step)[2]
    assert middle.endswith(
        "trim=end_frame=300,fade=t=in:start_frame=0:nb_frames=15,fade=t=out:start_frame=285:nb_frames=15[v1]"
    )
    assert graph(step)[3].endswith("afade=t=in:st=0:d=0.5,afade=t=out:st=9.5:d=0.5[a1x0]")
    assert step.outputs[0].promise.frames == 900


def test_a_copy_has_no_transitions() -> None:
    with pytest.raises(InvalidSpec, match="a fade needs mode=encode"):
        joined(Concat(mode="copy", transition="fade"), a_film(), a_film())
