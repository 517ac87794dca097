"""What every table shares: how its columns are typed and its constraints named."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, MetaData, TypeDecorator, Uuid, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]  # Any: stored JSON; its shape is the writer's


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. SQLite has no time zones, so there they are dropped and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To what the database takes; a naive datetime is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a naive datetime reached the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Back to an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What every table shares: names of constraints, and how Python types are stored."""

    # Named constraints, so that a later migration can drop one on either database.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {  # Any: SQLAlchemy's own type here
        datetime: UtcDateTime(),
        Json: JSON(none_as_null=True),
        list[str]: JSON(),
        list[Json]: JSON(),
    }


def row_id() -> Mapped[str]:
    """The primary key: a UUIDv7, so ids sort by time."""
    return mapped_column(Uuid(as_uuid=False), primary_key=True)


def size() -> Mapped[int]:
    """A number that may exceed 2^31, such as bytes."""
    return mapped_column(BigInteger, default=0)


def only(condition: str) -> dict[str, Any]:  # Any: arguments of Index
    """For an index over some of the rows.

    The migrations do the same on PostgreSQL; naming its dialect here would
    import it, and its drivers, into every command.
    """
    return {"sqlite_where": text(condition)}
