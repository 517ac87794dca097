"""What is asked for over the job service, and what its door gets to see of it: frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from framemill.domain.sources import Url
from framemill.operations.spec import Spec
from framemill.services.records import ArtifactRecord
from framemill.store.order_tables import Order

Results = Literal["stream", "urls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A file that comes over the connection."""

    filename: str  # as its sender calls it: only its ending is used
    size: int | None = None  # None: its end will show


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The original of a stored video."""

    video_id: str


Origin = Sent | Url | Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for."""

    spec: Spec
    inputs: Mapping[str, Origin]
    results: Results = "stream"
    detached: bool = False
    priority: int = 5
    owner: str = ""
    workspace_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """An order as its row says."""

    id: str
    owner: str
    workspace_id: str | None
    results: Results
    detached: bool

    @classmethod
    def of(cls, row: Order) -> "OrderRecord":
        """The row as a value."""
        return cls(
            id=row.id,
            owner=row.owner,
            workspace_id=row.workspace_id,
            results="urls" if row.results == "urls" else "stream",
            detached=row.detached,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    """One file of a result; it lies on this machine or in the store."""

    name: str
    bytes: int
    path: Path | None = None
    key: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One artifact, which is a file or a folder of them."""

    artifact: ArtifactRecord
    files: tuple[ResultFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """All that a completed order made."""

    made: tuple[Made, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    expires_at: datetime | None  # of addresses
