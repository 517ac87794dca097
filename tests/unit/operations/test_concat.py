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
