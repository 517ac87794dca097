"""The log of what became of jobs: nothing is left out, and who reads on from an id misses nothing."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from framemill.domain.states import JobState
from framemill.engine import controls, endings, recovery
from framemill.store.batches import cancel_unbegun, ensure_batch
from framemill.store.claiming import claim
from framemill.store.database import Database, open_database
from framemill.store.event_tables import SQLITE_TRIGGERS, JobEvent
from framemill.store.events import delete_events, events_after, job_events_after, settle, span
from framemill.store.jobs import get_job, new_id
from framemill.store.video_tables import Collection, Video, Workspace
from tests.engines import Bench, a_copy, a_plan
from tests.unit.store.rows import NOON, add_job

both = pytest.mark.databases("file", "own_postgres")
every = pytest.mark.databases("memory", "file", "own_postgres")


@pytest.fixture(name="database")
def _database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def _read(database: Database, after: int = 0) -> list[JobEvent]:
    settle(database)
    with database.read() as session:
        return events_after(session, after)


def _told(database: Database, job_id: str) -> list[tuple[str, str]]:
    return [(one.type, one.state) for one in _read(database) if one.job_id == job_id]


def _set(database: Database, job_id: str, **columns: object) -> None:
    with database.write() as session:
        job = get_job(session, job_id, lock=True)
        for name, value in columns.items():
            setattr(job, name, value)


@every
def test_a_job_tells_its_whole_way(bench: Bench) -> None:
    job_id = bench.submit()
    bench.worker(a_plan(a_copy())).run_job(job_id)

    assert _told(bench.database, job_id) == [
        ("submitted", "queued"),
        ("started", "running"),
        ("planned", "running"),
        ("completed", "completed"),
    ]


@both
def test_what_people_do_to_a_job_is_told(bench: Bench) -> None:
    database, job_id = bench.database, bench.submit()

    controls.pause(database, job_id, actor="me")
    controls.pause(database, job_id, actor="me")
    controls.resume(database, job_id, actor="me")
    controls.set_priority(database, job_id, 9, actor="me")
    endings.cancelled(database, job_id)
    recovery.reopen(database, job_id)

    assert [kind for kind, _ in _told(database, job_id)] == [
        *("submitted", "paused", "resumed", "reprioritised", "cancelled", "retried"),
    ]
    assert [one.data for one in _read(database) if one.data] == [{"priority": 9}]


@both
def test_a_failure_says_why_and_nothing_of_where(database: Database) -> None:
    workspace = new_id()
    job_id = add_job(database, state=JobState.RUNNING, workspace_id=workspace)
    error = {"code": "tool_failed", "message": 'it "broke"', "hint": None, "tail": ["/srv/secret"]}
    with database.write() as session:
        endings.fail_job(session, get_job(session, job_id, lock=True), error, now=NOON)

    failed = _read(database)[-1]
    assert (failed.type, failed.job_id, failed.workspace_id, failed.at) == ("failed", job_id, workspace, NOON)
    assert failed.data == {"code": "tool_failed", "message": 'it "broke"', "hint": None}


@both
def test_many_at_once_are_told_one_by_one(database: Database) -> None:
    batch = new_id()
    with database.write() as session:
        ensure_batch(session, batch, title="", owner="", now=NOON)
    jobs = [add_job(database, batch_id=batch) for _ in range(3)]
    with database.write() as session:
        cancel_unbegun(session, batch, now=NOON)

    assert sorted(str(e.job_id) for e in _read(database) if e.type == "cancelled") == jobs


@both
def test_what_is_undone_is_not_told(database: Database) -> None:
    job_id = add_job(database)

    def undone() -> None:
        with database.write() as session:
            get_job(session, job_id, lock=True).state = JobState.RUNNING
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()

    assert _told(database, job_id) == [("submitted", "queued")]


@both
def test_readers_find_one_job_or_one_workspace(database: Database) -> None:
    workspace = new_id()
    first, second = add_job(database), add_job(database, workspace_id=workspace)
    settle(database)

    with database.read() as session:
        assert [one.job_id for one in job_events_after(session, 0, job_ids=[first])] == [first]
        assert [one.job_id for one in job_events_after(session, 0, workspace_id=workspace)] == [second]
        assert [one.job_id for one in events_after(session, 0, limit=1)] == [first]
        assert events_after(session, span(session)[1]) == []


@both
def test_who_follows_jobs_reads_past_what_becomes_of_videos(database: Database) -> None:
    workspace, collection, video = new_id(), new_id(), new_id()
    times = {"created_at": NOON, "updated_at": NOON}
    with database.write() as session:
        session.add(Workspace(id=workspace, name="w", title="w", **times))
        session.flush()
        session.add(Collection(id=collection, workspace_id=workspace, name="c", **times))
        session.flush()
        place = {"workspace_id": workspace, "collection_id": collection}
        session.add(Video(id=video, title="t", filename="f.mp4", state="uploading", **place, **times))
    job = add_job(database, workspace_id=workspace)
    with database.write() as session:
        session.execute(update(Video).where(Video.id == video).values(state="ready"))
    later = add_job(database)

    assert [(one.job_id, one.video_id, one.type) for one in _read(database)] == [
        (job, None, "submitted"),
        (None, video, "ready"),
        (later, None, "submitted"),
    ]
    with database.read() as session:
        assert [one.job_id for one in job_events_after(session, 0)] == [job, later]
        assert [one.job_id for one in job_events_after(session, 0, workspace_id=workspace)] == [job]


@pytest.mark.databases("own_postgres")
def test_what_commits_late_comes_after_what_was_read_before_it(database: Database) -> None:
    late, early = add_job(database), add_job(database)
    known = _read(database)[-1].id
    with database.write() as session:
        get_job(session, late, lock=True).state = JobState.RUNNING
        session.flush()  # its event has the lower number of the two by now
        _set(database, early, state=JobState.RUNNING)
        seen = _read(database, known)

    assert [one.job_id for one in seen] == [early]
    assert [one.job_id for one in _read(database, seen[-1].id)] == [late]


@pytest.mark.databases("own_postgres")
def test_readers_at_once_give_each_event_one_place(database: Database) -> None:
    jobs = [add_job(database) for _ in range(40)]

    def change() -> None:
        for job_id in jobs:
            _set(database, job_id, state=JobState.RUNNING)

    seen: list[list[int]] = [[], []]

    def follow(ids: list[int]) -> None:
        while len(ids) < 80:
            ids += [one.id for one in _read(database, ids[-1] if ids else 0)]

    threads = [
        threading.Thread(target=change),
        *(threading.Thread(target=follow, args=(ids,)) for ids in seen),
    ]
    _run(threads)

    assert seen == [list(range(1, 81))] * 2


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


@both
def test_a_claim_is_told_as_quickly_as_it_is_made(bench: Bench) -> None:
    job_id = bench.submit()
    with bench.database.write() as session:
        task = claim(session.connection(), worker="w", now=bench.clock(), ttl=timedelta(seconds=9))

    assert task is not None
    assert _told(bench.database, job_id)[-1] == ("started", "running")
    assert _read(bench.database)[-1].at == bench.clock()


@both
def test_what_is_old_is_forgotten_and_ids_go_on(database: Database) -> None:
    add_job(database)
    add_job(database, created_at=NOON + timedelta(days=1))
    add_job(database)
    settle(database)

    with database.write() as session:
        assert delete_events(session, before=NOON + timedelta(hours=1)) == 1
    with database.write() as session:
        assert delete_events(session, before=NOON + timedelta(days=9)) == 1
    add_job(database)

    assert [one.id for one in _read(database)] == [3, 4]


def test_databases_in_memory_and_on_disk_have_the_same_triggers(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("data") / "framemill.db"
    found = [_triggers(open_database(url)) for url in ("sqlite://", f"sqlite:///{file}")]

    assert found[0] == found[1] == sorted(SQLITE_TRIGGERS)


def _triggers(database: Database) -> list[str]:
    with database.read() as session:
        rows = session.execute(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'"))
        found = sorted(sql for (sql,) in rows)
    database.close()
    return found
