"""Lists of batches, with how far each is. Submitting and ending them is `services.batches`' work."""

from dataclasses import dataclass
from itertools import groupby

from framemill.services.records import BatchRecord
from framemill.store.batch_listing import Position, Wanted, count_batches, page_of_batches
from framemill.store.batches import counts_of, get_batch
from framemill.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPage:
    """Some batches, and from where the next page goes on: None where there is none."""

    batches: tuple[BatchRecord, ...]
    next: Position | None


class BatchListing:
    """The use cases around lists of batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, wanted: Wanted | None = None, *, after: Position | None = None, limit: int = 20
    ) -> BatchPage:
        """Those that are wanted, the newest first where nothing else is; `after`: where the last page ended.

        Those whose jobs are all cleaned away are left out.
        """
        with self._database.read() as session:
            found = page_of_batches(session, wanted or Wanted(), after=after, limit=limit)
            rows = sorted(counts_of(session, [row.id for row in found.batches]), key=lambda row: str(row[0]))
        counts = {batch_id: list(of) for batch_id, of in groupby(rows, key=lambda row: row[0])}
        return BatchPage(
            batches=tuple(BatchRecord.of(row, counts.get(row.id, ())) for row in found.batches),
            next=found.next,
        )

    def count(self, wanted: Wanted) -> int:
        """How many are wanted."""
        with self._database.read() as session:
            return count_batches(session, wanted)

    def position(self, batch_id: str) -> Position:
        """Where this batch stands in lists; BatchNotFound."""
        with self._database.read() as session:
            row = get_batch(session, batch_id)
            return Position(created_at=row.created_at, id=row.id)
