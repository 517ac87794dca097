"""Bringing a database to the newest migration; one cheap query decides whether there is anything to do.

Alembic is imported only when there is (it costs more than a whole short job).
"""

from functools import cache
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from framemill.errors import NotSupported
from framemill.store import (
    access_tables,
    alert_tables,
    event_tables,
    order_tables,
    repeat_tables,
    tables,
    usage_tables,
    webhook_tables,
)
from framemill.store.base import Base
from framemill.store.database import Database

# The newest revision in migrations/versions; a test compares the two.
HEAD = "0014"
MIGRATIONS = Path(__file__).parent / "migrations"
# Whoever names the modules has their tables among the models.
MODELS = (
    tables,
    access_tables,
    alert_tables,
    event_tables,
    order_tables,
    repeat_tables,
    usage_tables,
    webhook_tables,
)

# As Alembic makes it.
_VERSIONS = """CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)"""


def ensure_schema(database: Database) -> None:
    """Create or upgrade the tables; two processes may do this at once."""
    if revision(database) == HEAD:
        return
    if database.engine.dialect.name != "sqlite" or not _create(database):
        _upgrade(database)


def _create(database: Database) -> bool:
    """Make all tables at once where there are none; a test proves that this equals the migrations."""
    # Reading the migrations takes longer than most first commands.
    with database.write(durable=True) as session:
        if inspect(session.connection()).get_table_names():
            return False
        for statement in _sqlite_statements():
            session.connection().exec_driver_sql(statement)
        session.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
    return True


@cache
def _sqlite_statements() -> tuple[str, ...]:
    """What makes all tables; put into words once, as a program may make many databases in memory."""
    dialect = sqlite.dialect()
    made: list[CreateTable | CreateIndex] = []
    for table in Base.metadata.sorted_tables:
        made.append(CreateTable(table))
        made.extend(CreateIndex(index) for index in sorted(table.indexes, key=lambda i: str(i.name)))
    return (*(str(one.compile(dialect=dialect)) for one in made), *event_tables.SQLITE_TRIGGERS, _VERSIONS)


def revision(database: Database) -> str | None:
    """The revision that the database is at, None where it has no tables."""
    try:
        with database.read() as session:
            return session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DBAPIError:
        with database.read() as session:
            if inspect(session.connection()).has_table("alembic_version"):
                raise
        return None


def _upgrade(database: Database) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    # Alembic's config syntax gives % a meaning.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    # One writer at a time: whoever comes second finds the work done.
    with database.write(durable=True) as session:
        if database.engine.dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(7204861)"))
        config.attributes["connection"] = session.connection()
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise NotSupported(
                f"the database was made by a newer Framemill ({error})",
                hint="upgrade framemill, or point FRAMEMILL_DATA_DIR elsewhere",
            ) from error
