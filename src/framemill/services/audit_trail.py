"""Reading the audit trail: pages of it, and all that is sought as CSV or JSON lines, read piece by piece."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from framemill.store.auditing import Sought, count_events, events
from framemill.store.database import Database
from framemill.store.tables import AuditEvent
from framemill.store.workers import audit

_AT_ONCE: Final = 500
# What a table in an office program would take for a formula.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """How the trail is written."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """Something that was done."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    address: str | None  # from where; None: on the machine itself, or nobody asked
    outcome: str  # ok, refused
    data: dict[str, Any] | None  # Any: JSON, as its writer chose it


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Some of the trail, the newest first."""

    events: tuple[EventRecord, ...]
    next: int | None  # the page behind it begins before this one


class AuditTrail:
    """The use cases around what was done."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, sought: Sought, *, before: int | None = None, limit: int = 50) -> EventPage:
        """The newest events that are sought; `before` is the `next` of the page before."""
        with self._database.read() as session:
            rows = events(session, sought, before=before, limit=limit + 1)
        found = tuple(_record(row) for row in rows[:limit])
        return EventPage(events=found, next=found[-1].id if len(rows) > limit else None)

    def count(self, sought: Sought) -> int:
        """How many events are sought."""
        with self._database.read() as session:
            return count_events(session, sought)

    def export(self, sought: Sought, form: Format, *, actor: str) -> Iterator[str]:
        """All that is sought, the newest first, in pieces of text. That it was read is written down first."""
        with self._database.write(durable=True) as session:
            filters = {name: str(value) for name, value in asdict(sought).items() if value is not None}
            now, data = self._database.now(session), {"format": str(form), **filters}
            audit(session, at=now, actor=actor, action="audit.exported", subject="audit:all", data=data)
        return self._pieces(sought, form)

    def _pieces(self, sought: Sought, form: Format) -> Iterator[str]:
        if form is Format.CSV:
            yield _line(field.name for field in fields(EventRecord))
        before: int | None = None
        while True:
            found = self.page(sought, before=before, limit=_AT_ONCE)
            yield "".join(map(_as_csv if form is Format.CSV else _as_json, found.events))
            before = found.next
            if before is None:
                return


def _record(row: AuditEvent) -> EventRecord:
    return EventRecord(
        id=row.id,
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        address=row.address,
        outcome=row.outcome,
        data=row.data,
    )


def _as_json(event: EventRecord) -> str:
    return json.dumps({**asdict(event), "at": event.at.isoformat()}, ensure_ascii=False) + "\n"


def _as_csv(event: EventRecord) -> str:
    values = {
        **asdict(event),
        "at": event.at.isoformat(),
        "data": "" if event.data is None else json.dumps(event.data, ensure_ascii=False),
    }
    return _line([_cell(value) for value in values.values()])


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
