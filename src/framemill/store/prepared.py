"""Statements that run thousands of times a second: put together once, and handed to the driver as they are.

SQLAlchemy finds a statement's text by walking through all of the statement, each
time. For a claim that took longer than the database needed to run it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, ParamSpec

from sqlalchemy import Connection, Dialect, Float, Select
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

_Shape = ParamSpec("_Shape")
_Processor = Callable[[Any], Any]  # Any: whatever a column's type takes and gives


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A statement in the words of one kind of database, and how values get into it and out of it."""

    text: str
    order: tuple[str, ...] | None  # of the values; None where the driver takes them by name
    fixed: dict[str, Any]  # Any: values, as the driver takes them
    into: dict[str, _Processor]
    columns: tuple[tuple[str, _Processor | None], ...]

    def run(self, connection: Connection, values: Mapping[str, object]) -> int:
        """Run it; how many rows it changed."""
        with closing(self._run(connection, values)) as cursor:
            return cursor.rowcount

    def first(self, connection: Connection, values: Mapping[str, object]) -> dict[str, Any] | None:
        """Run it; its first row by the names of columns, None where there is none."""
        with closing(self._run(connection, values)) as cursor:
            row = cursor.fetchone()
        if row is None:
            return None
        return {
            name: value if process is None else process(value)
            for (name, process), value in zip(self.columns, row, strict=True)
        }

    def _run(self, connection: Connection, values: Mapping[str, object]) -> DBAPICursor:
        given = {**self.fixed, **values}
        for name, process in self.into.items():
            given[name] = process(given[name])
        if self.order is None:
            return driven(connection, self.text, given)
        return driven(connection, self.text, tuple([given[name] for name in self.order]))


def driven(connection: Connection, text: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> DBAPICursor:
    """The driver's cursor, after it ran `text`; raises what SQLAlchemy would.

    Its own results learn the names and types of all columns each time, which took as long as a claim.
    """
    driver, dialect = connection.connection, connection.dialect
    cursor = driver.cursor()
    try:
        cursor.execute(text, values)
    except dialect.loaded_dbapi.Error as error:
        lost = dialect.is_disconnect(error, driver.dbapi_connection, cursor)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            text,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=dialect,
        ) from error
    return cursor


def prepared(
    build: Callable[_Shape, UpdateBase | Select[Any]],
) -> Callable[[Connection], Callable[_Shape, Ready]]:
    """For a function that builds a statement of some shape: the same, ready for a connection's database."""
    known: dict[tuple[object, ...], Ready] = {}

    def on(connection: Connection) -> Callable[_Shape, Ready]:
        def ready(*args: _Shape.args, **shape: _Shape.kwargs) -> Ready:
            # All databases of a kind understand the same words.
            key = (connection.dialect.name, *args, *shape.values())
            found = known.get(key)
            if found is None:
                found = known[key] = _ready(build(*args, **shape), connection.dialect)
            return found

        return ready

    return on


def _ready(statement: UpdateBase | Select[Any], dialect: Dialect) -> Ready:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    names = set(compiled.params)
    into = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect)
        for name, bind in compiled.binds.items()
        if name in names
    }
    return Ready(
        text=str(compiled),
        order=None if compiled.positiontup is None else tuple(compiled.positiontup),
        fixed={name: value for name, value in compiled.params.items() if value is not None},
        into={name: process for name, process in into.items() if process is not None},
        columns=tuple(
            (str(column.key), _out_of(column.type, dialect)) for column in statement.exported_columns
        ),
    )


def _out_of(kind: TypeEngine[Any], dialect: Dialect) -> _Processor | None:
    # Drivers give Python's own; SQLAlchemy would ask for PostgreSQL's number of the type.
    if isinstance(kind, Float):
        return None
    return kind.dialect_impl(dialect).result_processor(dialect, None)
