"""Statements that run thousands of times a second: put together once, and handed to the driver as they are.

SQLAlchemy finds a statement's text by walking through all of the statement, each
time. For a claim that took longer than the database needed to run it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec

from sqlalchemy import Connection, CursorResult, Dialect, Float, Select
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

    def run(self, connection: Connection, values: Mapping[str, object]) -> CursorResult[Any]:
        """Run it. The rows are as the driver made them: see `first`."""
        given = {**self.fixed, **values}
        for name, process in self.into.items():
            given[name] = process(given[name])
        return connection.exec_driver_sql(
            self.text, given if self.order is None else tuple([given[name] for name in self.order])
        )

    def first(self, connection: Connection, values: Mapping[str, object]) -> dict[str, Any] | None:
        """Run it; its one row by the names of columns, None where there is none."""
        row = self.run(connection, values).one_or_none()
        if row is None:
            return None
        return {
            name: value if process is None else process(value)
            for (name, process), value in zip(self.columns, row, strict=True)
        }


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
