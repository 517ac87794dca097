"""Subtitles and joins from the command line, under names that break careless programs."""

from pathlib import Path

import pytest

import framemill as fm
from tests.corpus import file, manifest, needs_corpus
from tests.e2e.conftest import Cli, make_clip

pytestmark = pytest.mark.e2e

_SRT = "1\n00:00:00,500 --> 00:00:01,500\nhello\n"
_NAMES = [
    "it's [a] sub:1,2;3.srt",
    "-vf.srt",
    "100%d %{n}.srt",
    "new\nline.srt",
    'quo"te \\ back.srt',
    "Ünï 中文.de.srt",
    "$(touch x) `y`;&|.srt",
    "concat:a|b.srt",
]


@pytest.mark.parametrize("name", _NAMES)
def test_any_name_can_be_burnt_and_added(name: str, cli: Cli) -> None:
    make_clip(cli.folder / "film.mp4", seconds=2, size="160x90")
    (cli.folder / name).write_text(_SRT)

    for action in ("burn", "add"):
        done = cli("subtitles", "film.mp4", "--action", action, f"--file={name}", "-o", f"{action}.mp4")
        assert done.returncode == 0, done.stderr

    assert cli.files() == {"film.mp4", name, "add.mp4", "burn.mp4"}
    assert len(fm.probe(cli.folder / "add.mp4").subtitles) == 1


def test_several_files_and_titles_with_commas_are_taken_whole(cli: Cli, film: str) -> None:
    for name in ("one.srt", "two, three.srt"):
        (cli.folder / name).write_text(_SRT)

    files = ("--file", "one.srt", "--file", "two, three.srt", "--title", "Yes, one", "--language", "en,de")
    done = cli("subtitles", film, "--action", "add", *files, "-o", "both.mkv")

    assert done.returncode == 0, done.stderr
    tracks = fm.probe(cli.folder / "both.mkv").subtitles
    assert [(t.language, t.title) for t in tracks] == [("eng", "Yes, one"), ("ger", None)]


def test_a_track_goes_to_the_file_that_was_named(cli: Cli, film: str) -> None:
    (cli.folder / "a.srt").write_text(_SRT)
    cli("subtitles", film, "--action", "add", "--file", "a.srt", "-o", "with.mkv")

    done = cli("subtitles", "with.mkv", "--action", "extract", "-o", "out.vtt")

    assert done.returncode == 0, done.stderr
    assert (cli.folder / "out.vtt").read_text().startswith("WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nhello")


def test_what_is_missing_is_said_and_nothing_is_left(cli: Cli, film: str) -> None:
    done = cli("subtitles", film, "--action", "extract", "-o", "out.srt")

    assert done.returncode != 0
    assert "no_subtitle_stream" in done.stderr
    assert cli.files() == {film}


@needs_corpus
@pytest.mark.parametrize("transition", ["none", "fade"])
def test_files_with_awkward_names_are_joined(transition: str, cli: Cli) -> None:
    names = []
    for entry in (e for n, e in manifest().items() if n.startswith("edge/name-") and "dash" not in n):
        name = entry.get("copy_as") or Path(entry["file"]).name
        (cli.folder / name).write_bytes(file(entry["file"]).read_bytes())
        names.append(name)
    make_clip(cli.folder / "-evil.mp4", seconds=1, size="160x90")
    assert len(names) >= 5

    # Two frames: some of these last only a tenth of a second.
    passing = ("--transition", transition, "--transition-duration", "0.03s") if transition != "none" else ()
    done = cli("concat", *passing, "--mode", "encode", "-o", "all.mp4", "--", "-evil.mp4", *names)

    assert done.returncode == 0, done.stderr
    lengths = [fm.probe(cli.folder / name).duration_us for name in ("-evil.mp4", *names)]
    assert fm.probe(cli.folder / "all.mp4").duration_us == pytest.approx(sum(lengths), abs=900_000)
    assert cli.files() == {"-evil.mp4", "all.mp4", *names}
