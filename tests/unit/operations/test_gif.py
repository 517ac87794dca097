from dataclasses import replace
from fractions import Fraction

import pytest

from framemill.domain.capabilities import Capabilities
from framemill.domain.media import MediaInfo
from framemill.errors import InvalidSpec, NoVideoStream, TimeOutOfRange
from framemill.operations.gif import Gif, plan
from framemill.operations.planning import Planning
from framemill.operations.registry import load_spec
from tests.builders import CAPABILITIES, a_film, a_video, planning_for
from tests.unit.operations.commands import asked, lines

ALL = replace(CAPABILITIES, encoders=CAPABILITIES.encoders | {"gif", "apng", "libwebp_anim"})


def on(film: MediaInfo, capabilities: Capabilities = ALL) -> Planning:
    return planning_for(film, name="gif", capabilities=capabilities)


def test_a_palette_and_the_gif_that_uses_it_come_from_one_process() -> None:
    work = plan(asked(Gif, start=4), on(a_film()))

    (command,) = lines(work)
    assert command == (
        "-nostdin -hide_banner -y GUARD -f mov -ss 4 -noaccurate_seek -i file:in/source -filter_complex "
        "'[0:0]fps=12/1:start_time=0,tpad=stop=-1:stop_mode=clone,setpts=PTS-STARTPTS,"
        "trim=end_frame=36,scale=w=480:h=270:flags=bicubic+accurate_rnd+full_chroma_int:out_range=full,"
        "setsar=1,format=rgb24,split[seen][shown];[seen]palettegen=stats_mode=diff[palette];"
        "[shown][palette]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle[made]' "
        "-map '[made]' -fps_mode passthrough -map_metadata -1 -c:v gif -loop 0 -f gif file:out/gif.gif"
    )
    (output,) = work.steps[0].outputs
    promise = output.promise
    assert output.publish == "movie-gif.gif"
    assert (promise.width, promise.height, promise.frames, promise.duration_us) == (480, 270, 36, 3_000_000)


@pytest.mark.parametrize(
    ("image", "loop", "said"),
    [
        ("gif", 0, "-loop 0 -f gif"),
        ("gif", 1, "-loop -1 -f gif"),
        ("gif", 3, "-loop 2 -f gif"),
        ("gif", -1, "-loop -1 -f gif"),
        ("webp", 3, "-loop 3 -f webp"),
        ("apng", 1, "-plays 1 -f apng"),
        ("apng", 0, "-plays 0 -f apng"),
    ],
)
def test_loop_counts_plays_in_every_format(image: str, loop: int, said: str) -> None:
    assert said in lines(plan(asked(Gif, format=image, loop=loop), on(a_film())))[0]


def test_a_webp_in_which_nothing_moves_is_made_again_frame_by_frame() -> None:
    work = plan(Gif(format="webp"), on(a_film()))

    commands = work.steps[0].commands
    assert "libwebp_anim" in commands[0].argv
    assert commands[1].argv == ("remove_still", "gif.webp")
    assert "libwebp" in commands[2].argv
    assert commands[2].only_if_missing == "gif.webp"
    assert work.steps[0].outputs[0].promise.frames is None


def test_transparency_is_decoded_and_kept() -> None:
    film = a_film(container="matroska", video=(a_video(codec="vp9", has_alpha=True),))

    for image, pixels in (("gif", "rgba"), ("apng", "rgba"), ("webp", "yuva420p")):
        command = lines(plan(asked(Gif, format=image), on(film)))[0]
        assert "-c:v libvpx-vp9 -i file:in/source" in command
        assert f"format={pixels}" in command
    lacking = replace(ALL, encoders=ALL.encoders - {"libvpx-vp9"})
    assert plan(Gif(), on(film, lacking)).warnings == (
        "this ffmpeg has no libvpx: what is transparent becomes opaque",
    )


def test_the_picture_stands_upright_and_is_not_enlarged() -> None:
    phone = a_film(video=(a_video(width=320, height=180, rotation=90),))

    promise = plan(Gif(), on(phone)).steps[0].outputs[0].promise

    assert (promise.width, promise.height) == (180, 320)


def test_a_short_or_slow_video_is_used_as_it_is() -> None:
    film = a_film(duration_us=1_500_000, video=(a_video(duration_us=1_500_000, frame_rate=Fraction(10)),))

    promise = plan(asked(Gif, start=0.5), on(film)).steps[0].outputs[0].promise

    assert (promise.frames, promise.duration_us) == (10, 1_000_000)


@pytest.mark.parametrize(
    ("output", "image", "published"),
    [("a.GIF", None, "gif"), ("a.webp", None, "webp"), ("a.png", None, "apng"), ("a.apng", "apng", "apng")],
)
def test_the_ending_chooses_the_format(output: str, image: str | None, published: str) -> None:
    work = plan(asked(Gif, output=output, format=image), on(a_film()))

    assert work.steps[0].title.startswith(published)
    assert work.steps[0].outputs[0].publish == output


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="does not end as a moving picture of webp"):
        plan(Gif(output="a.gif", format="webp"), on(a_film()))
    with pytest.raises(InvalidSpec, match="does not end as a moving picture"):
        plan(Gif(output="a.mp4"), on(a_film()))
    with pytest.raises(InvalidSpec, match="more than viewers play"):
        plan(asked(Gif, fps=60), on(a_film()))
    with pytest.raises(InvalidSpec, match="less than or equal to 120 s"):
        load_spec({"op": "gif", "duration": "10m"})
    with pytest.raises(InvalidSpec, match="would be none in 3 s"):
        plan(asked(Gif, fps=0.3), on(a_film()))
    with pytest.raises(InvalidSpec, match="of memory"):
        plan(asked(Gif, width=1920, duration=10, fps=30), on(a_film()))
    with pytest.raises(TimeOutOfRange):
        plan(asked(Gif, start=10), on(a_film()))
    with pytest.raises(NoVideoStream):
        plan(Gif(), on(a_film(video=())))


def test_a_format_that_ffmpeg_cannot_read_everywhere_is_no_source_and_says_so() -> None:
    planning = on(a_film())
    made = replace(
        planning, products={**planning.products, "gif": plan(Gif(format="apng"), planning).products}
    )

    with pytest.raises(InvalidSpec, match="what 'gif' makes cannot be read by later operations"):
        plan(Gif(source="gif"), made)
