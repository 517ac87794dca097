"""Workspaces, collections and stored videos from the command line."""

import hashlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from framemill.app import App
from framemill.errors import VideoNotFound
from framemill.services.originals import NewOriginal
from framemill.services.shelf_records import VideoRecord
from framemill.settings import Settings
from framemill.store.video_tables import Video, Workspace
from tests.e2e.conftest import Cli

pytestmark = pytest.mark.e2e


@pytest.fixture(name="app")
def _app(cli: Cli) -> Iterator[App]:
    """The application on the data that the program uses."""
    app = App(
        Settings(data_dir=Path(cli.env["FRAMEMILL_DATA_DIR"]), cache_dir=Path(cli.env["FRAMEMILL_CACHE_DIR"]))
    )
    yield app
    app.close()


def _video(app: App, title: str, **where: str) -> VideoRecord:
    content = title.encode()
    place = {"workspace": "default", "collection": "uploads", **where}
    new = NewOriginal(filename=f"{title}.mp4", bytes=len(content))
    video = app.videos.begin(new, **place).video
    assert video.key is not None
    app.blobs.put(video.key, [content])
    digest = hashlib.sha256(content).hexdigest()
    return app.videos.arrived(video.id, bytes=len(content), sha256=digest).video


def _json(cli: Cli, *args: str) -> Any:  # noqa: ANN401 - whatever the document is
    done = cli(*args, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_workspace_from_its_making_to_its_end(cli: Cli) -> None:
    made = cli("workspaces", "create", "cameras", "--quota", "2TiB", "--title", "All cameras")
    cli("collections", "create", "Front door", "-w", "cameras")
    renamed = cli("collections", "rename", "Front door", "Entrance", "-w", "cameras")
    edited = cli(
        *("workspaces", "edit", "cameras", "--name", "cams", "--pipeline", "none"),
        *("--keep-newest", "1000", "--keep-originals", "30d", "--keep", "proxy=7"),
    )
    shown = cli("workspaces", "show", "cams").stdout
    listed = _json(cli, "workspaces", "list")
    refused = cli("workspaces", "delete", "cams")
    deleted = cli("workspaces", "delete", "cams", "--yes")

    assert (made.returncode, renamed.returncode, edited.returncode) == (0, 0, 0), edited.stderr
    assert "0 videos, 0 B (of 2.2 TB)" in shown
    assert "the newest 1000 videos of each collection" in shown
    assert [line.split()[0] for line in shown.partition("Collections")[2].split("\n")[1:3]] == [
        "Entrance",
        "uploads",
    ]
    (record,) = [one for one in listed if one["name"] == "cams"]
    assert (record["pipeline"], record["quota_bytes"]) == ("none", 2 << 40)
    rules = {"keep_newest": 1000, "originals_days": 30, "artifacts_days": {"proxy": 7}}
    assert record["retention"] == rules
    assert refused.returncode == 2
    assert "nobody is there to agree" in refused.stderr
    assert deleted.returncode == 0
    assert cli("workspaces", "show", "cams").returncode == 2


def test_videos_are_listed_found_edited_and_deleted_by_a_short_id(cli: Cli, app: App) -> None:
    videos = [_video(app, f"film {n}") for n in range(3)]
    app.collections.create("default", "Door")
    short = videos[1].id[-8:]

    listed = cli("videos", "list", "--limit", "2")
    found = _json(cli, "videos", "list", "--find", "FILM 1", "--collection", "uploads")
    edited = _json(
        cli,
        *("videos", "edit", short, "--title", "The day", "--recorded-at", "2026-11-02T12:00+02:00"),
        *("--notes", "one\ntwo", "--collection", "Door"),
    )
    shown = cli("videos", "show", short).stdout
    refused = cli("videos", "delete", short)
    still = _json(cli, "videos", "show", short)
    deleted = cli("videos", "delete", short, videos[2].id, "--yes")

    assert [line.split()[0] for line in listed.stdout.splitlines()] == [videos[2].id, videos[1].id]
    assert f"more: --before {videos[1].id}" in listed.stderr
    assert [video["id"] for video in found] == [videos[1].id]
    assert (edited["title"], edited["collection"]) == ("The day", "Door")
    assert edited["recorded_at"] == "2026-11-02T10:00:00+00:00"
    for said in ("The day", "default / Door", "film 1.mp4, 6 B", str(videos[1].sha256), "  two"):
        assert said in shown
    assert (refused.returncode, still["state"]) == (2, "ready")
    assert deleted.returncode == 0, deleted.stderr
    assert [blob.key for blob in app.blobs.list("")] == [videos[0].key]
    assert cli("videos", "show", videos[1].id).returncode == 2


@pytest.mark.parametrize(
    ("answer", "left"), [("n\n", 1), ("\n", 1), ("yess\n", 1), ("\x04", 1), ("y\n", 0), ("Yes\n", 0)]
)
def test_a_person_is_asked_before_anything_is_lost(cli: Cli, app: App, answer: str, left: int) -> None:
    video = _video(app, "film")
    ours, theirs = pty.openpty()

    os.write(ours, answer.encode())
    done = subprocess.run(
        cli.argv("videos", "delete", video.id),
        cwd=cli.folder,
        env=dict(cli.env),
        stdin=theirs,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    os.close(ours)
    os.close(theirs)

    assert done.returncode == 0, done.stderr
    assert "with everything made from it" in done.stderr
    assert ("nothing was changed" in done.stderr) == bool(left)
    assert len(list(app.blobs.list(""))) == left


@pytest.mark.parametrize(
    "args",
    [
        ("videos", "list", "--state", "deleting"),
        ("videos", "list", "--limit", "0"),
        ("videos", "list", "-w", "nobodys"),
        ("videos", "show", ""),
        ("videos", "show", "zzz"),
        ("videos", "edit", "0199"),
        ("videos", "edit", "0199", "--recorded-at", "yesterday"),
        ("workspaces", "create", "No Name"),
        ("workspaces", "create", "team", "--quota", "much"),
        ("workspaces", "edit", "default"),
        ("workspaces", "edit", "default", "--keep", "hls=3"),
        ("collections", "rename", "none", "some"),
        ("videos", "retention", "-w", "default"),
    ],
)
def test_a_wrong_request_is_told_in_a_few_words(cli: Cli, args: tuple[str, ...]) -> None:
    done = cli(*args)

    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_the_rules_are_shown_before_they_act(cli: Cli, app: App) -> None:
    old = [_video(app, f"film {n}") for n in range(3)]
    edited = cli("workspaces", "edit", "default", "--keep-newest", "1")

    dry = cli("videos", "retention", "--dry-run")
    refused = cli("videos", "retention")
    before = len(list(app.blobs.list("")))
    done = _json(cli, "videos", "retention", "--yes")

    assert "2 things (12 B) go within a day" in edited.stderr
    assert [line.split()[0] for line in dry.stdout.splitlines()] == [old[1].id, old[0].id]
    assert "would remove 2 things (12 B)" in dry.stderr
    assert (refused.returncode, before) == (2, 3)
    assert [one["video_id"] for one in done["removals"]] == [old[1].id, old[0].id]
    assert [blob.key for blob in app.blobs.list("")] == [old[2].key]


# Ends itself the hard way when the store has removed so many files.
_KILLED = """
import os, signal, sys
from framemill.app import App
from framemill.settings import Settings
from framemill.storage.local import LocalStore

left, whole = int(sys.argv[1]), LocalStore.delete


def delete(store, keys):
    global left
    for key in keys:
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        whole(store, [key])


LocalStore.delete = delete
app = App(Settings())
app.videos.delete(sys.argv[2])
"""


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_deletion_that_was_killed_is_finished_by_the_janitor(cli: Cli, app: App, after: int) -> None:
    video = _video(app, "film")
    prefix = f"workspaces/{video.workspace_id}/{video.id}/"
    for name in ("hls/1.m4s", "hls/master.m3u8"):
        app.blobs.put(f"{prefix}job/{name}", [b"x"])

    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(after), video.id], env=dict(cli.env), check=False, timeout=120
    )
    with pytest.raises(VideoNotFound):
        app.videos.get(video.id)
    left = len(list(app.blobs.list(prefix)))
    done = app.janitor.tidy()

    assert killed.returncode == -signal.SIGKILL
    assert left == 3 - after
    assert done.chores == {"videos removed": 1}
    assert list(app.blobs.list("")) == []
    with app.database.read() as session:
        assert session.query(Video).count() == 0
        assert session.query(Workspace).count() == 1


def test_the_janitor_keeps_to_the_rules_once_a_day(app: App) -> None:
    old, new = (_video(app, title) for title in ("old", "new"))
    app.workspaces.edit("default", {"retention": {"keep_newest": 1}})

    first, second = app.janitor.tidy(), app.janitor.tidy()

    assert (first.chores, second.chores) == ({"kept no longer": 1}, {})
    assert [blob.key for blob in app.blobs.list("")] == [new.key]
    assert app.videos.find(old.id) == ()
    assert max(chore.every for chore in app.janitor.chores) == timedelta(days=1)
