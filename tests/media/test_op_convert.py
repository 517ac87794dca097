"""Real conversions between all containers: what is copied is untouched, what is not says why."""

import hashlib
import subprocess
from pathlib import Path

import pytest

import framemill as fm
from framemill.domain.containers import CONTAINERS
from framemill.tools.programs import Programs
from tests import corpus
from tests.conftest import Clip

pytestmark = pytest.mark.media


def frames(programs: Programs, path: Path) -> str:
    """A digest of every decoded picture."""
    argv = (
        *(str(programs.ffmpeg), "-v", "error", "-noautorotate", "-i", str(path)),
        *("-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framehash", "-"),
    )
    lines = subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout.decode().splitlines()
    found = [line.rpartition(",")[2].strip() for line in lines if not line.startswith("#")]
    return hashlib.sha256("".join(found).encode()).hexdigest()


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "ts", "flv"])
def test_a_copied_picture_decodes_to_the_same_frames(
    ending: str, film: Path, programs: Programs, tmp_path: Path
) -> None:
    result = fm.run(film, fm.Convert(), output=tmp_path / f"film.{ending}")

    assert frames(programs, result.path) == frames(programs, film)
    assert any("#0 video (h264" in note and note.endswith("copied") for note in result.notes)


@pytest.mark.parametrize("ending", sorted(CONTAINERS))
def test_every_container_can_be_written(ending: str, film: Path, tmp_path: Path) -> None:
    result = fm.run(film, fm.Convert(), output=tmp_path / f"film.{ending}")

    media = fm.probe(result.path)
    assert abs(media.duration_us - 4_000_000) < 200_000
    assert (media.main_video is None) == CONTAINERS[ending].audio_only
    assert [a.channels for a in media.audio] == [2]


def test_cover_art_moves_between_containers(
    clip: Clip, programs: Programs, film: Path, tmp_path: Path
) -> None:
    art = clip("art.jpg", "-f", "lavfi", "-i", "color=c=red:s=64x64", "-frames:v", "1")
    source = tmp_path / "source.mp4"
    args = (
        *("-v", "error", "-i", str(film), "-i", str(art), "-map", "0", "-map", "1"),
        *("-c", "copy", "-disposition:v:1", "attached_pic", str(source)),
    )
    subprocess.run((str(programs.ffmpeg), *args), check=True, timeout=30)

    mkv = fm.run(source, fm.Convert(), output=tmp_path / "film.mkv")
    back = fm.run(mkv.path, fm.Convert(), output=tmp_path / "film.mp4")

    for result in (mkv, back):
        assert [v.is_cover for v in fm.probe(result.path).video] == [False, True]
        assert result.dropped == ()


@corpus.needs_corpus
def test_what_an_edit_list_hides_stays_hidden(tmp_path: Path) -> None:
    source = corpus.file("opencast-vfr-av.mov")

    result = fm.run(source, fm.Convert(), output=tmp_path / "film.mkv")

    assert abs(fm.probe(result.path).duration_us - fm.probe(source).duration_us) < 200_000
    assert any("an edit list hides a part of it" in note for note in result.notes)


@corpus.needs_corpus
@pytest.mark.parametrize("name", [n for n in corpus.readable_files() if "long" not in n])
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_every_file_of_the_corpus_converts(name: str, ending: str, tmp_path: Path) -> None:
    source = corpus.enough(name, tmp_path / Path(name).name)

    result = fm.run(source, fm.Convert(), output=tmp_path / f"converted.{ending}")

    assert result.path.stat().st_size > 0
