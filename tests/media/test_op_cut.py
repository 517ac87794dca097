"""Parts of real cuts: no frame lost or doubled, sound complete and in sync, boundaries reported truly."""

import json
import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import framemill as fm
from framemill.errors import CodecNotInContainer, InvalidSpec
from framemill.tools.programs import find_programs
from tests import corpus
from tests.media.counted import counted, cues, frame_times_ms, make_counted, numbers, spans, with_cue
from tests.media.pulses import make_pulses, pulse_gaps_ms

pytestmark = pytest.mark.media


@pytest.fixture(scope="session", name="source")
def _source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds, a keyframe at every multiple of 5/3 s."""
    return make_counted(tmp_path_factory.mktemp("cut") / "source.mp4")


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part_*"))


def report(folder: Path) -> list[dict[str, Any]]:
    data: dict[str, list[dict[str, Any]]] = json.loads((folder / "parts.json").read_text())
    return data["parts"]


def test_copied_parts_begin_at_the_next_keyframe_and_say_so(source: Path, tmp_path: Path) -> None:
    fm.run(source, fm.Cut(at=("3s", "8s")), output=tmp_path)

    assert [numbers(p) for p in parts(tmp_path)] == [counted(0, 100), counted(100, 250), counted(250, 300)]
    assert [(p["name"], p["wanted_us"], p["start_us"], p["moved_us"]) for p in report(tmp_path)] == [
        ("part_001.mp4", 0, 0, 0),
        ("part_002.mp4", 3_000_000, 3_333_333, 333_333),
        ("part_003.mp4", 8_000_000, 8_333_333, 333_333),
    ]


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "mov", "flv", "avi"])
def test_a_copy_loses_and_doubles_no_frame_in_any_container(ending: str, tmp_path: Path) -> None:
    source = make_counted(tmp_path / f"source.{ending}")

    fm.run(source, fm.Cut(every="2.5s"), output=tmp_path / "out")

    made = parts(tmp_path / "out")
    assert {p.suffix for p in made} == {f".{ending}"}
    assert [n for p in made for n in numbers(p)] == counted(0, 300)


@pytest.mark.parametrize("mode", ["copy", "encode"])
def test_sound_is_cut_where_the_picture_is(mode: str, source: Path, tmp_path: Path) -> None:
    fm.run(source, fm.Cut(at=("3.3s", "6.6s"), mode=mode), output=tmp_path)

    for number, part in enumerate(parts(tmp_path)):
        span = spans(part)
        assert span["v"][0] == 0
        # A packet of AAC lasts 21 ms: so much may a track begin late or end late, never early.
        assert 0 <= span["a"][0] < 0.022
        if number < 2:
            assert -0.001 <= span["a"][1] - span["v"][1] < 0.022


@pytest.mark.parametrize("mode", ["copy", "encode"])
def test_sound_stays_in_sync_in_every_part(mode: str, tmp_path: Path) -> None:
    source = make_pulses(
        tmp_path / "pulses.mp4", extra=("-preset", "veryfast", "-g", "47", "-sc_threshold", "0")
    )

    fm.run(source, fm.Cut(every="3.3s", mode=mode), output=tmp_path / "out")

    gaps = [gap for part in parts(tmp_path / "out") for gap in pulse_gaps_ms(part)]
    assert len(gaps) == 11
    assert max(abs(gap) for gap in gaps) <= 34


@pytest.mark.parametrize("rate", [Fraction(30), Fraction(30_000, 1001), Fraction(25)])
@pytest.mark.parametrize("profile", [None, "clip_720p"])
def test_an_exact_cut_begins_at_the_first_frame_from_each_boundary_on(
    rate: Fraction, profile: str | None, tmp_path: Path
) -> None:
    source = make_counted(tmp_path / "source.mp4", rate=rate, frames=240)

    fm.run(
        source,
        fm.Cut(at=("2.01s", "4s", "6.999s"), mode="encode", profile=profile),
        output=tmp_path / "out",
    )

    made = parts(tmp_path / "out")
    firsts = [0, *(-(-Fraction(t) * rate // 1) for t in ("2.01", "4", "6.999")), 240]
    assert [numbers(p) for p in made] == [counted(int(a), int(b)) for a, b in pairwise(firsts)]
    assert [frame_times_ms(p)[0] for p in made] == [0, 0, 0, 0]
    codec = {m.codec for p in made for m in fm.probe(p).video}
    assert codec == {"hevc" if profile else "h264"}


@pytest.mark.parametrize("codec", ["av1", "vp9"])
def test_other_codecs_are_cut_exactly_too(codec: str, tmp_path: Path) -> None:
    encoder = {"av1": ("libsvtav1", "-preset", "12"), "vp9": ("libvpx-vp9", "-deadline", "realtime")}[codec]
    source = make_counted(tmp_path / "source.mp4", frames=90, extra=("-c:v", *encoder, "-crf", "30"))

    fm.run(source, fm.Cut(at=("1.1s",), mode="encode"), output=tmp_path / "out")

    assert [len(numbers(p)) for p in parts(tmp_path / "out")] == [33, 57]


def test_a_variable_rate_keeps_its_frames(tmp_path: Path) -> None:
    source = make_counted(
        tmp_path / "vfr.mp4",
        frames=180,
        extra=("-vf", "select='not(mod(n,3))+gt(mod(t,2),1)'", "-fps_mode", "vfr"),
    )
    wanted = numbers(source)

    fm.run(source, fm.Cut(parts=3, mode="encode"), output=tmp_path / "out")

    assert [n for p in parts(tmp_path / "out") for n in numbers(p)] == wanted
    assert all(0 <= spans(p)["a"][0] < 0.022 for p in parts(tmp_path / "out"))


def test_hevc_parts_are_as_the_profile_says(tmp_path: Path) -> None:
    source = make_pulses(tmp_path / "source.mp4", seconds=3, extra=("-s", "1600x900"))

    fm.run(source, fm.Cut(every="1s", profile="clip_720p"), output=tmp_path / "out")

    made = [fm.probe(p) for p in parts(tmp_path / "out")]
    assert [(m.main_video.codec, m.main_video.width, m.main_video.height) for m in made if m.main_video] == [
        ("hevc", 1280, 720)
    ] * 3
    assert all(b"hvc1" in p.read_bytes() for p in parts(tmp_path / "out"))


def test_no_part_is_larger_than_asked_where_keyframes_allow_it(source: Path, tmp_path: Path) -> None:
    fm.run(source, fm.Cut(max_size="70k"), output=tmp_path)

    made = parts(tmp_path)
    assert max(p.stat().st_size for p in made) <= 70_000
    assert len(made) > 1
    assert [n for p in made for n in numbers(p)] == counted(0, 300)


def test_a_capped_profile_keeps_to_a_size_too(tmp_path: Path) -> None:
    source = make_pulses(tmp_path / "source.mp4", seconds=6)

    fm.run(source, fm.Cut(max_size="900k", profile="mobile_360p"), output=tmp_path / "out")

    assert max(p.stat().st_size for p in parts(tmp_path / "out")) <= 900_000


def test_a_part_that_one_stretch_between_keyframes_makes_too_large_is_said(
    source: Path, tmp_path: Path
) -> None:
    result = fm.run(source, fm.Cut(max_size="20k"), output=tmp_path)

    assert len(parts(tmp_path)) == 6
    assert any("between two keyframes" in text for text in result.warnings)


def test_chapters_make_parts_and_their_titles_are_reported(tmp_path: Path) -> None:
    texts = tmp_path / "chapters.txt"
    texts.write_text(
        ";FFMETADATA1\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=3000\ntitle=Two: ½\n"
    )
    plain = make_counted(tmp_path / "plain.mkv", frames=90, extra=("-g", "30"))
    source = tmp_path / "source.mkv"
    command = [str(find_programs().ffmpeg), "-v", "error", "-i", str(plain), "-i", str(texts)]
    subprocess.run([*command, "-map_metadata", "1", "-c", "copy", str(source)], check=True)

    fm.run(source, fm.Cut(chapters=True), output=tmp_path / "out")

    assert [(p["title"], p["start_us"]) for p in report(tmp_path / "out")] == [
        ("One", 0),
        ("Two: ½", 2_000_000),
    ]


@pytest.mark.parametrize("mode", ["copy", "encode"])
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_subtitles_go_into_the_part_they_begin_in(
    ending: str, mode: str, source: Path, tmp_path: Path
) -> None:
    spoken = with_cue(source, tmp_path / f"spoken.{ending}", start="00:00:04,000", end="00:00:09,000")

    fm.run(spoken, fm.Cut(at=("5s",), mode=mode), output=tmp_path / "out")

    first, second = parts(tmp_path / "out")
    assert cues(first) == [(4, 9)]
    assert cues(second) == []


def test_a_file_shorter_than_a_part_stays_whole(source: Path, tmp_path: Path) -> None:
    fm.run(source, fm.Cut(every="1h"), output=tmp_path)

    assert [numbers(p) for p in parts(tmp_path)] == [counted(0, 300)]


def test_boundaries_without_keyframes_of_their_own_make_fewer_parts(source: Path, tmp_path: Path) -> None:
    result = fm.run(source, fm.Cut(every="1s"), output=tmp_path)

    assert [p["moved_us"] < 1_700_000 for p in report(tmp_path)] == [True] * 6
    assert any("fewer parts" in text for text in result.warnings)


def test_a_picture_that_starts_late_is_cut_at_its_own_keyframes(tmp_path: Path) -> None:
    late = corpus.file("edge/edit_list_positive_shift.mp4")

    fm.run(late, fm.Cut(parts=3), output=tmp_path)

    assert [p["start_us"] for p in report(tmp_path)] == [0, 9_333_333]


def test_pictures_that_an_edit_list_hides_stay_away(tmp_path: Path) -> None:
    hidden = corpus.file("opencast-vfr-av.mov")

    fm.run(hidden, fm.Cut(parts=3), output=tmp_path)

    first = spans(parts(tmp_path)[0])
    assert first["v"][0] == 0
    assert abs(first["v"][1] - first["a"][1]) < 0.1
    assert [p["start_us"] for p in report(tmp_path)] == [0, 4_015_068, 7_996_986]


def test_sound_alone_is_cut_to_the_packet(tmp_path: Path) -> None:
    source = make_counted(tmp_path / "sound.mp3", extra=("-vn", "-c:a", "libmp3lame"))

    fm.run(source, fm.Cut(every="4s"), output=tmp_path / "out")

    starts = [p["start_us"] / 1_000_000 for p in report(tmp_path / "out")]
    assert starts == pytest.approx([0, 4, 8], abs=0.03)


def test_what_cannot_be_copied_names_the_way_out(tmp_path: Path) -> None:
    source = make_counted(
        tmp_path / "moving.gif", frames=10, extra=("-an", "-c:v", "gif", "-pix_fmt", "pal8")
    )

    with pytest.raises(CodecNotInContainer, match="mode=encode"):
        fm.run(source, fm.Cut(parts=2), output=tmp_path / "out")


def test_a_file_without_chapters_cannot_be_cut_by_them(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec, match="no chapters"):
        fm.run(source, fm.Cut(chapters=True), output=tmp_path)
