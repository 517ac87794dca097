"""The built-in pipelines and one of a user's own, run for real."""

import json
from pathlib import Path

import pytest

import framemill as fm
from framemill.errors import NoVideoStream
from tests.conftest import Clip

pytestmark = pytest.mark.media


def test_publish_makes_the_folder_that_a_player_needs(film: Path, tmp_path: Path) -> None:
    fm.run(film, "publish", output=tmp_path / "out", params={"ladder.preset": "ultrafast"})

    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "180p.mp4",
        "audio.mp3",
        "dash",
        "hls",
        "preview.mp4",
        "storyboard",
        "thumbnails",
    ]
    assert sorted(p.name for p in (tmp_path / "out/storyboard").iterdir()) == [
        "sprite_001.jpg",
        "storyboard.vtt",
    ]


def test_publish_decodes_the_source_once_for_every_whole_output(film: Path) -> None:
    plan = fm.plan(film, "publish")

    whole = [
        command
        for step in plan.steps
        for command in step.commands
        if command.tool == "ffmpeg" and "-filter_complex" in command.argv and "-ss" not in command.argv
    ]
    assert len(whole) == 1
    assert {"libx264", "aac", "libmp3lame"} <= set(whole[0].argv)


def test_publish_without_sound_has_no_sound_file_and_says_so(clip: Clip, tmp_path: Path) -> None:
    silent = clip(
        "silent.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10:duration=2"),
        *("-c:v", "libx264", "-preset", "ultrafast"),
    )

    result = fm.run(silent, "publish", output=tmp_path / "out", params={"ladder.preset": "ultrafast"})

    assert not (tmp_path / "out/audio.mp3").exists()
    assert any("extract_audio: left out" in note for note in result.notes)


def test_publish_of_sound_alone_is_refused(clip: Clip, tmp_path: Path) -> None:
    song = clip("song.m4a", "-f", "lavfi", "-i", "sine=duration=2", "-c:a", "aac")

    with pytest.raises(NoVideoStream):
        fm.run(song, "publish", output=tmp_path / "out")

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("mode", ["copy", "encode"])
def test_movie_to_clips_titles_and_lists_its_parts(film: Path, tmp_path: Path, mode: str) -> None:
    params = {"every": "2s", "mode": mode, "index.title": "A film"}
    if mode == "encode":
        params["profile"] = "mobile_360p"

    fm.run(film, "movie_to_clips", output=tmp_path / "out", params=params)

    index = json.loads((tmp_path / "out/index.json").read_text())
    assert [(c["part"], c["parts"], c["start_us"]) for c in index["clips"]] == [(1, 2, 0), (2, 2, 2_000_000)]
    for entry in index["clips"]:
        made = fm.probe(tmp_path / "out" / entry["file"])
        assert dict(made.tags)["title"] == entry["title"]
        assert (tmp_path / "out" / entry["thumbnail"]).stat().st_size > 500
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "clip_001.mp4",
        "clip_002.mp4",
        "index.json",
        "thumbnails",
    ]


def test_a_pipeline_of_ones_own_runs(film: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "name: mine\n"
        "steps:\n"
        "  - {op: remove_audio, output: silent.mp4}\n"
        "  - {op: thumbnails, count: 1, output: poster}\n"
        "  - {op: preview, when: height > 1000, output: preview.mp4}\n"
    )

    fm.run(film, tmp_path / "mine.yaml", output=tmp_path / "out")

    assert sorted(p.name for p in (tmp_path / "out").rglob("*.*")) == ["silent.mp4", "thumb_001.jpg"]


def test_the_same_request_has_the_same_fingerprint_by_name_and_by_specs(film: Path) -> None:
    by_name = fm.plan(film, "proxy")
    by_specs = fm.plan(film, fm.Proxy(output="proxy.mp4"), fm.Thumbnails(output="thumbnails"))

    assert by_name.fingerprint == by_specs.fingerprint
    assert by_name.fingerprint != fm.plan(film, "proxy", params={"proxy.crf": 30}).fingerprint
