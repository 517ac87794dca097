"""What `framemill storage` says and does, from outside."""

import hashlib
import json
import os
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from framemill.app import App
from framemill.settings import Settings
from framemill.store.jobs import new_id
from framemill.store.video_tables import Collection, Video, Workspace
from tests.e2e.conftest import Cli

pytestmark = pytest.mark.e2e
_FILM = b"film" * 100_000
_NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(name="data")
def _data(cli: Cli) -> Path:
    return Path(cli.env["FRAMEMILL_DATA_DIR"])


@pytest.fixture(name="key")
def _key(data: Path) -> Iterator[str]:
    """The key of a stored film, with a stray file beside it that is two days old."""
    app = App(Settings(data_dir=data))
    workspace, collection, video = (new_id() for _ in range(3))
    key = f"workspaces/{workspace}/{video}/original.mp4"
    times = {"created_at": _NOW, "updated_at": _NOW}
    with app.database.write() as session:
        session.add(Workspace(id=workspace, name="w", title="w", pipeline="proxy", **times))
        session.flush()
        session.add(Collection(id=collection, workspace_id=workspace, name="c", **times))
        session.flush()
        session.add(
            Video(
                id=video,
                workspace_id=workspace,
                collection_id=collection,
                title="t",
                filename="f.mp4",
                state="ready",
                key=key,
                bytes=len(_FILM),
                sha256=hashlib.sha256(_FILM).hexdigest(),
                content_type="video/mp4",
                notes="",
                uploader="",
                stored_bytes=len(_FILM),
                **times,
            )
        )
    app.blobs.put(key, [_FILM])
    app.blobs.put("stray", [b"x" * 10])
    old = (_NOW.timestamp() - 2 * 86_400,) * 2
    os.utime(data / "storage" / "stray", old)
    yield key
    app.close()


def test_all_is_well_and_one_file_is_extra(cli: Cli, key: str) -> None:
    done = cli("storage", "verify")

    assert done.returncode == 0, done.stderr
    assert "stray" in done.stdout
    assert "1 checked (400.0 kB), 0 wrong, 1 extra" in done.stdout
    assert "framemill storage gc" in done.stderr


def test_what_is_wrong_ends_with_a_code_for_scripts(cli: Cli, key: str, data: Path) -> None:
    (data / "storage" / key).write_bytes(_FILM[:-1] + b"?")

    quick, whole = cli("storage", "verify", "--quick"), cli("storage", "verify", "--json")

    assert (quick.returncode, whole.returncode) == (0, 1)
    said = json.loads(whole.stdout)
    assert [(one["key"], one["outcome"], one["original"]) for one in said["wrong"]] == [
        (key, "changed", True)
    ]
    assert [one["key"] for one in said["extra"]] == ["stray"]


def test_nothing_is_removed_before_it_is_said(cli: Cli, key: str, data: Path) -> None:
    listed = cli("storage", "gc")
    there = (data / "storage" / "stray").exists()
    removed = json.loads(cli("storage", "gc", "--remove", "--json").stdout)

    assert "stray" in listed.stdout
    assert there
    assert [one["key"] for one in removed["extra"]] == ["stray"]
    assert sorted(str(p.relative_to(data / "storage")) for p in (data / "storage").rglob("*.mp4")) == [key]
    assert not (data / "storage" / "stray").exists()


def test_everything_is_sealed_and_still_whole(cli: Cli, key: str, data: Path) -> None:
    keys = {"FRAMEMILL_STORAGE_KEYS": b64encode(os.urandom(32)).decode()}

    rotated, verified = cli("storage", "rotate", env=keys), cli("storage", "verify", env=keys)

    assert rotated.stdout == "2 sealed, 0 damaged\n"
    assert verified.returncode == 0
    assert b"filmfilm" not in (data / "storage" / key).read_bytes()


def test_an_age_that_is_none_is_a_wrong_request(cli: Cli, key: str) -> None:
    done = cli("storage", "gc", "--older", "soon")

    assert done.returncode == 2
    assert "--older" in done.stderr
