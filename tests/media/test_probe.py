import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from framemill.commands.ffprobe import probe_args
from framemill.domain.media import Hdr
from framemill.errors import InputNotFound, InputUnreadable, LimitExceeded, NoVideoStream
from framemill.tools.limits import Limits
from framemill.tools.probe import count_packets, keyframes, probe
from framemill.tools.process import Finished, run_tool
from framemill.tools.programs import Programs
from framemill.tools.sandbox import working_bwrap
from tests.conftest import Clip
from tests.corpus import CORPUS, file, manifest, needs_corpus, readable_files

pytestmark = pytest.mark.media

HOSTILE = (
    "concat-named.mp4",
    "concat-sibling.mp4",
    "manifest-file-baseurl.mpd",
    "playlist-file-url.m3u8",
    "playlist-named.mp4",
    "playlist-sibling.mp4",
    "text-named.mp4",
)


def test_a_film_is_described_with_exact_numbers(film: Path, programs: Programs) -> None:
    media = probe(film, programs=programs)

    video = media.main_video
    sound = media.main_audio
    assert video is not None
    assert sound is not None
    assert (media.container, media.duration_us, media.size) == ("mov", 4_000_000, film.stat().st_size)
    assert (video.codec, video.width, video.height, video.frame_rate) == ("h264", 320, 180, Fraction(25))
    assert (video.is_vfr, video.frame_count, video.sar, video.rotation) == (False, 100, Fraction(1), 0)
    assert (sound.codec, sound.channels, sound.sample_rate) == ("aac", 2, 48_000)
    assert media.keyframe_interval_us == 1_000_000
    assert media.warnings == ()


def test_ntsc_rate_is_exact_in_a_container_with_a_millisecond_clock(clip: Clip, programs: Programs) -> None:
    path = clip(
        "ntsc.mkv",
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=30000/1001:duration=3"),
        *("-c:v", "libx264", "-preset", "ultrafast"),
    )

    video = probe(path, programs=programs).video[0]

    assert (video.frame_rate, video.is_vfr) == (Fraction(30000, 1001), False)


def test_a_variable_rate_is_seen(clip: Clip, programs: Programs) -> None:
    path = clip(
        "vfr.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=30:duration=4"),
        *("-vf", "select='not(between(mod(n,12),3,6))'", "-fps_mode", "vfr"),
        *("-c:v", "libx264", "-preset", "ultrafast"),
    )

    assert probe(path, programs=programs).video[0].is_vfr


def test_frames_are_counted_by_decoding_when_asked(clip: Clip, programs: Programs) -> None:
    path = clip(
        "count.ts",
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=2"),
        *("-c:v", "libx264", "-preset", "ultrafast"),
    )

    assert probe(path, programs=programs).video[0].frame_count is None
    assert probe(path, programs=programs, count_frames=True).video[0].frame_count == 50


def test_keyframes_are_counted_from_the_start_of_the_file(film: Path, clip: Clip, programs: Programs) -> None:
    ts = clip("film.ts", "-i", str(film), "-c", "copy")
    late = probe(ts, programs=programs)

    assert late.start_us > 1_000_000
    assert keyframes(film, programs=programs, media=probe(film, programs=programs)) == (
        0,
        1_000_000,
        2_000_000,
        3_000_000,
    )
    steps = keyframes(ts, programs=programs, media=late)
    assert [b - a for a, b in pairwise(steps)] == [1_000_000] * 3
    assert 0 <= steps[0] < 100_000


def test_sound_alone_has_no_keyframes_of_a_picture(clip: Clip, programs: Programs) -> None:
    path = clip("tone.wav", "-f", "lavfi", "-i", "sine=duration=1")
    media = probe(path, programs=programs)

    assert media.main_video is None
    with pytest.raises(NoVideoStream):
        keyframes(path, programs=programs, media=media)


def test_packets_are_counted_with_and_without_a_header_that_numbers_them(
    film: Path, clip: Clip, programs: Programs
) -> None:
    ts = clip("film.ts", "-i", str(film), "-c", "copy")

    from_header = count_packets(film, programs=programs)
    from_reading = count_packets(ts, programs=programs)

    assert from_header[0].packets == from_reading[0].packets == 100
    assert from_header[0].end_us == 4_000_000


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_tells_its_real_length(
    clip: Clip, programs: Programs, tmp_path: Path, share: float
) -> None:
    whole = clip(
        "long.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=40"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-movflags", "+faststart"),
    )
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])

    media = probe(cut, programs=programs)

    assert media.truncated
    assert media.declared_duration_us == 40_000_000
    assert abs(media.duration_us - share * 40_000_000) < 3_000_000
    assert "incomplete" in media.warnings[0]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_recording_without_a_duration_gets_the_real_one(
    clip: Clip, programs: Programs, tmp_path: Path, share: float
) -> None:
    # What a browser's recorder writes: no duration, no index.
    live = clip(
        "live.webm",
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=20"),
        *("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "200k", "-live", "1"),
    )
    cut = tmp_path / "cut.webm"
    cut.write_bytes(live.read_bytes()[: int(live.stat().st_size * share)])

    assert abs(probe(live, programs=programs).duration_us - 20_000_000) < 100_000
    assert 1_000_000 < probe(cut, programs=programs).duration_us < 20_000_000


@pytest.mark.parametrize(
    "name",
    [
        "-video-with-dash-.mp4",
        "awesome'movie.mp4",
        "$(touch pwned);`id`&.mp4",
        "clip %03d 100%.mp4",
        "concat:a.mp4|b.mp4",
        "Книга 📖 — “book”.mp4",
        "two\nlines.mp4",
        os.fsdecode(b"latin-\xe9.mp4"),
        "file:x.mp4",
        "a" * 250 + ".mp4",
    ],
)
@pytest.mark.parametrize("sandbox", ["off", "auto"])
def test_any_file_name_can_be_probed(
    film: Path, programs: Programs, tmp_path: Path, name: str, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(film.read_bytes())
    monkeypatch.chdir(tmp_path)

    mode = "off" if sandbox == "off" else "auto"

    assert probe(Path(name), programs=programs, sandbox=mode).duration_us == 4_000_000  # type: ignore[arg-type]  # one of two literals
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_is_no_file_is_refused(programs: Programs, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.mp4"))

    with pytest.raises(InputNotFound):
        probe(tmp_path / "none.mp4", programs=programs)
    for name in ("pipe.mp4", "empty.mp4", "folder.mp4", "socket.mp4"):
        with pytest.raises(InputUnreadable):
            probe(tmp_path / name, programs=programs)
    with pytest.raises(InputUnreadable):
        probe(Path("/dev/zero"), programs=programs)


def test_noise_is_refused_and_the_message_holds_no_path(programs: Programs, tmp_path: Path) -> None:
    path = tmp_path / "my film: take 2.mp4"
    path.write_bytes(bytes(range(256)) * 500)

    with pytest.raises(InputUnreadable) as caught:
        probe(path, programs=programs, name="holiday.mp4")

    assert "holiday.mp4" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert "take 2" not in str(caught.value)


def test_limits_on_size_streams_and_length_hold(film: Path, programs: Programs) -> None:
    for limits in (
        Limits(max_streams=1),
        Limits(max_dimension=100),
        Limits(max_duration_us=1_000_000),
        Limits(max_pixels=10_000),
    ):
        with pytest.raises(LimitExceeded):
            probe(film, programs=programs, limits=limits)


@pytest.mark.skipif(working_bwrap() is None, reason="bwrap does not work here")
def test_a_probe_works_in_the_sandbox(film: Path, programs: Programs) -> None:
    outside, inside = (probe(film, programs=programs, sandbox=mode) for mode in ("off", "require"))

    assert inside == outside


@needs_corpus
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(programs: Programs, name: str) -> None:
    with pytest.raises(InputUnreadable) as caught:
        probe(file(f"hostile/{name}"), programs=programs)

    assert "victim" not in str(caught.value)
    assert "hostname" not in str(caught.value)


@needs_corpus
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_make_ffprobe_open_nothing_else(programs: Programs, name: str, tmp_path: Path) -> None:
    path, trace = file(f"hostile/{name}"), tmp_path / "trace"
    spied = ("strace", "-f", "-e", "trace=open,openat,connect", "-o", str(trace), str(programs.ffprobe))

    done = subprocess.run((*spied, *probe_args(str(path))), capture_output=True, timeout=30, check=False)

    assert done.returncode != 0
    opened = trace.read_text()
    assert str(path) in opened
    assert "victim" not in opened
    assert "/etc/hostname" not in opened
    assert "connect(" not in opened
    others = [line for line in opened.splitlines() if str(path.parent) in line and str(path) not in line]
    assert others == []


# Where we differ from the manifest on purpose: its figures are of decoded frames, also discarded ones.
VFR_BY_DISCARDED_FRAMES = {"hevc-hlg-editlist.mp4"}
# The declared length there is that of subtitles or data tracks, which outlast picture and sound.
LENGTH_OF_OTHER_STREAMS = {"nasa_13013.mp4": 13_056_000, "sample_with_pgs_subtitles.mkv": 1_010_000}


@needs_corpus
@pytest.mark.parametrize("name", readable_files())
def test_real_footage_is_described_as_its_manifest_says(
    programs: Programs, name: str, tmp_path: Path
) -> None:
    entry = manifest()[name]
    facts = entry["facts"]
    path = file(name)
    if alias := entry.get("copy_as"):
        path = Path(shutil.copyfile(path, tmp_path / alias))

    media = probe(path, programs=programs)

    kinds = {"video": media.video, "audio": media.audio, "subtitle": media.subtitles}
    for kind, found in kinds.items():
        wanted = [(s["index"], s.get("codec", "unknown")) for s in facts["streams"] if s["type"] == kind]
        assert [(s.index, s.codec) for s in found] == wanted
    assert len(list(media.streams())) == len(facts["streams"])
    assert media.container == facts["container"].split(",")[0]
    assert len(media.chapters) == facts["chapters"]
    assert abs(media.start_us / 1e6 - facts["start_time"]) < 0.001
    partial = entry["expect"]["decodable"] == "partial"
    if not media.truncated:
        wanted_us = LENGTH_OF_OTHER_STREAMS.get(name, round(facts["duration"] * 1e6))
        # Demuxers of different versions round edit lists and last frames differently.
        assert abs(media.duration_us - wanted_us) < 60_000
    for video in media.video:
        said = next(s for s in facts["streams"] if s["index"] == video.index)
        assert (video.width, video.height) == (said["w"], said["h"])
        assert (video.display_width, video.display_height) == (said["display_w"], said["display_h"])
        assert video.rotation == -said["rotation_ffprobe"] % 360
        assert video.pixel_format == said["pix_fmt"]
        assert video.is_cover == bool(said.get("attached_pic"))
        hdr = {"arib-std-b67": Hdr.HLG, "smpte2084": Hdr.PQ}.get(said.get("color_transfer", ""))
        assert video.hdr == hdr
        assert video.dolby_vision == ("DOVI configuration record" in said.get("side_data", ()))
        assert video.has_alpha == (str(said.get("alpha_mode")) == "1")
    for sound in media.audio:
        said = next(s for s in facts["streams"] if s["index"] == sound.index)
        assert (sound.channels, sound.sample_rate) == (said.get("channels", 0), said.get("sample_rate", 0))
    first = next((v for v in media.video if not v.is_cover), None)
    if first is not None and facts.get("vfr_measured") is not None and not partial:
        assert first.is_vfr == (facts["vfr_measured"] and name not in VFR_BY_DISCARDED_FRAMES)
        if not first.is_vfr:
            gap = Fraction(str(facts["pts_delta_ms"]["median"])) / 1000
            # Matroska's clock ticks in whole milliseconds.
            assert abs(first.frame_rate * gap - 1) < max(Fraction(1, 10), Fraction(1, 1000) / gap)


@needs_corpus
@pytest.mark.parametrize(
    ("name", "real_us"),
    [("derived/truncated-faststart.mp4", 102_067_040), ("derived/truncated.flv", 10_233_000)],
)
def test_truncated_footage_tells_what_can_be_read(programs: Programs, name: str, real_us: int) -> None:
    media = probe(file(name), programs=programs)

    assert media.truncated
    assert abs(media.duration_us - real_us) < 100_000


@needs_corpus
def test_a_file_without_an_index_is_refused_with_ffmpegs_own_reason(programs: Programs) -> None:
    with pytest.raises(InputUnreadable, match="moov atom not found"):
        probe(CORPUS / "edge/broken-moov-missing.mp4", programs=programs)


@needs_corpus
def test_a_probe_is_one_process(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Sequence[str]] = []

    def counted(argv: Sequence[str], **kwargs: Any) -> Finished:  # noqa: ANN401 - passed on
        runs.append(argv)
        return run_tool(argv, **kwargs)

    monkeypatch.setattr("framemill.tools.probe.run_tool", counted)
    honest = [name for name in readable_files() if _is_honest(name)]

    for name in honest:
        probe(file(name), programs=programs)

    assert len(runs) == len(honest) > 30


def _is_honest(name: str) -> bool:
    """True for files that have an index to seek in and end where they say."""
    return manifest()[name]["expect"]["decodable"] == "yes" and not name.endswith(".flv")
