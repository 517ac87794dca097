import json
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, make_url, text

from framemill.errors import NotSupported
from framemill.store import postgres, sqlite
from framemill.store.database import Database, open_database
from framemill.store.events import settle
from framemill.store.schema import HEAD, MIGRATIONS, revision
from framemill.store.tables import Job


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'framemill.db'}"


both = pytest.mark.databases("file", "own_postgres")


def _migrated(database_url: str) -> Database:
    """The database as the migrations make it, one after the other."""
    url = make_url(database_url)
    database = Database((sqlite if url.get_backend_name() == "sqlite" else postgres).make_engine(url))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.write() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")
    return database


def _made(database: Database) -> dict[str, object]:
    """Everything that SQLite knows of its tables, however that was said."""
    with database.read() as session:
        found: dict[str, object] = {
            f"{kind} {name}": " ".join(sql.replace('"', "").split())
            for kind, name, sql in session.execute(
                text("SELECT type, name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL")
            )
        }
        for name in inspect(session.connection()).get_table_names():
            columns = session.execute(text(f"PRAGMA table_xinfo({name})")).all()
            indexes = session.execute(text(f"PRAGMA index_list({name})")).all()
            foreign = session.execute(text(f"PRAGMA foreign_key_list({name})")).all()
            # Not the defaults that columns had to come with: every row is written with all of its values.
            found[f"columns of {name}"] = {(c.name, c.type, c.notnull, c.pk, c.hidden) for c in columns}
            found[f"keys of {name}"] = {tuple(key)[2:] for key in foreign}
            found[f"indexes of {name}"] = sorted((row.unique, row.origin, row.partial) for row in indexes)
    return found


def test_what_is_made_at_once_is_what_the_migrations_make(tmp_path: Path) -> None:
    at_once = open_database(f"sqlite:///{tmp_path / 'new.db'}")
    migrated = _migrated(f"sqlite:///{tmp_path / 'old.db'}")

    assert _made(at_once) == _made(migrated)
    at_once.close()
    migrated.close()


@both
def test_the_migrations_make_exactly_the_tables_of_the_models(database_url: str) -> None:
    database = _migrated(database_url)

    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        difference = compare_metadata(context, Job.metadata)
    database.close()

    assert difference == []


def test_the_newest_migration_is_the_one_that_the_program_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


@both
def test_an_up_to_date_database_opens_without_alembic(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_database(database_url).close()
    for name in [n for n in sys.modules if n.split(".")[0] == "alembic"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "alembic", None)  # an import of it fails now

    database = open_database(database_url)

    assert revision(database) == HEAD
    database.close()


@both
def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    database = open_database(database_url)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    with pytest.raises(NotSupported, match="newer"):
        open_database(database_url)


def _at(database_url: str, revision: str) -> Database:
    """The database as the migrations before this one make it."""
    url = make_url(database_url)
    database = Database((sqlite if url.get_backend_name() == "sqlite" else postgres).make_engine(url))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    before = ScriptDirectory.from_config(config).get_revision(revision).down_revision
    assert isinstance(before, str)
    with database.write() as session:
        if url.get_backend_name() != "sqlite":  # it is a copy of one that is up to date
            session.execute(text("DROP SCHEMA public CASCADE"))
            session.execute(text("CREATE SCHEMA public"))
        config.attributes["connection"] = session.connection()
        command.upgrade(config, before)
    return database


def _add(database: Database, table: str, columns: dict[str, str], **values: object) -> None:
    row = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"  # noqa: S608 - ours
    with database.write() as session:
        session.execute(text(row), values)


_JOB = {
    **dict.fromkeys(("specs", "inputs", "destination"), "'[]'"),
    **dict.fromkeys(("created_at", "updated_at", "finished_at"), "'2026-11-02 12:00:00'"),
    **dict.fromkeys(("turn", "progress", "tasks_total", "tasks_done", "tasks_failed"), "0"),
    **dict.fromkeys(("priority", "attempts", "max_attempts", "idle_ms"), "1"),
    **dict.fromkeys(("kind", "owner", "lane"), "'x'"),
    "id": "'0199c0de00007000800000000000000a'",
    "state": "'completed'",
}


@both
def test_what_ended_jobs_cost_is_kept_in_parts_by_the_migration(database_url: str) -> None:
    cost = {"compute": 0.1, "storage": 0.000002, "bandwidth": 1.5, "total": 1.600002}
    database = _at(database_url, "0009")
    _add(database, "jobs", {**_JOB, "actual": ":actual"}, actual=json.dumps({"cost": cost}))
    database.close()

    database = open_database(database_url)

    with database.read() as session:
        found = session.execute(text("SELECT storage_micros, bandwidth_micros, worker FROM jobs")).one()
    database.close()
    assert tuple(found) == (2, 1_500_000, None)


@both
def test_the_log_of_events_goes_on_where_it_was_before_videos_were_in_it(database_url: str) -> None:
    database = _at(database_url, "0014")
    _add(database, "jobs", _JOB)
    database.close()

    database = open_database(database_url)
    with database.write() as session:
        session.execute(text("UPDATE jobs SET state = 'queued', priority = 2"))
    settle(database)

    with database.read() as session:
        found = session.execute(text("SELECT id, type, video_id FROM job_events ORDER BY id")).all()
    database.close()
    assert [(one.id, one.video_id) for one in found] == [(1, None), (2, None), (3, None)]
    assert found[0].type == "submitted"
    assert {one.type for one in found[1:]} == {"retried", "reprioritised"}


def test_sqlite_writes_its_log_ahead_and_checks_foreign_keys(url: str) -> None:
    database = open_database(url)

    with database.read() as session:
        journal, keys = (
            session.execute(text(f"PRAGMA {p}")).scalar() for p in ("journal_mode", "foreign_keys")
        )
    database.close()

    assert (journal, keys) == ("wal", 1)


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_only_what_is_accepted_or_finished_waits_for_the_disk(url: str, durable: bool, level: int) -> None:
    database = open_database(url)

    with database.write(durable=not durable) as session:
        session.execute(text("SELECT 1"))
    with database.write(durable=durable) as session:
        found = session.execute(text("PRAGMA synchronous")).scalar()
    database.close()

    assert found == level


@pytest.mark.databases("memory", "file", "own_postgres")
def test_a_block_that_raises_changes_nothing(database_url: str) -> None:
    database = open_database(database_url)

    def fail_halfway() -> None:
        with database.write() as session:
            session.execute(text("CREATE TABLE t (a INTEGER)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()

    with database.read() as session:
        assert not inspect(session.connection()).has_table("t")
    database.close()
