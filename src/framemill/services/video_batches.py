"""Many jobs on stored videos, accepted together. Showing and ending them is `services.batches`' work."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.engine.accepting import enqueue
from framemill.engine.dispatch import Dispatcher, Unheard, wakes
from framemill.errors import FramemillError, IdempotencyConflict
from framemill.operations.spec import Spec
from framemill.services.jobs import asked
from framemill.services.video_jobs import request_on
from framemill.store.batches import ensure_batch, known_jobs
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.makings import lock_videos
from framemill.store.tables import Job, Task
from framemill.store.turns import next_turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One job of a batch."""

    specs: Sequence[Spec]
    video: str
    inputs: Mapping[str, str]
    priority: int
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one wish: its job, or why there is none."""

    job_id: str | None = None
    error: FramemillError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBatch:
    """What became of all of them, in their order."""

    id: str
    items: tuple[Taken, ...]


class VideoBatches:
    """The use case around batches on stored videos."""

    def __init__(
        self, database: Database, *, dispatcher: Dispatcher | None = None, max_attempts: int = 3
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher or Unheard()
        self._max_attempts = max_attempts

    def submit(
        self,
        wishes: Sequence[Wish],
        *,
        title: str,
        owner: str,
        sees: Callable[[str | None], bool],
        idempotency_key: str | None = None,
    ) -> TakenBatch:
        """Accept every wish that can be; in one transaction, so a crash leaves all of them or none.

        `sees` says which workspaces exist for whoever asks. An idempotency key
        is its owner's and gives the same jobs again. A wish that cannot be
        accepted is told in its place; where none can be there is no batch, and
        the first one's error is raised. IdempotencyConflict where the key was
        another batch's.
        """
        batch_id = new_id() if idempotency_key is None else _id_of(owner, idempotency_key)
        try:
            return self._accept(batch_id, wishes, title=title, owner=owner, sees=sees)
        except IntegrityError:
            # Somebody else submits the same; now theirs are found.
            return self._accept(batch_id, wishes, title=title, owner=owner, sees=sees)

    def _accept(
        self,
        batch_id: str,
        wishes: Sequence[Wish],
        *,
        title: str,
        owner: str,
        sees: Callable[[str | None], bool],
    ) -> TakenBatch:
        tasks: list[Task] = []
        items: list[Taken] = []
        keys = [f"batch:{batch_id}:{number}" for number in range(len(wishes))]
        with self._database.write(durable=True) as session:
            known = known_jobs(session, owner=owner, keys=keys)
            ensure_batch(session, batch_id, title=title, owner=owner, now=self._database.now(session))
            lock_videos(session, [wish.video for wish in wishes])
            turns: dict[int, int] = {}  # the next one of each priority
            for key, wish in zip(keys, wishes, strict=True):
                before = known.get(key)
                try:
                    job = request_on(
                        session,
                        wish.specs,
                        video=wish.video,
                        inputs=wish.inputs,
                        kind=wish.kind,
                        owner=owner,
                        sees=sees,
                    )
                except FramemillError as error:
                    # What was accepted stays so, whatever became of its video.
                    items.append(Taken(error=error) if before is None else Taken(job_id=before.id))
                    continue
                if before is not None:
                    if asked(before) != asked(job):
                        raise IdempotencyConflict(key, job_id=before.id)
                    items.append(Taken(job_id=before.id))
                    continue
                job.batch_id, job.idempotency_key = batch_id, key
                tasks += self._enqueued(session, job, wish, turns)
                items.append(Taken(job_id=job.id))
            if all(item.error for item in items) and items[0].error:
                raise items[0].error
        self._dispatcher.nudge(wakes(tasks))
        return TakenBatch(id=batch_id, items=tuple(items))

    def _enqueued(self, session: Session, job: Job, wish: Wish, turns: dict[int, int]) -> list[Task]:
        if (turn := turns.get(wish.priority)) is None:
            turn = next_turn(session, owner=job.owner, priority=wish.priority)
        turns[wish.priority] = turn + 1  # behind the one before, as `next_turn` would say
        return enqueue(
            session,
            job,
            priority=wish.priority,
            turn=turn,
            lane="",
            max_attempts=self._max_attempts,
            now=self._database.now(session),
        )


def _id_of(owner: str, key: str) -> str:
    """The id of the batch under this key: always the same one."""
    digest = hashlib.sha256(json.dumps(["api", owner, key]).encode()).digest()
    return str(UUID(bytes=digest[:16], version=5))
