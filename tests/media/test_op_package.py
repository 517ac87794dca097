"""Packages of real renditions: complete, honest about their rates, also without Shaka Packager."""

import random
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

import framemill as fm
from framemill.app import open_app
from framemill.commands import playlists
from framemill.engine.planning import never
from framemill.errors import FramemillError, IncompatibleInputs
from framemill.settings import Settings
from framemill.tools.programs import find_programs
from tests.conftest import Clip

pytestmark = pytest.mark.media

NOISE = random.Random(1).randbytes(4000)  # noqa: S311 - the same damage each time


@pytest.fixture(scope="session", name="talk")
def _talk(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds with two languages of sound, and subtitles."""
    texts = tmp_path_factory.getbasetemp() / "talk.srt"
    texts.write_text("1\n00:00:01,000 --> 00:00:02,000\nhello\n")
    return clip(
        "talk.mkv",
        *("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=10"),
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=10", "-f", "lavfi", "-i", "sine=330:duration=10"),
        *("-i", str(texts), "-map", "0", "-map", "1", "-map", "2", "-map", "3"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-c:s", "subrip"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"),
        *("-metadata:s:s:0", "language=fre"),
    )


_LADDER = fm.Ladder(qualities=("360p", "240p"), preset="ultrafast")
_ENCRYPTED = fm.Package(sources=("ladder",), dash=False, encryption="aes-128")


@pytest.fixture(scope="session", name="packaged")
def _packaged(talk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ladder of `talk`, packaged as it is by default; not to be written to."""
    folder = tmp_path_factory.mktemp("packaged")
    fm.run(talk, _LADDER, fm.Package(sources=("ladder",)), output=folder)
    return folder


def test_languages_of_sound_and_text_are_choices_in_the_player(packaged: Path) -> None:
    master = (packaged / "hls/master.m3u8").read_text()
    assert re.findall(r'TYPE=AUDIO.*LANGUAGE="(\w+)"', master) == ["en", "de"]
    assert re.findall(r'TYPE=SUBTITLES.*LANGUAGE="(\w+)"', master) == ["fr"]
    assert "FRAME-RATE=25.000" in master
    assert "RESOLUTION=640x360" in master
    assert master.count("EXT-X-I-FRAME-STREAM-INF") == 2


def test_bandwidths_are_those_of_the_segments(packaged: Path) -> None:
    hls = packaged / "hls"
    lines = (hls / "master.m3u8").read_text().splitlines()
    for line, uri in pairwise(lines):
        if not line.startswith("#EXT-X-STREAM-INF"):
            continue
        average = int(re.search(r"AVERAGE-BANDWIDTH=(\d+)", line)[1])  # type: ignore[index]  # a miss fails the test
        peak = int(re.search(r":BANDWIDTH=(\d+)", line)[1])  # type: ignore[index]  # a miss fails the test
        bits = sum(_bits(hls, name) for name in (uri, "audio0.m3u8"))
        assert average == pytest.approx(bits / 10, rel=0.03)
        assert peak >= average


def test_both_kinds_of_manifest_share_their_segments(packaged: Path) -> None:
    assert [p.name for p in (packaged / "dash").iterdir()] == ["manifest.mpd"]
    manifest = (packaged / "dash/manifest.mpd").read_text()
    assert "<BaseURL>../</BaseURL>" in manifest
    assert 'media="hls/360p/seg_$Number%05d$.m4s"' in manifest


def test_finished_files_of_a_user_can_be_packaged(packaged: Path, tmp_path: Path) -> None:
    inputs = {"input": packaged / "360p.mp4", "input2": packaged / "240p.mp4"}

    fm.run(inputs, fm.Package(), output=tmp_path / "out")

    assert sorted(p.name for p in (tmp_path / "out/hls").glob("*p*.m3u8") if "iframes" not in p.name) == [
        "240p-1.m3u8",
        "360p.m3u8",
    ]


def test_transport_stream_segments_decode_to_every_frame(talk: Path, tmp_path: Path) -> None:
    fm.run(talk, _LADDER, fm.Package(sources=("ladder",), segment_type="ts"), output=tmp_path / "out")

    assert list((tmp_path / "out/hls/360p").glob("*.ts"))
    assert (tmp_path / "out/dash/manifest.mpd").exists()
    assert _decoded(tmp_path / "out/hls/360p.m3u8") == 250


def test_without_the_packager_ffmpeg_makes_a_whole_package(talk: Path, tmp_path: Path) -> None:
    settings = Settings(packager=Path("off"))

    fm.run(talk, _LADDER, fm.Package(sources=("ladder",)), output=tmp_path / "out", settings=settings)

    assert _decoded(tmp_path / "out/hls/master.m3u8") == 250
    assert "<BaseURL>../hls/</BaseURL>" in (tmp_path / "out/dash/manifest.mpd").read_text()


def test_files_of_different_films_are_refused(talk: Path, film: Path, tmp_path: Path) -> None:
    with pytest.raises(IncompatibleInputs, match="duration"):
        fm.run({"input": talk, "input2": film}, fm.Package(), output=tmp_path / "out")

    assert not (tmp_path / "out").exists()


def _bits(folder: Path, uri: str) -> int:
    parts = playlists.segments((folder / uri).read_text())
    return sum((folder / part.uri).stat().st_size for part in parts) * 8


def _decoded(playlist: Path) -> int:
    argv = [str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-xerror", "-i", str(playlist)]
    done = subprocess.run(
        [*argv, "-map", "0:v:0", "-f", "framemd5", "-"], check=True, capture_output=True, text=True
    )
    return sum(not line.startswith("#") for line in done.stdout.splitlines())


@pytest.mark.parametrize("kind", ["cmaf", "ts"])
def test_an_encrypted_stream_plays_with_its_key_and_not_without(
    talk: Path, tmp_path: Path, kind: str
) -> None:
    package = _ENCRYPTED.model_copy(update={"segment_type": kind})

    fm.run(talk, _LADDER, package, output=tmp_path / "out")

    hls = tmp_path / "out/hls"
    assert len((hls / "key.bin").read_bytes()) == 16
    assert _frames(hls / "360p.m3u8") == 250
    assert "I-FRAME" not in (hls / "master.m3u8").read_text()
    (hls / "key.bin").write_bytes(bytes(16))
    assert _frames(hls / "360p.m3u8") == 0


def test_a_key_that_is_served_elsewhere_lies_beside_the_stream(talk: Path, tmp_path: Path) -> None:
    uri = "https://keys.example.com/42?a=b"
    package = _ENCRYPTED.model_copy(update={"key_uri": uri})

    result = fm.run(talk, _LADDER, package, output=tmp_path / "out")

    key = tmp_path / "out/hls.key"
    assert len(key.read_bytes()) == 16
    assert key.stat().st_mode & 0o077 == 0
    assert not (tmp_path / "out/hls/key.bin").exists()
    assert f'METHOD=AES-128,URI="{uri}"' in (tmp_path / "out/hls/240p.m3u8").read_text()
    assert "METHOD" not in (tmp_path / "out/hls/subtitles0.m3u8").read_text()
    assert key.read_bytes().hex() not in repr(result)


def test_two_encrypted_streams_have_two_keys(packaged: Path, tmp_path: Path) -> None:
    package = fm.Package(dash=False, encryption="aes-128")

    for name in ("one", "two"):
        fm.run(packaged / "240p.mp4", package, output=tmp_path / name)

    keys = [(tmp_path / name / "hls/key.bin").read_bytes() for name in ("one", "two")]
    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    ("ways", "manifest"),
    [
        ({}, "hls/master.m3u8"),
        ({"hls": False}, "dash/manifest.mpd"),
        ({"dash": False, "encryption": "aes-128"}, "hls/master.m3u8"),
        ({"dash": False, "segment_type": "ts"}, "hls/master.m3u8"),
    ],
)
def test_full_verification_finds_damage_in_a_segment(
    packaged: Path, tmp_path: Path, ways: dict[str, bool | str], manifest: str
) -> None:
    settings = Settings(verify="full")
    package = fm.Package.model_validate(ways)
    machine = open_app(settings).machine
    path = tmp_path / "out" / manifest
    demuxer = "dash" if path.suffix == ".mpd" else "hls"

    fm.run(packaged / "240p.mp4", package, output=tmp_path / "out", settings=settings)

    machine.decode(path, demuxer=demuxer, stop=never)
    segment = max((path.parent / "240p").glob("seg_*"))
    whole = segment.read_bytes()
    half = len(whole) // 2
    segment.write_bytes(whole[:half] + NOISE + whole[half + len(NOISE) :])
    with pytest.raises(FramemillError):
        machine.decode(path, demuxer=demuxer, stop=never)


def _frames(playlist: Path) -> int:
    """Pictures that ffmpeg decodes, itself fetching the key."""
    argv = [
        *(str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-allowed_extensions", "ALL"),
        *("-extension_picky", "0", "-protocol_whitelist", "file,crypto", "-i", str(playlist)),
        *("-map", "0:v", "-f", "framemd5", "-"),
    ]
    said = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    return sum(not line.startswith("#") for line in said.splitlines())
