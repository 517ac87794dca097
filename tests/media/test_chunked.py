"""An encode in chunks gives what it gives without: every frame, at its time, keyframes at the same places."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

import framemill as fm
from framemill.domain import chunks
from framemill.operations.spec import Spec
from framemill.planner import chunk
from framemill.tools.programs import find_programs
from tests.conftest import Clip
from tests.media.chunked import packets, run_in_chunks
from tests.media.counted import CYCLE, cues, ffmpeg, heard, make_counted, numbers, read, with_cue
from tests.media.pulses import make_pulses, pulse_gaps_ms

pytestmark = [pytest.mark.media, pytest.mark.usefixtures("short_chunks")]

_FIELDS = ("-vf", "setfield=tff", "-flags", "+ildct+ilme", "-x264-params", "tff=1:bframes=2:keyint=50")
_UNEVEN = ("-vf", "select='not(mod(n,3))+gt(mod(t,4),2)'", "-fps_mode", "vfr")
# Name of the clip, its rate, and further options of the ffmpeg that makes it.
_SOURCES: dict[str, tuple[str, Fraction, Sequence[str]]] = {
    "b-frames": ("b.mp4", Fraction(30), ("-bf", "3")),
    "ntsc in milliseconds": ("ntsc.mkv", Fraction(30000, 1001), ()),
    "open groups": (
        "open.mp4",
        Fraction(25),
        ("-x264-params", "open-gop=1:bframes=3:keyint=40:min-keyint=40"),
    ),
    "fields": ("fields.mkv", Fraction(25), _FIELDS),
    "variable rate": ("vfr.mov", Fraction(30), (*_UNEVEN, "-video_track_timescale", "90000")),
    "variable rate in milliseconds": ("vfr.mkv", Fraction(30), _UNEVEN),
    "twice the rate": ("fast.mp4", Fraction(60), ()),
    "late start": ("late.mov", Fraction(30), ("-output_ts_offset", "0.73")),
    "before zero": (
        "early.mp4",
        Fraction(30),
        ("-output_ts_offset", "-0.7", "-avoid_negative_ts", "disabled"),
    ),
    "fragments": ("fragments.mp4", Fraction(30), ("-movflags", "frag_keyframe+empty_moov")),
    "rare keyframes": ("rare.mp4", Fraction(30), ("-g", "130")),
}


@pytest.fixture(name="short_chunks")
def _short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of about three seconds, however little there is to encode."""
    monkeypatch.setattr(chunks, "USUAL_US", 3_000_000)
    monkeypatch.setattr(chunks, "LEAST_US", 1_500_000)
    monkeypatch.setattr(chunk, "LEAST_CPU_MS", 0)


@pytest.mark.parametrize("source", _SOURCES)
def test_a_ladder_in_chunks_has_the_frames_and_keyframes_of_one_without(source: str, tmp_path: Path) -> None:
    name, rate, extra = _SOURCES[source]
    clip = make_counted(tmp_path / name, frames=round(14 * rate), rate=rate, extra=extra)
    ladder = fm.Ladder(preset="veryfast", keyframe="1s")

    _same_either_way(clip, ladder, tmp_path)


def test_a_turned_picture_stays_upright(tmp_path: Path) -> None:
    clip = make_counted(tmp_path / "film.mp4", frames=300)
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", str(clip), "-c", "copy", str(turned))

    _same_either_way(turned, fm.Ladder(preset="veryfast"), tmp_path)

    shown = fm.probe(tmp_path / "chunked" / "96p.mp4").main_video
    assert shown is not None
    assert (shown.width, shown.rotation) == (96, 0)


def test_one_file_with_its_sound_and_subtitles_comes_out_the_same(tmp_path: Path) -> None:
    clip = make_counted(tmp_path / "film.mkv", frames=400)
    cued = with_cue(clip, tmp_path / "cued.mkv", start="00:00:05,500", end="00:00:08,000")

    spec = fm.Transcode(profile="movie_720p", crf=8, preset="veryfast", output="film.mkv")

    _same_either_way(cued, spec, tmp_path, alike_keyframes=False)

    whole, chunked = tmp_path / "whole" / "film.mkv", tmp_path / "chunked" / "film.mkv"
    assert cues(chunked) == cues(whole) == [(5.5, 8.0)]
    assert heard(chunked, tmp_path / "chunked").read_bytes() == heard(whole, tmp_path / "whole").read_bytes()


def test_every_picture_behind_a_join_decodes_alone(tmp_path: Path) -> None:
    clip = make_counted(tmp_path / "film.mp4", frames=400)

    run_in_chunks(clip, fm.Ladder(preset="veryfast"), output=tmp_path / "out")

    made = tmp_path / "out" / "96p.mp4"
    for key in [p.pts for p in packets(made) if p.key]:
        seen = ffmpeg(
            *("-ss", f"{float(key):.6f}", "-i", str(made), "-frames:v", "1"),
            *("-vf", "crop=64:64,scale=1:1:flags=area,format=yuv444p", "-f", "rawvideo", "-"),
        )
        assert round((seen[0] - 24) / 2) == round(key * 30) % CYCLE


def test_a_cap_holds_across_joins(clip: Clip, tmp_path: Path) -> None:
    noise = clip(
        "noise.mp4",
        *("-f", "lavfi", "-i", "nullsrc=s=640x360:r=30:d=14,geq=random(1)*255:128:128"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", "-g", "60"),
    )

    run_in_chunks(noise, fm.Ladder(qualities=("360p",), preset="veryfast"), output=tmp_path / "out")

    rate, buffer = 600_000, 1_200_000
    assert _most_above(tmp_path / "out" / "360p.mp4", rate) <= buffer


def test_two_minutes_of_flashes_and_beeps_stay_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "USUAL_US", 15_000_000)
    clip = make_pulses(tmp_path / "pulses.mp4", seconds=120, rate="30000/1001", extra=("-g", "250"))

    detail = run_in_chunks(clip, fm.Ladder(qualities=("360p",), preset="ultrafast"), output=tmp_path / "out")

    assert sum(":chunk" in task.key for task in detail.tasks) == 8
    before, after = (pulse_gaps_ms(path) for path in (clip, tmp_path / "out" / "360p.mp4"))
    assert len(before) >= 115
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= 1


def test_a_picture_that_starts_after_the_sound_is_shown_from_zero(tmp_path: Path) -> None:
    clip = make_counted(tmp_path / "film.mp4", frames=300)
    late = tmp_path / "late.mp4"
    ffmpeg(
        *("-itsoffset", "0.4", "-i", str(clip), "-i", str(clip)),
        *("-map", "0:v", "-map", "1:a", "-c", "copy", str(late)),
    )

    _same_either_way(late, fm.Ladder(preset="veryfast"), tmp_path)


def test_a_killed_chunk_costs_one_chunk(tmp_path: Path) -> None:
    clip = make_counted(tmp_path / "film.mp4", frames=400)

    detail = run_in_chunks(
        clip,
        fm.Ladder(preset="veryfast"),
        output=tmp_path / "out",
        ffmpeg=_killed_once(tmp_path / "ffmpeg", where="-002.mp4"),
    )

    attempts = {task.key.rpartition(":")[2]: task.attempt for task in detail.tasks}
    assert detail.job.state == "completed"
    assert attempts.pop("chunk002") == 2
    assert set(attempts.values()) == {1}


def test_chunks_that_do_not_meet_are_left_and_the_whole_is_encoded(tmp_path: Path) -> None:
    clip = make_counted(tmp_path / "film.mp4", frames=300)
    spoiled = tmp_path / "ffmpeg"
    spoiled.write_text(
        f'#!/bin/sh\n{find_programs().ffmpeg} "$@" || exit\n'
        'case "$*" in *begin-002.txt*) echo > out/begin-002.txt;; esac\n'
    )
    spoiled.chmod(0o755)

    detail = run_in_chunks(clip, fm.Ladder(preset="veryfast"), output=tmp_path / "out", ffmpeg=spoiled)

    assert any("chunk 2 does not begin with the picture that follows" in w for w in detail.job.warnings)
    assert numbers(tmp_path / "out" / "96p.mp4") == [n % CYCLE for n in range(300)]


def _killed_once(program: Path, *, where: str) -> Path:
    """An ffmpeg that is killed the first time that an argument holds `where`."""
    mark = program.with_suffix(".mark")
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *{where}*) [ -e {mark} ] || {{ : > {mark}; kill -9 $$; }};; esac\n'
        f'exec {find_programs().ffmpeg} "$@"\n'
    )
    program.chmod(0o755)
    return program


def _same_either_way(clip: Path, spec: Spec, folder: Path, *, alike_keyframes: bool = True) -> None:
    fm.run(clip, spec, output=folder / "whole")
    detail = run_in_chunks(clip, spec, output=folder / "chunked")

    assert sum(":chunk" in task.key for task in detail.tasks) >= 3, detail.job.notes
    assert not [warning for warning in detail.job.warnings if "again" in warning]
    made = [path for path in sorted((folder / "whole").iterdir()) if path.suffix in {".mp4", ".mkv"}]
    assert made
    for path in made:
        whole, chunked = packets(path), packets(folder / "chunked" / path.name)
        assert [p.pts for p in chunked] == [p.pts for p in whole]
        if alike_keyframes:
            assert [p.pts for p in chunked if p.key] == [p.pts for p in whole if p.key]
        assert numbers(folder / "chunked" / path.name) == numbers(path)


def _most_above(path: Path, rate: int) -> float:
    """How many bits more than `rate` allows the fullest stretch of the picture has."""
    level = most = 0.0
    before = 0.0
    for line in read(path, "v:0", "packet=dts_time,size"):
        at, size = (float(word) for word in line.split(","))
        level = max(0.0, level - rate * (at - before)) + 8 * size
        before, most = at, max(most, level)
    return most
