"""Every file of the corpus ends in a verified result that looks like its source, or in one coded error."""

import json
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import framemill as fm
from framemill.domain.media import MediaInfo, Picture
from framemill.engine.images import read_picture
from framemill.errors import FramemillError
from framemill.tools.programs import find_programs
from tests.corpus import enough, manifest, needs_corpus
from tests.media.test_op_storyboard import cues

pytestmark = [needs_corpus, pytest.mark.media]

_MEDIA = [name for name in manifest() if not name.startswith(("sidecar/", "hostile/"))]
_HOSTILE = [name for name in manifest() if name.startswith("hostile/") and not name.endswith("victim.mov")]
_UNREADABLE = {name for name, entry in manifest().items() if entry["expect"].get("decodable") == "no"}
_QUICK = {"qualities": ["480p", "360p"], "ladder.preset": "ultrafast", "preview.preset": "ultrafast"}


@pytest.fixture(name="source")
def _source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The file under the awkward name that its manifest entry gives it."""
    name = request.param
    copy = tmp_path / "in" / (manifest()[name].get("copy_as") or Path(name).name)
    copy.parent.mkdir()
    return enough(name, copy)


@pytest.mark.parametrize("source", _MEDIA, indirect=True)
def test_publish_shows_the_source_as_it_is(source: Path, tmp_path: Path) -> None:
    entry = _entry(source)
    out = tmp_path / "out"
    if entry["file"] in _UNREADABLE or not _pictures(entry):
        with pytest.raises(FramemillError) as refused:
            fm.run(source, "publish", output=out, params=_QUICK)
        assert refused.value.code == _refusal(entry)
        assert not out.exists()
        return

    before = fm.probe(source)
    fm.run(source, "publish", output=out, params=_QUICK)

    video = before.main_video
    assert video is not None
    renditions = [fm.probe(path) for path in sorted(out.glob("*p.mp4"))]
    assert renditions
    for made in renditions:
        _has_the_shape_of(made, before)
        assert len(made.audio) == len(before.playable_audio)
        assert [a.channels for a in made.audio] == [a.channels for a in before.playable_audio]
    assert {len(made.text_subtitles) for made in renditions} == {len(before.text_subtitles)}
    assert (out / "audio.mp3").exists() == bool(before.playable_audio)
    _shows_its_shape([read_picture(path) for path in (out / "thumbnails").iterdir()], entry)
    _is_indexed(out / "storyboard")
    assert fm.probe(out / "preview.mp4").main_video is not None
    if entry["expect"]["decodable"] == "yes" and video.frame_rate <= 30:
        counted = fm.probe(source, count_frames=True).main_video
        assert counted is not None
        assert {_frames(path) for path in out.glob("*p.mp4")} == {counted.frame_count}
    if video.hdr is None and not video.has_alpha and entry["expect"]["decodable"] == "yes":
        _looks_like(max(out.glob("*p.mp4")), source, at=before.duration_us // 2)
    assert not list(out.glob(".framemill*"))


@pytest.mark.parametrize("source", _MEDIA, indirect=True)
def test_proxy_and_thumbnails_work_or_say_why_not(source: Path, tmp_path: Path) -> None:
    entry = _entry(source)
    out = tmp_path / "out"
    if entry["file"] in _UNREADABLE or not _pictures(entry):
        with pytest.raises(FramemillError) as refused:
            fm.run(source, "proxy", output=out)
        assert refused.value.code == _refusal(entry)
        return

    fm.run(source, "proxy", output=out, params={"proxy.preset": "ultrafast"})

    made, before = fm.probe(out / "proxy.mp4"), fm.probe(source)
    assert made.main_video is not None
    _has_the_shape_of(made, before)
    assert made.main_video.width <= 854
    assert made.main_video.height <= 480
    # A picture shorter than one frame of the proxy keeps its own rate, or nothing would be left.
    assert made.main_video.frame_rate <= 10 or (made.main_video.duration_us or 0) < 100_000


@pytest.mark.parametrize("source", _HOSTILE, indirect=True)
@pytest.mark.parametrize("pipeline", ["publish", "proxy"])
def test_hostile_files_are_refused_and_leave_nothing(source: Path, pipeline: str, tmp_path: Path) -> None:
    with pytest.raises(FramemillError) as refused:
        fm.run(source, pipeline, output=tmp_path / "out")

    assert refused.value.code == "input_unreadable"
    assert not (tmp_path / "out").exists()


def _entry(source: Path) -> dict[str, Any]:
    return next(e for e in manifest().values() if (e.get("copy_as") or Path(e["file"]).name) == source.name)


def _refusal(entry: dict[str, Any]) -> str:
    return "input_unreadable" if entry["file"] in _UNREADABLE else "no_video_stream"


def _pictures(entry: dict[str, Any]) -> bool:
    return any(s["type"] == "video" for s in (entry.get("facts") or {}).get("streams", []))


def _has_the_shape_of(made: MediaInfo, before: MediaInfo) -> None:
    video, source = made.main_video, before.main_video
    assert video is not None
    assert source is not None
    assert (video.rotation, video.sar, video.field_order) == (0, Fraction(1), "progressive")
    # Rounding to even sizes may move each side by a pixel.
    small = min(video.width, video.height)
    shape = Fraction(source.display_width, source.display_height)
    error = abs(Fraction(video.width, video.height) / shape - 1)
    assert error <= Fraction(2, small)
    assert abs(made.duration_us - before.duration_us) <= 1_100_000


def _shows_its_shape(pictures: list[Picture], entry: dict[str, Any]) -> None:
    assert len(pictures) == 5
    streams = [s for s in entry["facts"]["streams"] if s.get("display_w") and not s.get("attached_pic")]
    shapes = {(s["display_w"], s["display_h"]) for s in streams}
    for found in pictures:
        assert any(
            found.width == min(720, w) and abs(found.height - found.width * h / w) <= 1 for w, h in shapes
        ), (found, shapes)


def _is_indexed(storyboard: Path) -> None:
    found = cues(storyboard)
    assert found[0][0] == "00:00:00.000"
    assert {sheet for _, _, sheet, _ in found} == {p.name for p in storyboard.glob("sprite_*")}


def _looks_like(made: Path, source: Path, *, at: int) -> None:
    ours, theirs = (_small_picture(path, at) for path in (made, source))
    if not theirs:
        return  # plain ffmpeg finds no frame there: nothing to compare with
    difference = sum(abs(a - b) for a, b in zip(ours, theirs, strict=True)) / len(theirs)
    assert difference < 6, f"mean difference of {difference:.1f} levels"


def _small_picture(path: Path, at: int) -> bytes:
    # After -i: seeking in transport and program streams lands somewhere near.
    head = [str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-i", f"file:{path}"]
    chain = "scale=16:16:flags=area,format=rgb24"
    tail = ["-map", "0:v:0", "-frames:v", "1", "-vf", chain, "-f", "rawvideo", "-"]
    done = subprocess.run([*head, "-ss", f"{at / 1e6:.6f}", *tail], check=True, capture_output=True)
    return done.stdout


def _frames(path: Path) -> int:
    argv = [str(find_programs().ffprobe), "-v", "error", "-select_streams", "v:0", "-count_packets"]
    found = subprocess.run(
        [*argv, "-show_entries", "stream=nb_read_packets", "-of", "json", str(path)],
        check=True,
        capture_output=True,
    )
    return int(json.loads(found.stdout)["streams"][0]["nb_read_packets"])
