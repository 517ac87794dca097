"""What a chain becomes: sizes after each item, one graph, and a tap where nothing else is read."""

import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest

from framemill.domain.cropping import Box
from framemill.domain.media import MediaInfo, Picture
from framemill.domain.plan import Step, StepInput, TextFile
from framemill.domain.work import Tap, Work
from framemill.errors import InvalidSpec, NoAudioStream, NotSupported, NoVideoStream
from framemill.operations.filter import Filter, plan
from framemill.operations.planning import FactNeeded, Planning, Question
from framemill.operations.registry import load_spec
from tests.builders import CAPABILITIES, a_film, a_video, an_audio, planning_for
from tests.unit.operations.commands import only_tap

FULL = replace(
    CAPABILITIES,
    filters=CAPABILITIES.filters
    | {"drawtext", "vidstabdetect", "vidstabtransform", "deshake", "hqdn3d", "nlmeans", "cropdetect"},
)
LOGO = Picture(codec="png", width=200, height=100, demuxer="png_pipe")


def planning(
    film: MediaInfo | None = None, *, crop: Box | str | None = "unasked", **changes: object
) -> Planning:
    made = planning_for(film or a_film(), name="filter", capabilities=FULL)
    answers = {} if crop == "unasked" else {Question("crop", "input", 24): crop}
    facts = replace(made.facts, pictures={"logo": LOGO}, answers=answers)
    return replace(made, facts=facts, **changes)  # type: ignore[arg-type]  # the caller names Planning's fields


def work(
    *chain: object, film: MediaInfo | None = None, crop: Box | str | None = "unasked", **fields: object
) -> Work:
    return plan(Filter.model_validate({"chain": list(chain), **fields}), planning(film, crop=crop))


def filters(*chain: object, film: MediaInfo | None = None) -> str:
    """What the chain itself becomes, without preparation and encoding."""
    tap = only_tap(work(*chain, film=film))
    assert tap.video is not None
    return ",".join(tap.video.filters[3:-2])


def size(
    *chain: object, film: MediaInfo | None = None, crop: Box | str | None = "unasked"
) -> tuple[int | None, int | None]:
    made = work(*chain, film=film, crop=crop)
    outputs: list[Tap | Step] = [*made.taps, *made.steps]
    output = outputs[0].output if isinstance(outputs[0], Tap) else outputs[0].outputs[0]
    (shown,) = made.products[0].media.video
    assert (shown.width, shown.height) == (output.promise.width, output.promise.height)
    return output.promise.width, output.promise.height


def only_step(made: Work) -> Step:
    assert made.taps == ()
    (step,) = made.steps
    return step


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (["scale width=1280"], (1280, 720)),
        (["scale height=50%"], (960, 540)),
        (["scale width=1000 height=1000"], (1000, 562)),
        (["scale width=1000 height=1000 fit=cover"], (1000, 1000)),
        (["scale width=333"], (332, 188)),
        (["scale width=3840"], (3840, 2160)),
        (["crop width=641 height=361"], (640, 360)),
        (["crop width=50% height=50%", "crop width=50% height=50%"], (480, 270)),
        (["rotate 90", "crop width=1080 height=1080"], (1080, 1080)),
        (["rotate 270"], (1080, 1920)),
        (["rotate -90"], (1080, 1920)),
        (["rotate 10"], (1920, 1080)),
        (["rotate 45 expand=yes"], (2122, 2122)),
        (["pad aspect=1:1"], (1920, 1920)),
        (["pad width=110% height=1200"], (2112, 1200)),
        (["flip", "fps 25", "sharpen"], (1920, 1080)),
        (["scale width=640", "pad aspect=1:1", "rotate 90", "crop height=320"], (640, 320)),
        (["stabilise"], (1920, 1080)),
        (["text hello", "crop width=100"], (100, 1080)),
    ],
    ids=lambda value: " | ".join(value) if isinstance(value, list) else None,
)
def test_the_size_after_the_chain_is_promised(chain: list[str], expected: tuple[int, int]) -> None:
    assert size(*chain) == expected


@pytest.mark.parametrize(
    ("chain", "said"),
    [
        (["scale width=640", "crop width=800"], r"item 2 \(crop\): 800x360 is larger.* 640x360"),
        (["crop width=800 x=1200"], r"item 1 \(crop\): 800x1080 at 1200,0 reaches beyond"),
        (["pad width=100 height=100"], r"item 1 \(pad\): a ground of 100x100 is smaller"),
        (["pad width=2000 height=2000 x=100"], "reaches beyond 2000x2000"),
        (["scale width=0"], "a side would be 0"),
        (["scale width=1"], "the picture would be 0x2"),
        (["scale width=16386"], "the picture would be 16386x"),
        (["scale width=16000 height=16000 fit=stretch"], "67 megapixels"),
        (["rotate 90"] + ["scale width=200%"] * 6, r"item 4 \(scale\): the picture would be 8640x15360"),
        (["blur x=0 y=0 width=2000 height=10"], r"2000x10 at 0,0 is no part"),
        (["blur x=0 y=0 width=0 height=10"], r"0x10 at 0,0 is no part"),
        (["scale width=100", "watermark logo"], r"item 2 \(watermark\): the image would be 200x100.* 100x56"),
        (["watermark logo x=1800"], "reaches beyond the picture"),
        (["watermark logo width=0"], "the image would be 0x0"),
        (["watermark nosuch"], "no picture 'nosuch'"),
        (["text hello size=0"], "letters of 0 lines"),
        (["text hello size=101%"], "letters of 1091 lines"),
        (["text hello start=10s"], "it begins at 10 s, when all is over"),
        (["fade in start=10s"], "it begins at 10 s, when all is over"),
        (["fps 0.05"], "there would be none in 10 s"),
        (["stabilise", "flip", "stabilise"], r"item 3 \(stabilise\): a chain can be stabilised once"),
        (["flip", "auto_crop"], r"item 2 \(auto_crop\): .* earlier items change"),
    ],
    ids=lambda value: " | ".join(value)[:60] if isinstance(value, list) else None,
)  # fmt: skip
def test_what_is_impossible_where_it_stands_is_said_by_number(chain: list[str], said: str) -> None:
    with pytest.raises(InvalidSpec, match=said):
        work(*chain, crop=None)


def test_filters_of_ffmpeg_alone_are_a_tap_that_may_share_its_decode() -> None:
    tap = only_tap(work("crop width=640 height=360 x=10 y=20", "flip", "denoise"))

    assert tap.video is not None
    assert tap.video.filters == (
        "setpts='if(eq(N,0),0,PTS)'",
        "setsar=1",
        "format=yuv420p",
        "crop=w=640:h=360:x=10:y=20",
        "hflip",
        "hqdn3d=4:3:6:4.5",
        "setsar=1",
        "format=yuv420p",
    )
    assert tap.audio[0].args == ("-c:a:{n}", "copy")
    assert tap.media == a_film()


@pytest.mark.parametrize(
    ("item", "graph"),
    [
        ("flip both", "hflip,vflip"),
        ("rotate 90", "transpose=dir=clock"),
        ("rotate 180", "hflip,vflip"),
        ("rotate -90", "transpose=dir=cclock"),
        ("rotate 360", ""),
        ("rotate 10", "rotate=angle=0.1745329:ow=1920:oh=1080:fillcolor=0x000000ff"),
        ("fps 29.97", "fps=30000/1001"),
        ("deinterlace rate=field", "bwdif=mode=send_field:parity=auto:deint=all"),
        ("denoise light method=nlmeans", "nlmeans=s=1.5:p=7:r=9"),
        ("sharpen method=cas", "cas=strength=0.5"),
        ("colour", ""),
        ("fade out", "fade=t=out:st=9:d=1:color=0x000000ff"),
        ("fade in start=9.5s colour=white", "fade=t=in:st=9.5:d=0.5:color=0xffffffff"),
        (
            "blur x=11 y=11 width=20 height=20 start=1s end=2s",
            ("split[filter_1a][filter_1b];[filter_1b]crop=w=22:h=22:x=10:y=10,gblur=sigma=2.64:steps=3"
            "[filter_1c];[filter_1a][filter_1c]overlay=x=10:y=10:format=yuv420"
            r":enable=gte(t\,0.9995)*lt(t\,1.9995)"),
        ),
    ],
)  # fmt: skip
def test_each_item_becomes_its_filters(item: str, graph: str) -> None:
    assert filters(item) == graph


def test_pictures_texts_and_fonts_are_read_under_names_of_ours() -> None:
    step = only_step(work("watermark logo", "text 'a: %{pts}' font=evil", "text b", "text c"))

    assert step.inputs == (
        StepInput(name="source", ref="input"),
        StepInput(name="picture1", ref="logo"),
        StepInput(name="font2", ref="evil"),
    )
    assert step.texts == (
        TextFile(name="text2.txt", content="a: %{pts}"),
        TextFile(name="text3.txt", content="b"),
        TextFile(name="text4.txt", content="c"),
    )
    given, font, letters, run = step.commands
    assert given.argv == ("font_letters", "in/font2", "in/text2.txt")
    assert font.argv == ("default_font", "in/font3")
    assert letters.argv == ("font_letters", "in/font3", "in/text3.txt", "in/text4.txt")
    graph = run.argv[run.argv.index("-filter_complex") + 1]
    assert "[1:v:0]trim=end_frame=1,format=rgba,scale=w=200:h=100" in graph
    assert graph.count("fontfile=in/font3:") == 2
    assert "pts}" not in " ".join(run.argv)
    assert graph.count("expansion=none") == 3


def test_a_picture_is_opened_by_one_demuxer_only() -> None:
    argv = " ".join(only_step(work("watermark logo")).commands[-1].argv)

    guard = (
        "-protocol_whitelist file -format_whitelist png_pipe -codec_whitelist png,mjpeg,webp,gif,av1,libdav1d"
    )
    assert f"{guard} -max_pixels 67108864 -noautorotate -f png_pipe -i file:in/picture1" in argv


def test_a_stabilised_chain_reads_the_picture_as_it_is_by_then_first() -> None:
    step = only_step(work("scale width=640", "stabilise", "text hello"))

    font, letters, read, write = step.commands
    assert (font.argv[0], letters.argv[0]) == ("default_font", "font_letters")
    first, second = (c.argv[c.argv.index("-filter_complex") + 1] for c in (read, write))
    assert "scale=w=640:h=360:flags=bicubic,vidstabdetect=result=out/filter.trf:shakiness=5" in first
    assert first.partition("vidstabdetect")[0] == second.partition("vidstabtransform")[0]
    assert "drawtext" not in first
    assert read.argv[-3:] == ("-f", "null", "-")


def test_without_vidstab_one_pass_has_to_do() -> None:
    without = replace(FULL, filters=FULL.filters - {"vidstabdetect"})
    spec = Filter.model_validate({"chain": ["stabilise"]})

    made = plan(spec, replace(planning(), capabilities=without))
    bare = replace(FULL, filters=FULL.filters - {"vidstabdetect", "deshake"})

    tap = only_tap(made)
    assert tap.video is not None
    assert "deshake=edge=mirror" in tap.video.filters
    assert any("lacks vidstab" in note for note in made.notes)
    with pytest.raises(NotSupported, match="stabilise nothing"):
        plan(spec, replace(planning(), capabilities=bare))


@pytest.mark.parametrize(
    ("item", "name"), [("text a", "drawtext"), ("denoise", "hqdn3d"), ("auto_crop", "cropdetect")]
)
def test_a_filter_that_this_ffmpeg_lacks_is_named(item: str, name: str) -> None:
    with pytest.raises(NotSupported, match=rf"item 1 .*lacks the filter {name}"):
        plan(Filter.model_validate({"chain": [item]}), replace(planning(), capabilities=CAPABILITIES))


def test_bars_are_asked_for_and_cut_off() -> None:
    with pytest.raises(FactNeeded) as needed:
        work("denoise", "auto_crop limit=30")

    assert needed.value.question == Question("crop", "input", 30)
    assert size("auto_crop", crop=Box(x=0, y=140, width=1920, height=800)) == (1920, 800)
    assert size("auto_crop", crop=None) == (1920, 1080)


def test_only_changed_sound_leaves_the_picture_as_it_is() -> None:
    made = work("volume 0.5", "fade out of=sound duration=2s")

    argv = " ".join(only_step(made).commands[0].argv)
    assert "-c:v copy" in argv
    assert "volume=volume=0.5,afade=t=out:st=8:d=2 -c:a:0 aac" in argv
    assert "filter: #0 video (h264) copied" in made.notes


def test_sound_keeps_its_codec_where_the_container_holds_it() -> None:
    film = a_film(audio=(an_audio(codec="mp3"), an_audio(index=2, codec="mp3")))

    tap = only_tap(work("flip", "volume 2", film=film))

    assert [part.args[1] for part in tap.audio] == ["libmp3lame", "libmp3lame"]
    assert all(part.filters[-1] == "volume=volume=2" for part in tap.audio)


def test_a_profile_says_how_sound_alone_is_encoded() -> None:
    step = only_step(
        work("volume 0.5", film=a_film(container="mp3", video=(), audio=(an_audio(codec="mp3"),)))
    )
    named = only_step(work("volume 0.5", film=a_film(video=()), profile="web_480p"))

    assert "-c:a:0 libmp3lame -b:a:0 192k" in " ".join(step.commands[0].argv)
    assert "-c:a:0 aac -b:a:0 96k" in " ".join(named.commands[0].argv)


def test_avi_gets_frames_of_one_length() -> None:
    film = a_film(container="avi", video=(a_video(is_vfr=True),))

    tap = only_tap(work("flip", film=film))

    assert tap.output.path.endswith(".avi")
    assert tap.video is not None
    assert "fps=30/1" in tap.video.filters


def test_upright_square_pictures_are_what_the_chain_sees() -> None:
    turned = a_film(video=(a_video(rotation=90, sar=Fraction(1)),))
    wide = a_film(video=(a_video(width=1440, sar=Fraction(4, 3)),))
    odd = a_film(video=(a_video(width=1279, height=719),))

    assert size("crop width=1080 height=1920", film=turned) == (1080, 1920)
    assert size("crop width=1920", film=wide) == (1920, 1080)
    assert size("flip", film=odd) == (1280, 720)
    assert any("1279x719 brought to 1280x720" in note for note in work("flip", film=odd).notes)


def test_hdr_is_kept_with_its_codec_and_what_is_drawn_is_no_brighter_than_paper() -> None:
    hdr = a_video(codec="hevc", pixel_format="yuv420p10le", bit_depth=10, color_transfer="smpte2084",
                  color_primaries="bt2020", color_space="bt2020nc")  # fmt: skip
    kept = only_step(work("text hi colour=white", "watermark logo", film=a_film(video=(hdr,))))
    mapped = work("flip", film=a_film(video=(hdr,)), profile="web_1080p")

    argv = " ".join(kept.commands[-1].argv)
    assert "fontcolor=0x949494ff" in argv
    assert "rr=0.5800" in argv
    assert "out_color_matrix=bt2020" in argv
    assert "format=yuv420p10" in argv
    assert "tonemap" not in argv
    tap = only_tap(mapped)
    assert tap.video is not None
    assert [n for n, f in enumerate(tap.video.filters) if "tonemap" in f] < [tap.video.filters.index("hflip")]
    assert any("tone-mapped to BT.709 before the chain" in note for note in mapped.notes)


def test_who_asks_for_deinterlacing_says_when() -> None:
    film = a_film(video=(a_video(field_order="tt"),))

    by_itself = only_tap(work("flip", film=film))
    asked = only_tap(work("deinterlace", film=film))
    late = work("scale width=640", "deinterlace", film=film)

    for tap in (by_itself, asked):
        assert tap.video is not None
        assert sum("bwdif" in f for f in tap.video.filters) == 1
    assert any("put it first" in text for text in late.warnings)


def test_a_profile_limits_what_the_chain_makes_and_says_so() -> None:
    made = work("scale width=3840", profile="web_720p")

    assert made.products[0].media.video[0].width == 1280
    assert any("the chain makes 3840x2160, which the profile limits to 1280x720" in n for n in made.notes)


def test_items_need_what_they_work_on() -> None:
    tone = a_film(video=())
    silent = a_film(audio=())

    with pytest.raises(NoVideoStream, match=r"item 1 \(fade\)"):
        work("fade in of=picture", film=tone)
    with pytest.raises(NoAudioStream, match=r"item 2 \(loudness\)"):
        work("flip", "loudness", film=silent)
    with pytest.raises(NoAudioStream, match=r"item 1 \(fade\)"):
        work("fade in of=sound", film=silent)
    assert "afade" not in str(only_tap(work("fade in", film=silent)))
    assert "afade" in str(only_step(work("fade in", film=tone)))


def test_a_stored_spec_is_the_same_spec() -> None:
    spec = Filter.model_validate(
        {
            "chain": [
                "scale width=50%",
                "fade in",
                "text 'x' box=none start=1.5s",
                "volume -3.5dB",
                "rotate 12.5",
            ]
        }
    )

    stored: Mapping[str, object] = json.loads(spec.model_dump_json())

    assert load_spec(stored) == spec


@pytest.mark.parametrize("chain", [[], ["flip"] * 51, "flip", None, {"filter": "flip"}, [["flip"]]])
def test_a_chain_is_a_list_of_1_to_50_items(chain: object) -> None:
    with pytest.raises(InvalidSpec, match="chain"):
        load_spec({"op": "filter", "chain": chain})
