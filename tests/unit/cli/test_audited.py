"""Whatever a command changes is in the audit trail, with who typed it."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from framemill.app import App, open_app
from framemill.cli import batch, collections, job_control, keys, members, users, videos, workspaces
from framemill.cli.opened import operator
from framemill.services.batch_work import Work
from framemill.services.intake import Found
from framemill.services.originals import NewOriginal
from framemill.services.passwords import Passwords
from framemill.store.tables import AuditEvent
from tests.engines import Anything


@pytest.fixture(name="app")
def _app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setenv("FRAMEMILL_DATA_DIR", str(tmp_path / "data"))
    # Real hashes at a thousandth of the cost.
    monkeypatch.setattr(Passwords.__init__, "__kwdefaults__", {"rounds": 1, "memory_kib": 64})
    monkeypatch.setattr("sys.stdin", io.StringIO("five words that fit nowhere\n" * 2))
    app = open_app()
    yield app
    app.close()


def _done(app: App) -> list[str]:
    """What was done; all of it by whoever runs this."""
    with app.database.read() as session:
        rows = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert {(row.actor, row.address) for row in rows} == {(operator(), None)}
    return [row.action for row in rows]


def test_what_commands_do_to_people_and_keys_is_written_down(app: App) -> None:
    users.create("ann")
    users.passwd("ann")
    users.disable("ann")
    users.enable("ann")
    members.add("default", "ann", role="manager")
    members.remove("default", "ann")
    keys.create("ci", scope="read")
    keys.revoke("ci")
    keys.login()

    assert operator().startswith("cli:")
    assert _done(app) == [
        "user.created",
        *["user.changed"] * 3,
        *("member.put", "member.removed", "key.created", "key.revoked", "login_link.created"),
    ]


def test_what_commands_do_to_shelves_and_videos_is_written_down(app: App) -> None:
    workspaces.create("team")
    workspaces.edit("team", title="The team", newest="1")
    collections.create("Door", workspace="team")
    collections.rename("Door", "Gate", workspace="team")
    begun = [
        app.videos.begin(NewOriginal(filename=f"{n}.mp4", bytes=5), workspace="team", collection="Gate").video
        for n in range(2)
    ]
    videos.edit(begun[0].id, title="At night")
    videos.delete([begun[0].id], yes=True)
    collections.delete("Gate", workspace="team", yes=True)
    workspaces.delete("team", yes=True)

    assert _done(app) == [
        *("workspace.created", "workspace.changed", "collection.created", "collection.renamed"),
        *("video.changed", "video.deleted", "collection.deleted", "workspace.deleted"),
    ]


def test_what_commands_do_to_batches_is_written_down(app: App, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    work = Work(kind="anything", specs=(Anything(),), destination=tmp_path / "results")
    list(app.batches.submit(work, [Found(path=tmp_path / "a.txt", place=Path("a"))]))

    batch.cancel(work.batch_id)
    batch.retry(work.batch_id, cancelled=True)
    (job,) = app.jobs.list()
    job_control.pause(job.id)

    assert _done(app) == ["batch.cancelled", "job.retried", "job.paused"]
