"""Alerts: what is wrong is told to operators once, and that it is over once, whoever comes first.

Rows hold what stands and what was said of it. Who tells something has claimed
it before; where that process dies, another one tells it again after a while.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy.exc import IntegrityError

from framemill.domain.alerts import Manner, Standing, Told, retry_after
from framemill.engine.identity import host
from framemill.errors import FramemillError, InvalidSettings
from framemill.services.conditions import Condition
from framemill.store import alerts as rows
from framemill.store.alert_tables import Alert
from framemill.store.database import Database
from framemill.store.shelves import is_taken
from framemill.telemetry.log import get_log

log = get_log(__name__)
_HELD: Final = timedelta(minutes=2)  # longer than telling takes


class Tell(Protocol):
    """Says something to all who are to hear it; raises AlertNotSent where one did not."""

    def __call__(self, title: str, body: str, *, well: bool = False) -> None:
        """Say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRecord:
    """Something that is wrong now."""

    key: str
    summary: str
    since: datetime
    told: Told

    @classmethod
    def of(cls, row: Alert, since: datetime) -> "AlertRecord":
        """The row as a value."""
        return cls(key=row.key, summary=row.summary, since=since, told=Told(row.told))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    key: str
    what: Told
    line: str
    tries: int


class Alerts:
    """The use cases around alerts."""

    def __init__(
        self,
        database: Database,
        *,
        look: Callable[[], Sequence[Condition]],
        tell: Tell | None,
        manner: Manner,
    ) -> None:
        self._database = database
        self._look = look
        self._tell = tell
        self._manner = manner

    @property
    def on(self) -> bool:
        """True where somebody is to be told."""
        return self._tell is not None

    def round(self) -> None:
        """Look at everything, and tell what is to be told. Any number of processes may do so."""
        if self._tell is None:
            return
        self._note(self._look())
        self._say(self._tell)

    def list(self) -> tuple[AlertRecord, ...]:
        """What is wrong now, as the rounds found it."""
        with self._database.read() as session:
            found = rows.standing(session).values()
        return tuple(AlertRecord.of(row, row.since) for row in found if row.since is not None)

    def test(self) -> None:
        """Tell that this is a test; InvalidSettings where nobody is to be told, AlertNotSent."""
        if self._tell is None:
            raise InvalidSettings("nobody is told of alerts", hint="set FRAMEMILL_ALERT_URLS")
        self._tell(f"Framemill at {host()}: a test", "This is a test; nothing is wrong.", well=True)

    def _note(self, found: Sequence[Condition]) -> None:
        with self._database.read() as session:
            known, now = rows.standing(session), self._database.now(session)
        if not any(self._change(known.get(one.key), one, now=now) for one in found):
            return
        try:
            with self._database.write() as session:
                known, now = rows.standing(session, lock=True), self._database.now(session)
                for one in found:
                    row = known.get(one.key)
                    if (after := self._change(row, one, now=now)) is None:
                        continue
                    if row is None:
                        row = Alert(key=one.key, summary=one.summary)
                        session.add(row)
                    if one.wrong and after.to_tell is not None:
                        row.summary = one.summary
                    if after.to_tell != row.to_tell:
                        row.tell_at, row.tries = None, 0
                    _write(row, after)
        except IntegrityError as error:
            if not is_taken(error):
                raise
            # Another process saw the same for the first time; the next look goes on from there.

    def _change(self, row: Alert | None, found: Condition, *, now: datetime) -> Standing | None:
        """How it stands now, None where nothing has to be written."""
        before = Standing() if row is None else _read(row)
        after = before.seen(wrong=found.wrong, now=now, manner=self._manner)
        return None if after == before else after

    def _say(self, tell: Tell) -> None:
        words = tuple(self._claimed())
        if not words:
            return
        firing = [one for one in words if one.what is Told.FIRING]
        what = f"{len(firing)} {'alert' if len(firing) == 1 else 'alerts'}" if firing else "well again"
        try:
            # In one message, however many there are.
            tell(f"Framemill at {host()}: {what}", "\n".join(one.line for one in words), well=not firing)
        except FramemillError as error:
            log.warning("alerts.unsent", code=error.code, alerts=[one.key for one in words])
            self._after(words, told=False)
        else:
            log.info("alerts.sent", alerts=[one.key for one in words])
            self._after(words, told=True)

    def _claimed(self) -> Iterator[_Word]:
        with self._database.read() as session:
            if all(row.to_tell is None for row in rows.standing(session).values()):
                return
        with self._database.write() as session:
            now = self._database.now(session)
            for row in rows.to_be_told(session, now=now):
                row.tell_at, row.tries = now + _HELD, row.tries + 1
                what = Told(row.to_tell or "")
                line = f"{'ALERT' if what is Told.FIRING else 'OVER'}: {row.summary}"
                yield _Word(key=row.key, what=what, line=line, tries=row.tries)

    def _after(self, words: Sequence[_Word], *, told: bool) -> None:
        with self._database.write(durable=True) as session:
            known, now = rows.standing(session, lock=True), self._database.now(session)
            for one in words:
                row = known[one.key]
                if told:
                    _write(row, _read(row).said(one.what, now=now))
                elif row.to_tell == one.what:
                    row.tell_at = now + retry_after(one.tries)


def _read(row: Alert) -> Standing:
    return Standing(
        since=row.since,
        clear_since=row.clear_since,
        told=Told(row.told or ""),
        alarmed_at=row.alarmed_at,
        to_tell=None if row.to_tell is None else Told(row.to_tell),
    )


def _write(row: Alert, standing: Standing) -> None:
    row.since, row.clear_since = standing.since, standing.clear_since
    row.told, row.alarmed_at, row.to_tell = standing.told, standing.alarmed_at, standing.to_tell
