"""What the program says of itself: help, versions, suggestions, completion, doctor."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from framemill.cli.catalog import entries
from tests.e2e.conftest import Cli

pytestmark = pytest.mark.e2e
_SHOWN = [entry.name for entry in entries() if not entry.hidden]


@pytest.mark.parametrize("words", [("--version",), ("-V",), ("version",)])
def test_the_version_is_one_line(cli: Cli, words: tuple[str, ...]) -> None:
    assert re.fullmatch(r"framemill \d+\.\d+\.\d+\S*\n", cli(*words).stdout)


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_the_front_page_lists_every_command(cli: Cli, words: tuple[str, ...]) -> None:
    done = cli(*words)

    assert done.returncode == 0
    listed = re.findall(r"^  ([a-z][a-z-]+)  ", done.stdout, re.MULTILINE)
    assert [name for name in _SHOWN if name not in listed] == []


@pytest.mark.parametrize("name", _SHOWN)
def test_every_command_explains_itself_with_an_example(cli: Cli, name: str) -> None:
    done = cli(name, "--help", env={"COLUMNS": "80"})

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Usage: framemill {name} ")
    assert "\nExample" in done.stdout
    assert f"\n  framemill {name}" in done.stdout
    before_examples = done.stdout.partition("\nExample")[0]
    assert max(map(len, before_examples.splitlines())) <= 80


def test_help_of_a_command_can_be_asked_for_in_words(cli: Cli) -> None:
    assert cli("help", "info").stdout == cli("info", "--help").stdout


@pytest.mark.parametrize(
    ("typed", "meant"), [("trmi", "trim"), ("extract_audo", "extract-audio"), ("thumb", "thumbnails")]
)
def test_a_mistyped_command_is_answered_with_the_nearest(cli: Cli, typed: str, meant: str) -> None:
    done = cli(typed)

    assert done.returncode == 2
    assert f"did you mean {meant!r}?" in done.stderr
    assert "code: usage" in done.stderr


def test_a_mistyped_option_is_answered_with_the_nearest(cli: Cli) -> None:
    done = cli("cut", "film.mp4", "--evry", "2m")

    assert done.returncode == 2
    assert "--every" in done.stderr


def test_a_wrong_value_is_said_of_the_option(cli: Cli, film: str) -> None:
    done = cli("cut", film, "--parts", "many", "--json")

    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "invalid_spec"
    assert error["message"].startswith("--parts: ")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("framemill extr", {"extract-audio"}),
        ("framemill cut --ev", {"--every"}),
        ("framemill transcode x.mp4 --profile web_", {"web_1080p", "web_720p", "web_480p"}),
        ("framemill ladder x.mp4 --qualities 720p,48", {"720p,480p"}),
        ("framemill ladder x.mp4 --codec h", {"h264", "hevc"}),
        ("framemill jobs re", {"retry", "resume"}),
        ("framemill profiles show arch", {"archive_av1"}),
        ("framemill plan pub", {"publish"}),
    ],
)
def test_the_shell_is_told_what_may_follow(cli: Cli, words: str, expected: set[str]) -> None:
    asking = {
        "_FRAMEMILL_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }

    done = cli(env=asking)

    assert set(done.stdout.split()) == expected, done.stderr


def test_file_names_are_left_to_the_shell(cli: Cli) -> None:
    asking = {"_FRAMEMILL_COMPLETE": "complete_bash", "COMP_WORDS": "framemill info fi", "COMP_CWORD": "2"}

    assert cli(env=asking).stdout.strip() == ""
    shown = subprocess.run(
        ["bash", "-c", '"$@"; true', "-", *cli.argv("--show-completion")],
        env={**cli.env, "SHELL": "/bin/bash"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "-o default" in shown.stdout


def test_the_doctor_finds_everything_that_work_needs(cli: Cli) -> None:
    done = cli("doctor", "--json")

    assert done.returncode == 0, done.stdout
    found = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert {"ffmpeg", "ffprobe", "packager", "sandbox", "sqlite", "data"} <= set(found)
    assert "bundled" in found["ffmpeg"]["said"]


def test_the_doctor_fails_where_something_needed_is_missing(cli: Cli) -> None:
    done = cli("doctor", env={"FRAMEMILL_FFMPEG": "/nowhere/ffmpeg"})

    assert done.returncode == 1
    assert "/nowhere/ffmpeg" in done.stdout


def test_profiles_are_listed_shown_and_checked(cli: Cli) -> None:
    listed = json.loads(cli("profiles", "list", "--json").stdout)
    assert len(listed) >= 11
    assert "1280" in cli("profiles", "show", "web_720p").stdout

    unknown = cli("profiles", "show", "web_720")
    assert unknown.returncode == 2
    assert "web_720p" in unknown.stderr

    (cli.folder / "mine.toml").write_text('[mine]\ncontainer = "webm"\ncodec = "h264"\ncrf = 20\n')
    wrong = cli("profiles", "check", "mine.toml")
    assert wrong.returncode == 2
    assert "mine.toml:1" in wrong.stderr
    (cli.folder / "mine.toml").write_text('[mine]\ncodec = "h264"\ncrf = 20\n')
    assert "mine" in cli("profiles", "check", "mine.toml").stdout


def test_info_reads_several_files_and_says_which_it_cannot(cli: Cli, film: str) -> None:
    (cli.folder / "notes.txt").write_text("words")

    done = cli("info", film, "notes.txt", "--json")

    assert done.returncode == 3
    assert [document["file"] for document in json.loads(done.stdout)] == [film]
    assert "notes.txt" in done.stderr


def test_probe_is_another_name_of_info(cli: Cli, film: str) -> None:
    assert cli("probe", film).stdout == cli("info", film).stdout


@pytest.mark.parametrize("words", [("preview", "film.mp4"), ("profiles", "list"), ("doctor",)])
def test_wrong_settings_are_named(cli: Cli, film: str, words: tuple[str, ...]) -> None:
    done = cli(*words, env={"FRAMEMILL_SANDBOX": "maybe"})

    assert done.returncode == 2
    assert "sandbox" in done.stderr
    assert not list(Path(cli.env["HOME"]).glob("*"))


def test_no_job_is_not_every_job(cli: Cli, film: str) -> None:
    assert cli("preview", film, "-o", "out").returncode == 0

    done = cli("jobs", "cancel", "")

    assert done.returncode == 2
    assert "give a job's id" in done.stderr


def test_the_doctor_sees_that_data_cannot_be_kept(cli: Cli, film: str) -> None:
    done = cli("doctor", env={"FRAMEMILL_DATA_DIR": str(cli.folder / film / "below")})

    assert done.returncode == 1
    assert "cannot be written" in done.stdout
