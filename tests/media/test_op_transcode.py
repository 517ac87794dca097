"""Real transcodes: streams, shape, timing and colours of the result, and nothing lost on the way."""

import json
import subprocess
from pathlib import Path

import pytest

import framemill as fm
from framemill.domain.media import MediaInfo, VideoStream
from framemill.tools.programs import Programs
from tests import corpus
from tests.conftest import Clip

pytestmark = pytest.mark.media

FAST = {"preset": "ultrafast"}


def picture(media: MediaInfo) -> VideoStream:
    assert media.main_video is not None
    return media.main_video


@pytest.fixture(scope="session", name="rich")
def _rich(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An mkv with two sound tracks, a subtitle track, chapters, tags, a language and a font."""
    folder = tmp_path_factory.mktemp("rich")
    (folder / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nhello\n")
    (folder / "a.txt").write_text(
        ";FFMETADATA1\ntitle=A Film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Two\n"
    )
    (folder / "a.ttf").write_bytes(b"not really a font")
    return clip(
        "rich.mkv",
        *("-f", "lavfi", "-i", "testsrc2=s=321x181:r=30000/1001:d=2"),
        *("-f", "lavfi", "-i", "sine=duration=2:sample_rate=44100"),
        *("-f", "lavfi", "-i", "anoisesrc=duration=2:sample_rate=48000"),
        *("-i", str(folder / "a.srt"), "-i", str(folder / "a.txt"), "-attach", str(folder / "a.ttf")),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_metadata", "4"),
        *("-c:v", "ffv1", "-pix_fmt", "yuv420p", "-c:a:0", "flac", "-ac:a:0", "1"),
        *("-c:a:1", "ac3", "-ac:a:1", "6", "-c:s", "srt", "-metadata:s:t:0", "mimetype=font/ttf"),
        *(
            "-metadata:s:v:0",
            "language=ger",
            "-metadata:s:a:0",
            "language=eng",
            "-metadata:s:a:1",
            "language=fre",
        ),
    )


def test_everything_goes_along_into_mp4(rich: Path, tmp_path: Path) -> None:
    result = fm.run(rich, fm.Transcode(profile="web_720p", **FAST), output=tmp_path / "film.mp4")

    media = fm.probe(result.path)
    assert (picture(media).codec, picture(media).width, picture(media).height) == ("h264", 320, 180)
    assert str(picture(media).frame_rate) == "30000/1001"
    assert picture(media).language == "ger"
    assert [(a.codec, a.channels, a.language) for a in media.audio] == [("aac", 1, "eng"), ("aac", 6, "fre")]
    assert [(s.codec, s.language) for s in media.subtitles] == [("mov_text", None)]
    assert [c.title for c in media.chapters] == ["One", "Two"]
    assert dict(media.tags)["title"] == "A Film"
    assert [d["stream"] for d in result.dropped] == ["#4 attachment (unknown)"]
    assert abs(media.duration_us - 2_000_000) < 100_000


def test_matroska_keeps_fonts_too(rich: Path, tmp_path: Path) -> None:
    result = fm.run(rich, fm.Transcode(profile="movie_720p", **FAST), output=tmp_path / "film.mkv")

    media = fm.probe(result.path)
    assert (picture(media).codec, picture(media).bit_depth) == ("hevc", 10)
    assert [s.codec for s in media.subtitles] == ["subrip"]
    assert [o.kind for o in media.others] == ["attachment"]
    assert result.dropped == ()


@pytest.mark.parametrize(
    ("fit", "size"),
    [("contain", (160, 90)), ("pad", (160, 160)), ("cover", (160, 160)), ("stretch", (160, 160))],
)
def test_every_fit_gives_its_size(fit: str, size: tuple[int, int], film: Path, tmp_path: Path) -> None:
    spec = fm.Transcode(width=160, height=160, fit=fit, **FAST)

    result = fm.run(film, spec, output=tmp_path / "film.mp4")

    shown = picture(fm.probe(result.path))
    assert (shown.width, shown.height, str(shown.sar)) == (*size, "1")


def test_frames_keep_their_times_with_a_variable_rate(clip: Clip, programs: Programs, tmp_path: Path) -> None:
    source = clip(
        "vfr.mkv",
        *("-f", "lavfi", "-i", "testsrc2=s=160x90:r=30:d=3,select='not(mod(n,3))+lt(n,20)'"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-fps_mode", "vfr"),
    )

    result = fm.run(source, fm.Transcode(**FAST), output=tmp_path / "film.mp4")

    assert times(programs, result.path) == pytest.approx(times(programs, source), abs=0.0011)


def times(programs: Programs, path: Path) -> list[float]:
    """When each frame is shown, from the first."""
    argv = (
        *(str(programs.ffprobe), "-v", "error", "-select_streams", "v:0"),
        *("-show_entries", "frame=pts_time", "-of", "json", str(path)),
    )
    data = json.loads(subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout)
    found = [float(frame["pts_time"]) for frame in data["frames"]]
    return [t - found[0] for t in found]


@corpus.needs_corpus
@pytest.mark.parametrize("name", ["hdr10-av1.mp4", "hevc-hlg-editlist.mp4"])
def test_hdr_is_kept_or_mapped(name: str, tmp_path: Path) -> None:
    source = corpus.file(name)
    transfer = picture(fm.probe(source)).color_transfer

    kept = fm.run(source, fm.Transcode(profile="movie_720p", **FAST), output=tmp_path / "kept.mkv")
    mapped = fm.run(source, fm.Transcode(profile="mobile_360p", **FAST), output=tmp_path / "mapped.mp4")

    assert picture(fm.probe(kept.path)).color_transfer == transfer
    shown = picture(fm.probe(mapped.path))
    assert (shown.color_transfer, shown.bit_depth) == ("bt709", 8)
    # Upright: both stand on their short side.
    assert (shown.width, shown.height) == (360, 640)


@corpus.needs_corpus
@pytest.mark.parametrize(
    "name", [n for n in corpus.readable_files() if "audio-only" not in n and "long" not in n]
)
def test_every_video_of_the_corpus_transcodes_and_keeps_its_promise(name: str, tmp_path: Path) -> None:
    spec = fm.Transcode(profile="mobile_360p", **FAST)

    result = fm.run(corpus.file(name), spec, output=tmp_path / "film.mp4")

    assert picture(fm.probe(result.path)).codec == "h264"
