"""What a batch does with each input, and what became of one. Submitting is `services.batches`' work."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import UUID

from framemill.domain.sources import Source
from framemill.domain.states import JobState
from framemill.errors import FramemillError
from framemill.operations.spec import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is done with each input, and where results go. Equal work is the same batch."""

    kind: str  # for listings: the pipeline's or operation's name
    specs: tuple[Spec, ...]
    destination: Path  # absolute
    others: Mapping[str, Source] = field(default_factory=dict)  # inputs that every job reads beside its own
    name: str = ""  # tells batches apart that would do the same
    purpose: str = "batch"
    overwrite: bool = False
    priority: int = 5
    owner: str = ""

    @property
    def batch_id(self) -> str:
        """The batch's id: always the same for the same work, so that asking again goes on with it."""
        what = [
            *(self.purpose, self.name, self.kind, str(self.destination), self.overwrite, self.owner),
            [spec.model_dump(mode="json") for spec in self.specs],
            {name: str(path) for name, path in self.others.items()},
        ]
        return str(UUID(bytes=hashlib.sha256(json.dumps(what).encode()).digest()[:16], version=5))

    @property
    def title(self) -> str:
        """What lists call it."""
        return f"{self.kind}: {self.name}" if self.name else self.kind

    def key(self, identity: str) -> str:
        """The idempotency key of the job for an input, whose `identity` says which file it is."""
        return f"{self.purpose}:{self.batch_id}:{hashlib.sha256(os.fsencode(identity)).hexdigest()[:32]}"


class Item(Protocol):
    """One input of a batch."""

    @property
    def path(self) -> Source:
        """The file, or the address."""

    @property
    def place(self) -> Path:
        """The folder below the destination that is its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of one input: its job, or why there is none."""

    path: Source
    place: Path  # its results' folder
    job_id: str | None = None
    state: JobState | None = None
    fresh: bool = False  # submitted just now
    error: FramemillError | None = None
