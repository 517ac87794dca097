"""Keyset pages: `limit`, an opaque `cursor`, and `total` only where it is asked for."""

import base64
import binascii
from enum import StrEnum
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from framemill.errors import InvalidSpec

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Some of a list."""

    model_config = ConfigDict(frozen=True)

    items: tuple[Item, ...]
    next_cursor: str | None = Field(
        None, description="The `cursor` of the next page; null where there is none."
    )
    total: int | None = Field(None, description="How many there are in all, where `total=true` was asked.")


class Order(StrEnum):
    """What comes first."""

    NEWEST = "newest"
    OLDEST = "oldest"


class Paging(BaseModel):
    """Which part of a list is wanted."""

    model_config = ConfigDict(frozen=True)

    limit: int
    after: str | None  # the id that the page before ended with
    total: bool


async def _paging(
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
    cursor: Annotated[
        str | None,
        Query(pattern=r"^[A-Za-z0-9_-]{22}$", description="`next_cursor` of the page before."),
    ] = None,
    total: Annotated[bool, Query(description="Also count them all.")] = False,
) -> Paging:
    return Paging(limit=limit, after=None if cursor is None else position(cursor), total=total)


Wanted = Annotated[Paging, Depends(_paging)]


def cursor_after(last: str | None) -> str | None:
    """The cursor of what follows the item with this id."""
    return None if last is None else base64.urlsafe_b64encode(UUID(last).bytes).decode().rstrip("=")


def position(cursor: str) -> str:
    """The id that a cursor stands for; InvalidSpec for what is none."""
    try:
        return str(UUID(bytes=base64.b64decode(f"{cursor}==", altchars=b"-_", validate=True)))
    except (binascii.Error, ValueError):
        raise InvalidSpec("the cursor is none of ours", hint="begin without a cursor") from None
