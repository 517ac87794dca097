"""Smart cuts of synthesised clips: exact at both ends, copied between, and looked at picture by picture."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

import framemill as fm
from framemill.errors import NotSupported, OutputInvalid
from tests.conftest import Clip
from tests.media.counted import heard
from tests.media.pulses import make_pulses, pulse_gaps_ms
from tests.media.spliced import check_exact, packet_rows, shown, within

pytestmark = pytest.mark.media

_X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-x264-params")
_X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params")
_GOPS = "keyint=25:min-keyint=25:scenecut=0"
_X265_GOPS = f"log-level=error:{_GOPS}:bframes=4"
_TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4")

# What a player sees of the picture's form.
_KEPT = (
    *("codec", "profile", "level", "pixel_format", "width", "height", "sar", "field_order"),
    *("color_space", "color_transfer", "color_primaries"),
)

FORMS: dict[str, tuple[str, str, Sequence[str]]] = {
    "closed": ("closed.mp4", "25", (*_X264, _GOPS)),
    "pyramid": ("pyramid.mp4", "25", (*_X264, f"{_GOPS}:bframes=8:b-pyramid=normal:b-adapt=0")),
    "no B-frames": ("plain.mp4", "25", (*_X264, f"{_GOPS}:bframes=0")),
    "one B-frame": ("one.mp4", "25", (*_X264, f"{_GOPS}:bframes=1")),
    "ntsc": ("ntsc.mp4", "30000/1001", (*_X264, _GOPS)),
    "hdr": (
        "hdr.mp4",
        "25",
        (
            *(*_X265, f"{_X265_GOPS}:open-gop=1:hdr10=1:max-cll=1000,400"),
            *("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"),
            *("-color_range", "tv", "-tag:v", "hvc1"),
        ),
    ),
    "wide pixels": ("sar.mp4", "25", ("-vf", "setsar=4/3", *_X264, f"{_GOPS}:colormatrix=bt709")),
    "high10": ("high10.mp4", "25", (*_X264[:4], "-pix_fmt", "yuv420p10le", "-x264-params", _GOPS)),
    "interlaced": ("fields.mp4", "25", (*_X264, f"{_GOPS}:tff=1", "-flags", "+ildct+ilme")),
    "matroska": ("closed.mkv", "25", (*_X264, _GOPS)),
    "quicktime": ("closed.mov", "25", (*_X264, _GOPS)),
    "transport stream": ("odd.ts", "25", (*_X264, _GOPS, "-output_ts_offset", "77.7", "-muxdelay", "0.3")),
    "open hevc": ("open.mp4", "25", (*_X265, f"{_X265_GOPS}:open-gop=1", "-tag:v", "hvc1")),
    "open hevc in matroska": ("open.mkv", "25", (*_X265, f"{_X265_GOPS}:open-gop=1")),
    "open hevc in a transport stream": ("open.ts", "25", (*_X265, f"{_X265_GOPS}:open-gop=1")),
    "closed hevc": ("closedh.mp4", "25", (*_X265, f"{_X265_GOPS}:open-gop=0", "-tag:v", "hvc1")),
    "vp9": ("vp9.webm", "25", ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime", "-g", "25")),
}


def a_clip(clip: Clip, form: str) -> Path:
    """Four seconds of moving pictures and a tone, a keyframe each second."""
    name, rate, args = FORMS[form]
    sound = ("-c:a", "libopus") if name.endswith(".webm") else ("-c:a", "aac")
    picture = f"testsrc2=size=192x112:rate={rate}:duration=4"
    return clip(name, "-f", "lavfi", "-i", picture, *_TONE, *args, *sound)


@pytest.mark.parametrize("form", FORMS)
def test_a_smart_cut_shows_the_ranges_pictures_and_copies_all_but_its_edges(
    form: str, clip: Clip, tmp_path: Path
) -> None:
    source = a_clip(clip, form)
    wanted = within(shown(source), 700_000, 3_300_000)

    result = fm.run(
        source,
        fm.Trim(start="0.7s", end="3.3s", mode="smart", strict=True),
        output=tmp_path / f"cut{source.suffix}",
    )

    equal = check_exact(shown(result.path, strict=True), wanted)
    first = equal.index(True)
    # From the next keyframe on at most the last eight pictures wait for one behind the end.
    assert 0 < first <= 25
    assert all(equal[first : len(equal) - 8])
    decoded = [dts for _, dts, _ in packet_rows(result.path)]
    assert all(b > a for a, b in pairwise(decoded))
    video, source_video = fm.probe(result.path).main_video, fm.probe(source).main_video
    assert video is not None
    assert source_video is not None
    for field in _KEPT:
        assert getattr(video, field) == getattr(source_video, field), field
    # Matroska writes down the range that holds where nothing is written.
    assert (video.color_range or "tv") == (source_video.color_range or "tv")
    if source.suffix == ".mp4":
        assert video.time_base == source_video.time_base


def test_copied_pictures_are_the_very_packets_of_the_source(clip: Clip, tmp_path: Path) -> None:
    source = a_clip(clip, "closed")

    result = fm.run(
        source,
        fm.Trim(start="0.7s", end="3.3s", mode="smart", strict=True),
        output=tmp_path / "cut.mp4",
    )

    theirs = {checksum for _, _, checksum in packet_rows(source)}
    ours = [checksum in theirs for _, _, checksum in sorted(packet_rows(result.path))]
    assert ours[:7] == [False] * 7
    assert all(ours[7:-4])


def test_an_irregular_rate_keeps_its_times(clip: Clip, tmp_path: Path) -> None:
    source = clip(
        "vfr.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=192x112:rate=30:duration=4"),
        *("-vf", "select='not(mod(n,3))+gt(mod(t,1),0.5)'", "-fps_mode", "vfr"),
        *(*_X264, "keyint=20:scenecut=0"),
    )

    result = fm.run(
        source, fm.Trim(start="0.7s", end="3.3s", mode="smart", strict=True), output=tmp_path / "cut.mp4"
    )

    equal = check_exact(shown(result.path, strict=True), within(shown(source), 700_000, 3_300_000))
    assert sum(equal) > len(equal) // 2


def test_every_start_and_end_around_a_keyframe_is_exact(clip: Clip, tmp_path: Path) -> None:
    source = a_clip(clip, "open hevc")
    pictures = shown(source)
    ranges = [f"{0.92 + n * 0.04:.2f}s-{2.08 - n * 0.04:.2f}s" for n in range(5)]

    result = fm.run(source, fm.Cut(ranges=ranges, mode="smart", strict=True), output=tmp_path / "parts")

    for n, path in enumerate(sorted(a.path for a in result.artifacts if a.path.suffix == ".mp4")):
        wanted = within(pictures, 920_000 + n * 40_000, 2_080_000 - n * 40_000)
        check_exact(shown(path, strict=True), wanted)


def test_parts_joined_again_are_the_whole_film(clip: Clip, tmp_path: Path) -> None:
    source = a_clip(clip, "pyramid")

    result = fm.run(source, fm.Cut(every="1.3s", mode="smart", strict=True), output=tmp_path / "parts")

    parts = sorted(a.path for a in result.artifacts if a.path.suffix == ".mp4")
    made = [p for path in parts for p in shown(path, strict=True)]
    pictures = shown(source)
    assert len(parts) == 3
    assert len(made) == len(pictures)
    assert sum(a.hash == b.hash for a, b in zip(made, pictures, strict=True)) > len(pictures) // 2
    report = json.loads((tmp_path / "parts/parts.json").read_text())
    assert report["mode"] == "smart"
    assert [row["start_us"] for row in report["parts"]] == [0, 1_320_000, 2_600_000]
    assert sum(row["frames"] for row in report["parts"]) == 100
    assert report["parts"][0]["encoded_frames"] < 8


@pytest.mark.parametrize("mode", ["copy", "smart", "encode"])
def test_ranges_become_a_file_each(mode: str, clip: Clip, tmp_path: Path) -> None:
    source = a_clip(clip, "closed")

    fm.run(source, fm.Cut(ranges=("2.2s-3.1s", "0.5s-1.5s"), mode=mode), output=tmp_path / "parts")

    names = sorted(path.name for path in (tmp_path / "parts").iterdir())
    assert names == ["part_001.mp4", "part_002.mp4", "parts.json"]
    pictures = shown(source)
    for name, begin, end in (("part_001.mp4", 2_200_000, 3_100_000), ("part_002.mp4", 500_000, 1_500_000)):
        made = shown(tmp_path / "parts" / name, strict=True)
        if mode == "copy":
            begin -= begin % 1_000_000
            wanted = within(pictures, begin, end)
            assert [p.hash for p in made[: len(wanted) - 4]] == [p.hash for p in wanted[:-4]]
        else:
            check_exact(made, within(pictures, begin, end))
    rows = json.loads((tmp_path / "parts/parts.json").read_text())["parts"]
    starts = [row["start_us"] for row in rows]
    assert starts == ([2_000_000, 0] if mode == "copy" else [2_200_000, 520_000])


def test_several_ranges_become_one_file(clip: Clip, tmp_path: Path) -> None:
    source = a_clip(clip, "closed")
    pictures = shown(source)

    result = fm.run(
        source,
        fm.Trim(ranges=("2.2s-3.8s", "0.5s-2.5s"), mode="smart", strict=True),
        output=tmp_path / "cut.mp4",
    )

    made = shown(result.path, strict=True)
    check_exact(made[:40], within(pictures, 2_200_000, 3_800_000))
    check_exact(made[40:], within(pictures, 500_000, 2_500_000))
    assert {round((b.time_us - a.time_us) / 1000) for a, b in pairwise(made)} == {40}


@pytest.mark.parametrize("ranges", [("2.2s-6.7s",), ("7.2s-9.5s", "1.2s-3.3s")])
def test_sound_stays_in_sync(ranges: tuple[str, ...], tmp_path: Path) -> None:
    source = make_pulses(tmp_path / "pulses.mp4", extra=("-preset", "veryfast", "-g", "47"))
    whole = pulse_gaps_ms(source, heard(source, tmp_path))

    result = fm.run(source, fm.Trim(ranges=ranges, mode="smart", strict=True), output=tmp_path / "clip.mp4")

    gaps = pulse_gaps_ms(result.path, heard(result.path, tmp_path))
    assert len(gaps) >= 4
    # As far apart as in the source, to the millisecond that they are measured in.
    assert max(abs(gap - whole[0]) for gap in gaps) <= 1


def test_each_of_several_tracks_is_cut_and_a_silent_film_needs_none(clip: Clip, tmp_path: Path) -> None:
    tones = [arg for hz in (300, 600) for arg in ("-f", "lavfi", "-i", f"sine=frequency={hz}:duration=4")]
    picture = ("-f", "lavfi", "-i", "testsrc2=size=192x112:rate=25:duration=4")
    several = clip(
        "several.mkv", *picture, *tones, "-map", "0", "-map", "1", "-map", "2", *_X264, _GOPS, "-c:a", "flac"
    )
    silent = clip("silent.mp4", *picture, *_X264, _GOPS)

    for source, codecs in ((several, ["flac", "flac"]), (silent, [])):
        made = tmp_path / f"{source.stem}-cut{source.suffix}"
        fm.run(source, fm.Trim(start="0.7s", end="3.3s", mode="smart", strict=True), output=made)
        media = fm.probe(made)
        assert [a.codec for a in media.audio] == codecs
        assert media.duration_us == pytest.approx(2_600_000, abs=5000)


def test_pictures_that_stand_alone_are_cut_by_copy_whatever_their_codec(clip: Clip, tmp_path: Path) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc2=size=192x112:rate=25:duration=2")
    for name, *codec in (("p.mov", "prores"), ("j.mkv", "mjpeg"), ("f.mkv", "ffv1", "-g", "1")):
        source = clip(name, *picture, "-c:v", *codec)

        result = fm.run(
            source,
            fm.Trim(start="0.7s", end="1.3s", mode="smart", strict=True),
            output=tmp_path / name,
        )

        equal = check_exact(shown(result.path, strict=True), within(shown(source), 700_000, 1_300_000))
        assert all(equal)


def test_open_groups_of_h264_are_encoded_and_the_plan_says_why(clip: Clip, tmp_path: Path) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc2=size=192x112:rate=25:duration=4")
    source = clip("open264.mp4", *picture, *_X264, f"{_GOPS}:open-gop=1:bframes=3:b-adapt=0")
    spec = fm.Trim(start="0.7s", end="3.3s", mode="smart")

    result = fm.run(source, spec, output=tmp_path / "cut.mp4")

    assert any("not cut smartly" in note and "open" in note for note in result.notes)
    check_exact(shown(result.path, strict=True), within(shown(source), 700_000, 3_300_000))
    with pytest.raises(NotSupported, match="open"):
        fm.run(source, spec.model_copy(update={"strict": True}), output=tmp_path / "strict.mp4")


def test_the_start_of_an_open_film_is_copied(clip: Clip, tmp_path: Path) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc2=size=192x112:rate=25:duration=4")
    source = clip("open264.mp4", *picture, *_X264, f"{_GOPS}:open-gop=1:bframes=3:b-adapt=0")

    result = fm.run(source, fm.Trim(end="2.7s", mode="smart", strict=True), output=tmp_path / "cut.mp4")

    equal = check_exact(shown(result.path, strict=True), within(shown(source), 0, 2_700_000))
    assert all(equal[:-8])


def test_a_cut_that_does_not_prove_right_is_encoded_or_refused(clip: Clip, tmp_path: Path) -> None:
    # The number that our own parameter sets have, which no header can name twice.
    picture = ("-f", "lavfi", "-i", "testsrc2=size=192x112:rate=25:duration=4")
    source = clip("taken.mp4", *picture, *_TONE, *_X264, f"{_GOPS}:sps-id=31", "-c:a", "aac")
    spec = fm.Trim(start="0.7s", end="3.3s", mode="smart")

    result = fm.run(source, spec, output=tmp_path / "cut.mp4")

    assert any("encoded from end to end" in warning for warning in result.warnings)
    check_exact(shown(result.path, strict=True), within(shown(source), 700_000, 3_300_000))
    with pytest.raises(OutputInvalid, match="parameter sets have the number 31"):
        fm.run(source, spec.model_copy(update={"strict": True}), output=tmp_path / "strict.mp4")
    assert not (tmp_path / "strict.mp4").exists()


def test_a_turned_picture_stays_turned(clip: Clip, tmp_path: Path) -> None:
    flat = a_clip(clip, "closed")
    source = clip("turned.mp4", "-display_rotation:v:0", "270", "-i", str(flat), "-c", "copy")

    result = fm.run(
        source, fm.Trim(start="0.7s", end="3.3s", mode="smart", strict=True), output=tmp_path / "cut.mp4"
    )

    turned = [fm.probe(path).main_video for path in (source, result.path)]
    assert [v.rotation for v in turned if v] == [90, 90]
    check_exact(shown(result.path, strict=True), within(shown(source), 700_000, 3_300_000))
