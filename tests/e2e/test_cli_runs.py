"""Running operations from the command line: where results go, what is told, what remains after a failure."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli, make_clip

pytestmark = pytest.mark.e2e


def test_a_named_file_is_made_and_listed(cli: Cli, film: str) -> None:
    done = cli("preview", film, "-o", "short.mp4", "--duration", "1s")

    assert done.returncode == 0, done.stderr
    assert cli.files() == {"film.mp4", "short.mp4"}
    assert done.stdout.split()[0] == "short.mp4"
    assert "1.000 s" in done.stdout


def test_without_a_name_one_file_appears_here_under_a_telling_name(cli: Cli, film: str) -> None:
    done = cli("extract-audio", film, "--format", "mp3")

    assert done.returncode == 0, done.stderr
    (made,) = cli.files() - {"film.mp4"}
    assert made.startswith("film-extract")
    assert made.endswith(".mp3")


def test_without_a_name_several_files_get_a_folder(cli: Cli, film: str) -> None:
    done = cli("cut", film, "-d", "2s")

    assert done.returncode == 0, done.stderr
    assert {"film-cut/part_001.mp4", "film-cut/part_002.mp4"} <= cli.files()


def test_operations_take_underscores_too(cli: Cli, film: str) -> None:
    assert cli("remove_audio", film, "-o", "silent.mp4").returncode == 0
    assert "silent.mp4" in cli.files()


def test_a_folder_takes_one_result_of_each_input(cli: Cli, film: str) -> None:
    make_clip(cli.folder / "other.mp4", seconds=2)

    done = cli("preview", film, "other.mp4", "-o", "made")

    assert done.returncode == 0, done.stderr
    assert {"made/film-preview.mp4", "made/other-preview.mp4"} <= cli.files()


def test_several_inputs_cannot_become_one_file(cli: Cli, film: str) -> None:
    make_clip(cli.folder / "other.mp4", seconds=2)

    done = cli("preview", film, "other.mp4", "-o", "made.mp4")

    assert done.returncode == 2
    assert "code: invalid_spec" in done.stderr


def test_json_is_one_document_about_the_whole_job(cli: Cli, film: str) -> None:
    done = cli("preview", film, "--json")

    said = json.loads(done.stdout)
    assert said["state"] == "completed"
    (artifact,) = said["artifacts"]
    assert Path(artifact["path"]).is_file()
    assert artifact["media"]["video"][0]["codec"] == "h264"
    assert artifact["provenance"]["commands"]
    assert set(said) >= {"job", "notes", "warnings", "dropped", "fingerprint"}
    assert done.stderr == ""


def test_quiet_says_nothing_but_the_result(cli: Cli, film: str) -> None:
    done = cli("preview", film, "--quiet")

    assert done.stderr == ""
    assert done.stdout.startswith("film-preview.mp4")


def test_what_exists_is_kept_unless_asked(cli: Cli, film: str) -> None:
    (cli.folder / "short.mp4").write_text("precious")

    refused = cli("preview", film, "-o", "short.mp4")

    assert refused.returncode == 4
    assert "code: output_exists" in refused.stderr
    assert "--overwrite" in refused.stderr
    assert (cli.folder / "short.mp4").read_text() == "precious"

    assert cli("preview", film, "-o", "short.mp4", "-y").returncode == 0
    assert (cli.folder / "short.mp4").stat().st_size > 1000


def test_an_input_is_never_overwritten(cli: Cli, film: str) -> None:
    before = (cli.folder / film).read_bytes()

    done = cli("remove-audio", film, "-o", film, "-y")

    assert done.returncode == 2
    assert (cli.folder / film).read_bytes() == before


def test_what_is_no_media_is_refused_and_leaves_nothing(cli: Cli) -> None:
    (cli.folder / "notes.mp4").write_text("not a film " * 100)

    done = cli("preview", "notes.mp4")

    assert done.returncode == 3
    assert "code: input_unreadable" in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in cli.folder.iterdir()] == ["notes.mp4"]


def test_a_missing_input_is_said_as_json_where_json_was_asked_for(cli: Cli) -> None:
    done = cli("preview", "nothing.mp4", "--json")

    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "input_not_found"


def test_explaining_writes_nothing(cli: Cli, film: str) -> None:
    done = cli("ladder", film, "--explain", "--qualities", "240p")

    assert done.returncode == 0, done.stderr
    assert cli.files() == {"film.mp4"}
    assert not Path(cli.env["FRAMEMILL_DATA_DIR"]).exists()
    assert "$ ffmpeg" in done.stdout
    assert "-format_whitelist" not in done.stdout


def test_the_guard_of_commands_is_shown_on_request(cli: Cli, film: str) -> None:
    done = cli("plan", "ladder", film, "--verbose")

    assert "-format_whitelist" in done.stdout


def test_a_plan_is_also_a_document(cli: Cli, film: str) -> None:
    done = cli("plan", "publish", film, "--json")

    said = json.loads(done.stdout)
    assert said["steps"][0]["commands"][0]["tool"] == "ffmpeg"
    assert said["estimate"]["wall_ms"] >= 0
    assert cli.files() == {"film.mp4"}


def test_a_failed_job_is_shown_and_can_be_tried_again(cli: Cli, film: str) -> None:
    (cli.folder / "short.mp4").write_text("in the way")
    failed = cli("preview", film, "-o", "short.mp4", "--json")
    job = json.loads(failed.stdout)["job"]

    shown = cli("jobs", "show", job[-8:])
    assert "output_exists" in shown.stdout

    (cli.folder / "short.mp4").unlink()
    again = cli("jobs", "retry", job)
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("short.mp4")

    listed = json.loads(cli("jobs", "list", "--json").stdout)
    assert [(entry["id"], entry["state"]) for entry in listed] == [(job, "completed")]
    assert "submitted" in cli("jobs", "logs", job).stdout


def test_an_unknown_job_is_said(cli: Cli) -> None:
    done = cli("jobs", "show", "0199")

    assert done.returncode == 2
    assert "code: job_not_found" in done.stderr


def test_a_pipeline_of_ones_own_runs_from_its_file(cli: Cli, film: str) -> None:
    (cli.folder / "mine.yaml").write_text(
        "steps:\n  - {op: preview, output: p.mp4}\n  - {op: extract_audio, output: a.mp3, format: mp3}\n"
    )

    done = cli("run", "mine.yaml", film, "-o", "made", "--set", "preview.duration=1s")

    assert done.returncode == 0, done.stderr
    assert {"made/p.mp4", "made/a.mp3"} <= cli.files()
    explained = cli("plan", "mine.yaml", film, "-o", "other")
    assert explained.returncode == 0, explained.stderr
    assert "preview" in explained.stdout
