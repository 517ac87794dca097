import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from framemill.domain.cuts import Mark, Weights
from framemill.domain.media import MediaInfo
from framemill.domain.work import Work
from framemill.errors import NotSupported
from framemill.operations.compress import Compress, plan
from tests.builders import CAPABILITIES, a_film, a_subtitle, a_video, an_audio, planning_for
from tests.unit.operations.commands import asked, lines

WEIGHTS = Weights(
    marks=tuple(Mark(time_us=n * 2_000_000, bytes_before=n * 9, packets_before=n) for n in range(30)),
    total_bytes=270,
    total_packets=30,
)
ABLE = replace(CAPABILITIES, filters=CAPABILITIES.filters | {"libvmaf", "psnr"})
FILM = a_film(size=50_000_000, bit_rate=40_000_000, audio=(an_audio(bit_rate=256_000),))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "-c:v libx264 -preset medium -crf 25"),
        ({"preset": "low"}, "-c:v libx264 -preset medium -crf 28"),
        ({"preset": "high", "codec": "hevc"}, "-crf 23"),
        ({"codec": "av1", "crf": 40, "speed": "10"}, "-c:v libsvtav1 -preset 10 -g 300 -crf 40"),
        ({"preset": "custom", "bitrate": "1M"}, "-b:v 1000k"),
    ],
)
def test_presets_and_rates_become_encoder_options(fields: dict[str, object], expected: str) -> None:
    (command,) = lines(plan(Compress.model_validate(fields), planning_for(FILM)))

    assert expected in command


def test_modest_sound_is_copied_and_rich_sound_is_not() -> None:
    modest = a_film(audio=(an_audio(codec="opus", bit_rate=96_000),))

    assert "-c:a:0 copy" in lines(plan(Compress(), planning_for(modest)))[0]
    assert "-c:a:0 aac -b:a:0 128k" in lines(plan(Compress(), planning_for(FILM)))[0]


def test_a_target_size_takes_two_passes_and_tries_again_where_that_was_too_large() -> None:
    work = plan(asked(Compress, target_size="5M"), planning_for(FILM, name="compress"))

    first, second, *again = work.steps[0].commands
    assert first.argv[-12:] == (
        *("-fps_mode", "passthrough", "-pass", "1", "-passlogfile", "out/passlog"),
        *("-an", "-sn", "-dn", "-f", "null", "-"),
    )
    assert "-b:v" in second.argv
    rate = second.argv[second.argv.index("-b:v") + 1]
    assert rate == "3795k"
    assert second.argv[-1] == "file:out/compress.mp4"
    assert [c.only_if_larger for c in again] == [("compress.mp4", 5_000_000)] * 2
    assert [c.argv[c.argv.index("-b:v") + 1] for c in again] == ["3530k", "3226k"]
    assert work.steps[0].outputs[0].promise.max_size == 5_000_000


def test_x265_gets_its_passes_in_its_own_words() -> None:
    work = plan(asked(Compress, target_size="5M", codec="hevc"), planning_for(FILM))

    assert "-x265-params log-level=error:pass=1:stats=out/passlog.log" in lines(work)[0]


def test_sound_gives_way_where_the_target_is_tight() -> None:
    film = a_film(
        size=5_000_000, video=(a_video(width=640, height=360),), audio=(an_audio(bit_rate=256_000),)
    )

    work = plan(asked(Compress, target_size="400k"), planning_for(film))

    assert "-b:a:0 64k" in lines(work)[1]


def test_an_impossible_target_is_refused_with_the_smallest_possible() -> None:
    with pytest.raises(NotSupported, match=r"allow at least 546\.3 kB"):
        plan(asked(Compress, target_size="50k"), planning_for(FILM))


def test_a_source_below_the_target_is_copied() -> None:
    work = plan(asked(Compress, target_size="100M"), planning_for(FILM, name="compress"))

    assert "-c:v copy" in lines(work)[0]
    assert work.notes[0] == "compress: the source has only 50.0 MB, less than 100.0 MB: nothing is encoded"


def test_a_source_below_the_target_in_another_codec_is_not_made_larger() -> None:
    work = plan(asked(Compress, target_size="100M", codec="hevc"), planning_for(FILM))

    assert "-b:v 39872k" in lines(work)[1]
    assert work.warnings == ("the source has only 50.0 MB, less than the target",)


def test_a_result_that_would_be_larger_is_warned_about() -> None:
    tiny = a_film(size=100_000)

    (warning,) = plan(Compress(), planning_for(tiny)).warnings

    assert "more than the source's 100.0 kB" in warning


def test_matroska_with_styled_subtitles_stays_matroska() -> None:
    styled = a_film(container="matroska", subtitles=(a_subtitle(codec="ass"),))
    plain = a_film(container="matroska")

    assert lines(plan(Compress(), planning_for(styled)))[0].endswith("op.mkv")
    assert lines(plan(Compress(), planning_for(plain)))[0].endswith("op.mp4")


def test_ten_bits_are_kept_by_hevc() -> None:
    deep = a_film(video=(a_video(bit_depth=10, pixel_format="yuv420p10le"),))

    assert "format=yuv420p10le" in lines(plan(Compress(codec="hevc"), planning_for(deep)))[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"preset": "custom"},
        {"crf": 20, "bitrate": "1M"},
        {"preset": "low", "target_size": "5M"},
        {"crf": 20, "target_size": "5M"},
    ],
)
def test_contradicting_wishes_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Compress.model_validate(fields)


def held(**fields: object) -> Work:
    """What a target_vmaf plans for a minute of film."""
    long = a_film(
        duration_us=60_000_000, video=(a_video(duration_us=60_000_000),), audio=(an_audio(bit_rate=96_000),)
    )
    spec = Compress.model_validate({"target_vmaf": 95, **fields})
    return plan(spec, planning_for(long, name="compress", capabilities=ABLE, weights={"input": WEIGHTS}))


def wish_of(work: Work) -> dict[str, Any]:
    wish: dict[str, Any] = json.loads(work.steps[0].texts[0].content)
    return wish


def test_a_target_vmaf_searches_encodes_measures_and_corrects_twice_at_most() -> None:
    (step,) = held().steps

    search, encode, hold, *more = step.commands
    assert (search.tool, search.argv) == ("builtin", ("find_crf", "in/wish.json"))
    assert "-crf {crf}" in " ".join(encode.argv)
    assert encode.argv[-1] == "file:out/compress.mp4"
    assert encode.filled_from == "out/values.json"
    assert encode.only_if_missing is None
    assert hold.argv == ("hold_quality", "in/wish.json")
    assert [c.only_if_missing for c in more] == ["compress.mp4", None] * 2
    assert more[-1].argv == ("hold_quality", "in/wish.json", "last")


def test_the_sound_of_a_target_vmaf_is_treated_as_elsewhere() -> None:
    assert "-c:a:0 copy" in " ".join(held().steps[0].commands[1].argv)


def test_samples_are_tried_with_the_very_options_of_the_encode() -> None:
    work = held(codec="hevc", speed="fast")

    wish = wish_of(work)
    params = "log-level=error:open-gop=0:info=0"
    options = f"-c:v libx265 -preset fast -x265-params {params} -tag:v:0 hvc1 -crf {{crf}}"
    assert options in " ".join(work.steps[0].commands[1].argv)
    assert options in " ".join(wish["encode"])
    assert "-ss {start} -t {length} -i file:in/source" in " ".join(wish["encode"])
    assert "-ss {start} -t {length} -i file:in/source" in " ".join(wish["compare"])
    assert "trim=end_frame={frames}" in " ".join(wish["compare"])
    assert "-ss" not in wish["compare_made"]
    assert len(wish["takes"]) == 8


def test_a_short_video_is_tried_as_a_whole() -> None:
    work = plan(
        asked(Compress, target_vmaf="95"), planning_for(FILM, capabilities=ABLE, weights={"input": WEIGHTS})
    )

    wish = wish_of(work)
    assert wish["takes"] == [[None, 10_000_000, 0]]
    assert "-ss" not in wish["encode"]
    assert "the whole of this short video" in work.notes[0]


def test_long_videos_are_measured_on_some_of_their_frames() -> None:
    hour = 3_600_000_000
    film = a_film(duration_us=hour, video=(a_video(duration_us=hour),))

    work = plan(Compress(target_vmaf=95), planning_for(film, capabilities=ABLE, weights={"input": WEIGHTS}))

    assert wish_of(work)["every"] == 29
    assert "n_subsample=3" in " ".join(wish_of(work)["compare_made"])
    assert wish_of(held())["every"] == 1


def test_parts_are_made_again_with_the_very_options_of_the_encode() -> None:
    patch = wish_of(held())["patch"]

    assert "-c:v libx264 -preset medium -crf {crf}" in " ".join(patch["encode"])
    assert "-ss {enter} -t {reading} -copyts -i file:in/source" in " ".join(patch["encode"])
    chain = patch["encode"][patch["encode"].index("-filter:v:0") + 1]
    assert chain.startswith("trim=start={begin}:end={end},setpts='if(eq(N,0),0,PTS-({origin}/TB))',")


@pytest.mark.parametrize(
    "film",
    [
        a_film(container="mpegts"),
        a_film(video=(a_video(is_vfr=True),)),
        a_film(video=(a_video(start_us=512_000),)),
        a_film(container="matroska", subtitles=(a_subtitle(codec="ass"),)),
    ],
    ids=["no index", "irregular rate", "between frames", "another container"],
)
def test_where_pictures_cannot_be_put_in_place_exactly_nothing_is_made_in_parts(film: MediaInfo) -> None:
    minute = 60_000_000
    video = tuple(replace(v, duration_us=minute) for v in film.video)
    long = replace(film, duration_us=minute, video=video)

    work = plan(Compress(target_vmaf=95), planning_for(long, capabilities=ABLE, weights={"input": WEIGHTS}))

    assert wish_of(work)["patch"] is None


def test_what_an_earlier_operation_makes_is_sampled_evenly() -> None:
    planning = planning_for(
        a_film(duration_us=60_000_000, video=(a_video(duration_us=60_000_000),)),
        name="compress",
        capabilities=ABLE,
    )
    made = replace(planning.products["input"][0], ref="trim/file", label="trim")
    later = replace(planning, products={"trim": (made,)})

    work = plan(Compress(target_vmaf=95, source="trim"), later)

    assert len(wish_of(work)["takes"]) == 8


@pytest.mark.parametrize("target", [49, 99.5, 100])
def test_a_target_vmaf_outside_its_bounds_is_refused(target: float) -> None:
    with pytest.raises(ValidationError, match="target_vmaf"):
        Compress(target_vmaf=target)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"crf": 20}, "only one of crf, bitrate, target_size and target_vmaf"),
        ({"target_size": "5M"}, "only one of crf, bitrate, target_size and target_vmaf"),
        ({"preset": "low"}, "preset low cannot go with crf, bitrate, target_size or target_vmaf"),
        ({"preset": "custom"}, "preset custom needs crf or bitrate"),
    ],
)
def test_a_target_vmaf_stands_alone(other: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Compress.model_validate({"target_vmaf": 95, **other})


def test_an_ffmpeg_that_cannot_measure_is_refused_before_anything_runs() -> None:
    blind = replace(CAPABILITIES, filters=CAPABILITIES.filters - {"libvmaf"})
    planning = planning_for(FILM, capabilities=blind, weights={"input": WEIGHTS})

    with pytest.raises(NotSupported, match="libvmaf"):
        plan(Compress(target_vmaf=95), planning)
