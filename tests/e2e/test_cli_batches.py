"""Batches and watched folders, as their users run them."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli, make_clip

pytestmark = pytest.mark.e2e
_STILLS = ("--operation", "{op: thumbnails, count: 1}")
# Slow on any machine, and ended long before it is done.
_SLOW = ("--operation", "{op: ladder, preset: veryslow}")


@pytest.fixture(name="footage")
def _footage(cli: Cli, tmp_path: Path) -> Path:
    """Two cameras with a film of one name each, and a file that is no film."""
    clip = make_clip(tmp_path / "clip.mp4", seconds=1, size="64x36", sound=False)
    folder = cli.folder / "in"
    for name in ("cam1/a.mp4", "cam2/a.MP4"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(clip.read_bytes())
    (folder / "cam2" / "bad.mp4").write_text("no film")
    return folder


def test_a_batch_does_all_it_can_and_says_what_failed(cli: Cli, footage: Path) -> None:
    done = cli("batch", "run", "in", "-r", *_STILLS, "-o", "out", "--jobs", "2")

    assert done.returncode == 3
    assert "done: 2 of 3" in done.stderr
    assert "in/cam2/bad.mp4  input_unreadable" in done.stderr
    made = {name for name in cli.files() if name.startswith("out")}
    assert made == {"out/cam1/a/thumb_001.jpg", "out/cam2/a/thumb_001.jpg"}


def test_the_same_batch_again_does_only_what_is_left(cli: Cli, footage: Path) -> None:
    cli("batch", "run", "in", "-r", *_STILLS, "-o", "out")
    (footage / "cam1" / "b.mp4").write_bytes((footage / "cam1" / "a.mp4").read_bytes())

    again = cli("batch", "run", "in", "-r", *_STILLS, "-o", "out", "--json")

    documents = json.loads(again.stdout)["jobs"]
    assert {Path(d["input"]).name: d["state"] for d in documents} == {
        "a.mp4": "completed",
        "a.MP4": "completed",
        "b.mp4": "completed",
        "bad.mp4": "failed",
    }
    assert all(d["artifacts"] for d in documents if d["state"] == "completed")
    assert [d["error"]["code"] for d in documents if d["error"]] == ["input_unreadable"]
    assert len(json.loads(cli("jobs", "list", "--json").stdout)) == 4


def test_a_queued_batch_can_be_seen_ended_and_tried_again(cli: Cli, footage: Path) -> None:
    batch = cli("batch", "run", "in", "-r", *_STILLS, "-o", "out", "--async").stdout.strip()

    cancelled = cli("batch", "cancel", batch[:8])
    retried = cli("batch", "retry", batch, "--cancelled")
    shown = json.loads(cli("batch", "show", batch, "--json").stdout)

    assert cancelled.stdout == f"{batch} cancelled: 3 jobs\n"
    assert len(cli("jobs", "list", "--batch", batch[-8:]).stdout.splitlines()) == 3
    assert retried.stdout == f"{batch} queued again: 3 jobs\n"
    assert (shown["total"], shown["counts"]) == (3, {"queued": 3})
    assert batch in cli("batch", "list").stdout


def test_how_many_run_at_once_is_not_for_who_only_queues_them(cli: Cli, footage: Path) -> None:
    done = cli("batch", "run", "in", *_STILLS, "-o", "out", "--async", "--jobs", "4")

    assert done.returncode == 2
    assert "the workers decide" in done.stderr
    assert cli("jobs", "list").stdout == ""


def test_ctrl_c_ends_a_batch_and_leaves_nothing_behind(cli: Cli, footage: Path, tmp_path: Path) -> None:
    for name in ("x.mp4", "y.mp4"):
        make_clip(footage / name, seconds=40, size="640x360", sound=False)
    running = _start(cli, "batch", "run", "in", *_SLOW, "-o", "out", "--json")
    _until(lambda: any(".framemill-" in name for name in cli.files()))

    running.send_signal(signal.SIGINT)
    stdout, _ = running.communicate(timeout=60)

    assert running.returncode == 130
    assert {d["state"] for d in json.loads(stdout)["jobs"]} == {"cancelled"}
    assert not [name for name in cli.files() if name.startswith("out")]
    states = {job["state"] for job in json.loads(cli("jobs", "list", "--json").stdout)}
    assert states == {"cancelled"}


def test_a_watched_folder_is_worked_on_once(cli: Cli, footage: Path) -> None:
    command = ("watch", "in", "-r", *_STILLS, "-o", "out", "--once", "--run", "--settle", "1s")

    first = cli(*command, "--move-done", "done")
    second = cli(*command, "--move-done", "done")

    # The second has nothing left to do: what failed is known.
    assert (first.returncode, second.returncode) == (1, 0)
    told = [line.split("  ")[1:3] for line in first.stderr.splitlines()]
    assert ["submitted", "cam1/a.mp4"] in told
    assert ["failed", "cam2/bad.mp4"] in told
    assert second.stderr == ""
    assert cli.files() == {
        *("in/cam2/bad.mp4", "done/cam1/a.mp4", "done/cam2/a.MP4"),
        *("out/cam1/a/thumb_001.jpg", "out/cam2/a/thumb_001.jpg"),
    }


def test_a_watch_that_is_ended_goes_on_where_it_was(cli: Cli, tmp_path: Path) -> None:
    (cli.folder / "in").mkdir()
    command = ("watch", "in", *_SLOW, "-o", "out", "--run", "--settle", "1s", "--json")
    running = _start(cli, *command)
    make_clip(tmp_path / "x.mp4", seconds=40, size="640x360", sound=False).rename(cli.folder / "in" / "x.mp4")
    _until(lambda: any(".framemill-" in name for name in cli.files()))

    running.send_signal(signal.SIGTERM)
    stdout, _ = running.communicate(timeout=60)

    assert running.returncode == 0
    assert [json.loads(line)["event"] for line in stdout.splitlines()] == ["submitted"]
    (job,) = json.loads(cli("jobs", "list", "--json").stdout)
    assert job["state"] in {"queued", "running"}

    again = _start(cli, *command)
    assert again.stdout is not None
    news = json.loads(again.stdout.readline())
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=60)

    assert (news["event"], news["job"]) == ("taken over", job["id"])
    assert again.returncode == 0


def _start(cli: Cli, *args: str) -> "subprocess.Popen[str]":
    # Whoever runs the tests may ignore Ctrl-C, and children inherit that.
    return subprocess.Popen(
        cli.argv(*args),
        cwd=cli.folder,
        env=dict(cli.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one system call
    )


def _until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if there():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")
