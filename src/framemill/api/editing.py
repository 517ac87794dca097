"""ETags of what people edit: a copy that is still good is not sent again, and nobody overwrites unseen.

A tag has two parts: what people edit, and all that is shown. `If-None-Match`
asks about all of it; `If-Match` about the first, as a number that grows by
itself (how much a workspace holds) is nobody's edit.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, HTTPException, Request, Response
from pydantic import BaseModel

from framemill.api.preconditions import listed
from framemill.errors import ChangedMeanwhile

View = TypeVar("View", bound=BaseModel)
Record = TypeVar("Record")

_EDITED = {
    "workspace": ("name", "title", "pipeline", "quota_bytes", "retention"),
    "collection": ("name",),
    "webhook": ("url", "events", "note", "enabled"),
    "user": ("admin", "disabled"),
    "video": ("title", "notes", "recorded_at", "collection_id"),
}


class Shown:
    """What is shown of something that can be edited."""

    def __init__(
        self,
        request: Request,
        response: Response,
        if_none_match: Annotated[
            str | None, Header(max_length=2000, description="An ETag: 304 where it is still good.")
        ] = None,
    ) -> None:
        self._asked = if_none_match if request.method in {"GET", "HEAD"} else None
        self._response = response

    def __call__(self, view: View, kind: str, record: object) -> View:
        """The view, with its tag; 304 where the client has it."""
        tag = f"{_edited(kind, record)}-{_digest(view.model_dump(mode='json'))}"
        # Shared caches must not keep it, and the client asks each time.
        headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
        if self._asked is not None and listed(self._asked, tag.__eq__, weakly=True):
            raise HTTPException(304, headers=headers)
        self._response.headers.update(headers)
        return view


class Unchanged:
    """What a change is for: the state that its sender has seen."""

    def __init__(
        self,
        if_match: Annotated[
            str | None, Header(max_length=2000, description="An ETag: 412 where it was edited since.")
        ] = None,
    ) -> None:
        self._tags = if_match

    def __call__(self, kind: str) -> Callable[[object], None]:
        """The check of the record as it is; it raises ChangedMeanwhile."""

        def check(record: object) -> None:
            if self._tags is None:
                return
            mine = _edited(kind, record)
            if not listed(self._tags, lambda tag: tag.partition("-")[0] == mine, weakly=False):
                raise ChangedMeanwhile

        return check


Showing = Annotated[Shown, Depends(Shown)]
IfUnchanged = Annotated[Unchanged, Depends(Unchanged)]


def _edited(kind: str, record: object) -> str:
    return _digest({name: getattr(record, name) for name in _EDITED[kind]})


def _digest(values: Mapping[str, Any]) -> str:  # Any: JSON and times
    text = json.dumps(values, sort_keys=True, default=_moment)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _moment(value: object) -> str:
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat()
