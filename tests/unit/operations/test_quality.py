import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Step
from framemill.domain.work import Work
from framemill.errors import InvalidSpec, NotSupported, NoVideoStream, TimeOutOfRange
from framemill.operations.quality import Quality, plan
from tests.builders import CAPABILITIES, a_film, a_video, planning_for
from tests.unit.operations.commands import asked, line


def _film(video: VideoStream | None = None, **changes: object) -> MediaInfo:
    return replace(a_film(), video=(video or a_video(),), **changes)  # type: ignore[arg-type]  # any field


def _work(source: MediaInfo, reference: MediaInfo, **fields: object) -> Work:
    return plan(asked(Quality, reference="input2", **fields), planning_for(source, reference, name="quality"))


def _step(source: MediaInfo, reference: MediaInfo, **fields: object) -> Step:
    (step,) = _work(source, reference, **fields).steps
    return step


def _graph(source: MediaInfo, reference: MediaInfo, **fields: object) -> list[str]:
    argv = _step(source, reference, **fields).commands[1].argv
    return argv[argv.index("-filter_complex") + 1].split(";")


def _wish(step: Step, number: int) -> dict[str, Any]:  # Any: JSON
    wish: dict[str, Any] = json.loads(step.commands[number].argv[1])
    return wish


def test_both_files_are_decoded_once_and_measured_on_one_clock() -> None:
    step = _step(_film(), _film())

    assert line(step.commands[1]) == (
        "-nostdin -hide_banner -y GUARD -f mov -reinit_filter 0 -i file:in/source "
        "GUARD -f mov -reinit_filter 0 -i file:in/reference "
        "-filter_complex '"
        "[0:0]settb=1/1000000,setpts=PTS+({source_shift})/TB+{lead}/TB,trim={source_trim},format=yuv420p[d0];"
        "[1:0]settb=1/1000000,setpts=PTS+({reference_shift})/TB,trim={reference_trim},format=yuv420p,"
        "split=3[r0][r1][r2];"
        "[d0][r0]psnr=shortest=0[d1];"
        "[d1][r1]ssim=shortest=0[d2];"
        "[d2][r2]libvmaf=shortest=0:model='\"'\"'version=vmaf_v0.6.1'\"'\"':log_fmt=json:"
        "log_path=out/vmaf.json:n_threads=4:n_subsample=1[d3];"
        "[d3]setpts=PTS-{lead}/TB,metadata=mode=print:file=out/pictures.txt[told]' "
        "-map '[told]' -fps_mode passthrough -f null -"
    )
    assert step.commands[1].filled_from == "out/alignment.json"
    assert [command.argv[0] for command in step.commands[::2]] == ["align_pictures", "quality_report"]
    assert [(item.name, item.ref) for item in step.inputs] == [("source", "input"), ("reference", "input2")]
    assert [output.publish for output in step.outputs] == ["quality.json", "frames.csv", "quality.svg"]


def test_only_the_metrics_that_were_asked_for_are_measured() -> None:
    graph = _graph(_film(), _film(), metrics=["psnr"])

    assert graph[2:] == [
        "[d0][r0]psnr=shortest=0[d1]",
        "[d1]setpts=PTS-{lead}/TB,metadata=mode=print:file=out/pictures.txt[told]",
    ]


@pytest.mark.parametrize(
    ("model", "option"),
    [
        ("hd", "'version=vmaf_v0.6.1'"),
        ("4k", "'version=vmaf_4k_v0.6.1'"),
        ("hd_neg", "'version=vmaf_v0.6.1neg'"),
        ("4k_neg", "'version=vmaf_4k_v0.6.1neg'"),
        ("phone", r"'version=vmaf_v0.6.1\:enable_transform=true'"),
    ],
)
def test_models_are_libvmafs_own(model: str, option: str) -> None:
    (meter,) = [
        part for part in _graph(_film(), _film(), model=model, every=5, threads=2) if "libvmaf" in part
    ]

    assert f"model={option}:" in meter
    assert meter.endswith("n_threads=2:n_subsample=5[d3]")


def test_a_small_picture_is_scaled_to_the_reference_and_never_the_other_way() -> None:
    graph = _graph(_film(a_video(width=640, height=360)), _film(a_video(width=1920, height=1080)))

    assert "scale=w=1920:h=1080:flags=bicubic" in graph[0]
    assert "scale" not in graph[1]


def test_a_turned_reference_is_compared_upright() -> None:
    turned = _film(a_video(width=1920, height=1080, rotation=90))

    assert "scale=w=1080:h=1920" in _graph(_film(a_video(width=720, height=1280)), turned)[0]


@pytest.mark.parametrize(
    ("depths", "pixels"), [((10, 10), "yuv420p10le"), ((12, 10), "yuv420p10le"), ((10, 8), "yuv420p")]
)
def test_ten_bits_are_compared_where_both_have_them(depths: tuple[int, int], pixels: str) -> None:
    graph = _graph(*(_film(a_video(bit_depth=depth)) for depth in depths))

    assert all(f"format={pixels}" in chain for chain in graph[:2])


def test_full_range_becomes_limited_range() -> None:
    graph = _graph(_film(a_video(color_range="pc")), _film(a_video(color_range="tv")))

    assert "scale=out_range=limited:flags=bicubic," in graph[0]
    assert "scale" not in graph[1]


def test_other_matrices_become_the_references_and_it_is_said() -> None:
    source, reference = (_film(a_video(color_space=space)) for space in ("bt709", "smpte170m"))

    graph = _graph(source, reference)

    assert "scale=out_color_matrix=bt601:flags=bicubic+accurate_rnd+full_chroma_int," in graph[0]
    assert "scale" not in graph[1]
    assert any("bt709 and as smpte170m" in text for text in _work(source, reference).warnings)


def test_rgb_becomes_what_the_other_file_made_of_it() -> None:
    rgb, yuv = _film(a_video(pixel_format="gbrp")), _film(a_video(color_space="bt709"))

    assert "out_range=limited:out_color_matrix=bt709" in _graph(yuv, rgb)[1]
    assert "out_range=limited:out_color_matrix=bt709" in _graph(rgb, yuv)[0]
    assert "out_color_matrix=bt601" in _graph(rgb, _film(a_video(color_space=None)))[0]


def test_interlaced_pictures_are_deinterlaced_before_any_is_left_out() -> None:
    graph = _graph(_film(a_video(field_order="tt")), _film(a_video(field_order="tt")))

    assert all(
        "]bwdif=mode=send_frame" in chain and chain.index("bwdif") < chain.index("trim")
        for chain in graph[:2]
    )


def _hdr(transfer: str) -> MediaInfo:
    return _film(a_video(color_transfer=transfer, bit_depth=10, pixel_format="yuv420p10le"))


def test_hdr_is_tone_mapped_only_against_another_kind() -> None:
    pq, hlg, sdr = _hdr("smpte2084"), _hdr("arib-std-b67"), _film()

    assert ["tonemap" in chain for chain in _graph(sdr, pq)[:2]] == [False, True]
    assert ["tonemap" in chain for chain in _graph(hlg, pq)[:2]] == [True, True]
    assert ["tonemap" in chain for chain in _graph(pq, pq)[:2]] == [False, False]
    assert any("tone-mapped" in text for text in _work(sdr, pq).warnings)
    assert any("made for SDR" in text for text in _work(pq, pq).warnings)


def test_hdr_against_sdr_needs_tone_mapping() -> None:
    lesser = replace(CAPABILITIES, filters=CAPABILITIES.filters - {"tonemap"})

    with pytest.raises(NotSupported, match="tone-mapped"):
        plan(
            asked(Quality, reference="input2"), planning_for(_film(), _hdr("smpte2084"), capabilities=lesser)
        )


def test_without_libvmaf_the_other_metrics_are_left() -> None:
    lesser = replace(CAPABILITIES, filters=CAPABILITIES.filters - {"libvmaf"})
    planning = planning_for(_film(), _film(), capabilities=lesser)

    with pytest.raises(NotSupported, match="psnr and ssim"):
        plan(asked(Quality, reference="input2"), planning)
    assert plan(asked(Quality, reference="input2", metrics=["ssim", "psnr"]), planning).steps


@pytest.mark.parametrize("size", [(1440, 1080), (1080, 1920), (1920, 800)])
def test_other_shapes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(NotSupported, match="shapes"):
        _work(_film(a_video(width=size[0], height=size[1])), _film(a_video(width=1920, height=1080)))


def test_pictures_too_small_for_vmaf_are_refused() -> None:
    tiny = _film(a_video(width=64, height=16))

    with pytest.raises(NotSupported, match="64x16"):
        _work(tiny, tiny)
    assert _work(tiny, tiny, metrics=["psnr", "ssim"]).steps


def test_the_shape_is_that_of_what_is_shown() -> None:
    anamorphic = a_video(width=1440, height=1080, sar=Fraction(4, 3))

    assert _work(_film(anamorphic), _film(a_video(width=1920, height=1080))).steps


def test_a_late_part_is_sought_a_little_early_in_both() -> None:
    long = _film(a_video(duration_us=600_000_000), duration_us=600_000_000)

    step = _step(long, long, start="1m", duration="2s", offset="-10s")

    opened = line(step.commands[1])
    assert "-ss 59 -reinit_filter 0 -i file:in/source" in opened
    assert "-ss 49 -reinit_filter 0 -i file:in/reference" in opened
    wish = _wish(step, 0)
    assert (wish["source"]["zero_us"], wish["reference"]["zero_us"]) == (59_000_000, 49_000_000)
    assert (wish["start_us"], wish["end_us"], wish["offset_us"]) == (60_000_000, 62_000_000, -10_000_000)
    assert _wish(step, 2)["whole"] is False


def test_a_transport_streams_clock_counts_from_the_start_of_the_file() -> None:
    film = _film(a_video(start_us=1_423_000), container="mpegts", start_us=1_400_000)

    wish = _wish(_step(film, _film()), 0)

    assert (wish["source"]["late_us"], wish["source"]["zero_us"]) == (23_000, 23_000)
    assert (wish["reference"]["late_us"], wish["reference"]["zero_us"]) == (0, 0)


def test_different_lengths_are_told() -> None:
    (warning,) = _work(_film(a_video(duration_us=4_000_000), duration_us=4_000_000), _film()).warnings

    assert warning == "input lasts 00:00:04.000 and input2 00:00:10.000: only what both have is compared"


def test_4k_with_another_model_is_told() -> None:
    film = _film(a_video(width=3840, height=2160))

    assert any("model=4k" in text for text in _work(film, film).warnings)
    assert not _work(film, film, model="4k").warnings


def test_a_start_behind_the_picture_is_refused() -> None:
    with pytest.raises(TimeOutOfRange, match="ends at 10 s"):
        _work(_film(), _film(), start="11s")


def test_a_file_is_not_compared_with_itself() -> None:
    with pytest.raises(InvalidSpec, match="the same"):
        plan(asked(Quality, reference="input"), planning_for(_film()))


def test_a_reference_without_a_picture_is_refused() -> None:
    with pytest.raises(NoVideoStream):
        _work(_film(), a_film(video=()))


def test_every_rendition_of_a_ladder_is_measured() -> None:
    planning = planning_for(_film(), name="quality")
    rungs = tuple(
        replace(planning.products["input"][0], ref=f"ladder/{n}", label=n) for n in ("720p", "360p")
    )

    work = plan(
        asked(Quality, source="ladder", reference="input", output="scores"),
        replace(planning, products={**planning.products, "ladder": rungs}),
    )

    assert [step.key for step in work.steps] == ["quality:720p", "quality:360p"]
    assert [step.outputs[0].publish for step in work.steps] == [
        "scores/720p/quality.json",
        "scores/360p/quality.json",
    ]


@pytest.mark.parametrize(
    ("given", "us"), [("-40ms", -40_000), (-0.5, -500_000), ("+1s", 1_000_000), (2, 2_000_000)]
)
def test_an_offset_may_be_negative_and_survives_being_stored(given: object, us: int) -> None:
    spec = asked(Quality, reference="input2", offset=given)

    assert spec.offset == us
    assert Quality.model_validate(spec.model_dump(mode="json")).offset == us


@pytest.mark.parametrize("fields", [{"metrics": []}, {"every": 0}, {"offset": "--1s"}, {"model": "8k"}])
def test_nonsense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields))):
        asked(Quality, reference="input2", **fields)
