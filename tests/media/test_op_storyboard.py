"""Real storyboards: each cell shows its moment, and the index says where it is."""

import re
import subprocess
from pathlib import Path

import pytest

import framemill as fm
from framemill.engine.images import read_picture
from framemill.errors import NoVideoStream
from framemill.operations import storyboard
from framemill.tools.programs import Programs
from tests.conftest import Clip

pytestmark = pytest.mark.media

_CUE = re.compile(r"(\S+) --> (\S+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)\n")


def cues(folder: Path) -> list[tuple[str, str, str, tuple[int, ...]]]:
    text = (folder / "storyboard.vtt").read_text()
    return [(m[1], m[2], m[3], tuple(map(int, m.groups()[3:]))) for m in _CUE.finditer(text)]


def levels(programs: Programs, folder: Path) -> list[int]:
    """The brightness in the middle of each cue's picture."""
    sheets: dict[str, tuple[int, bytes]] = {}
    found = []
    for _, _, name, (x, y, w, h) in cues(folder):
        if name not in sheets:
            argv = [str(programs.ffmpeg), "-v", "error", "-i", str(folder / name)]
            argv += ["-vf", "format=gray", "-f", "rawvideo", "-"]
            data = subprocess.run(argv, check=True, capture_output=True, timeout=30).stdout
            sheets[name] = (read_picture(folder / name).width, data)
        across, data = sheets[name]
        found.append(data[(y + h // 2) * across + x + w // 2])
    return found


def steps(clip: Clip, name: str, *, seconds: int, each: int, rate: int = 5, keyframes_s: int) -> Path:
    """Gray that grows brighter by `each` every second (full-range levels), a keyframe each `keyframes_s`."""
    picture = f"color=black:s=64x36:r={rate}:d={seconds},geq=lum='16+(trunc(T)*{each})*219/255':cb=128:cr=128"
    return clip(
        name,
        *("-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", "-qp", "8"),
        *("-g", str(rate * keyframes_s), "-keyint_min", str(rate * keyframes_s), "-sc_threshold", "0"),
        *("-pix_fmt", "yuv420p"),
    )


def near(found: list[int], wanted: list[int]) -> bool:
    return len(found) == len(wanted) and all(abs(a - b) <= 4 for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("keyframes_s", [1, 99], ids=["by keyframes", "decoded"])
@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_each_cell_shows_its_second(
    clip: Clip, programs: Programs, tmp_path: Path, keyframes_s: int, ending: str
) -> None:
    source = steps(clip, f"steps.{ending}", seconds=8, each=30, keyframes_s=keyframes_s)

    fm.run(source, fm.Storyboard(columns=3, rows=2, width=48), output=tmp_path)

    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "sprite_001.jpg",
        "sprite_002.jpg",
        "storyboard.vtt",
    ]
    assert near(levels(programs, tmp_path), [30 * n for n in range(8)])
    assert cues(tmp_path)[4] == ("00:00:04.000", "00:00:05.000", "sprite_001.jpg", (48, 28, 48, 28))


def test_rare_keyframes_of_a_long_video_stand_for_what_follows(
    clip: Clip, programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storyboard, "_CHEAP_CPU_MS", 0)
    source = steps(clip, "rare.mp4", seconds=125, each=2, rate=1, keyframes_s=20)

    fm.run(source, fm.Storyboard(interval=10), output=tmp_path)

    assert near(levels(programs, tmp_path), [2 * 20 * (n // 2) for n in range(13)])


def test_the_first_keyframe_of_each_interval_is_taken(clip: Clip, programs: Programs, tmp_path: Path) -> None:
    source = steps(clip, "often.mp4", seconds=12, each=20, keyframes_s=1)

    fm.run(source, fm.Storyboard(interval=4, format="webp"), output=tmp_path)

    assert near(levels(programs, tmp_path), [0, 80, 160])
    assert (tmp_path / "sprite_001.webp").is_file()


def test_a_picture_that_ends_before_the_sound_stands_for_the_rest(
    clip: Clip, programs: Programs, tmp_path: Path
) -> None:
    source = clip(
        "longer-sound.mp4",
        *("-f", "lavfi", "-i", "color=white:s=64x36:r=5:d=2", "-f", "lavfi", "-i", "sine=duration=5"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"),
    )

    fm.run(source, fm.Storyboard(), output=tmp_path)

    assert cues(tmp_path)[-1][1] == "00:00:05.000"
    assert min(levels(programs, tmp_path)) > 240


def test_sound_alone_leaves_nothing_behind(clip: Clip, tmp_path: Path) -> None:
    with pytest.raises(NoVideoStream):
        fm.run(
            clip("tone.wav", "-f", "lavfi", "-i", "sine=duration=1"), fm.Storyboard(), output=tmp_path / "o"
        )

    assert not (tmp_path / "o").exists()
