"""Builders for tests of webhooks: a workspace, jobs that change, webhooks and couriers on one database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from framemill.domain.states import JobState
from framemill.domain.videos import VideoState
from framemill.domain.webhooks import EVENTS
from framemill.fetch.addresses import AllowList, parse
from framemill.fetch.guard import Guard
from framemill.fetch.posting import Poster
from framemill.services.courier import Courier
from framemill.services.webhook_records import DeliveryRecord, NewWebhook
from framemill.services.webhook_secrets import Sealed
from framemill.services.webhooks import Webhooks
from framemill.store.database import Database
from framemill.store.jobs import get_job, new_id
from framemill.store.video_tables import Collection, Video, Workspace
from framemill.store.videos import get_video
from tests.engines import Clock
from tests.servers.receiver import Receiver
from tests.unit.store.rows import add_job

SEALED = Sealed(["a secret of the tests"])


@dataclass
class Office:
    """A database with one workspace, and everything around it that tells webhooks."""

    database: Database
    clock: Clock
    allow: Sequence[str] = ()
    timeout_s: float = 10.0
    workspace: str = field(default_factory=new_id)
    name: str = "here"
    collection: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        # Signatures are of the day on which they are checked.
        self.clock.at = datetime.now(UTC)
        with self.database.write() as session:
            now = self.clock()
            session.add(
                Workspace(id=self.workspace, name=self.name, title=self.name, created_at=now, updated_at=now)
            )

    def courier(self) -> Courier:
        """One of several there may be."""
        poster = Poster(self.guard, timeout_s=self.timeout_s, agent="tests")
        return Courier(self.database, poster=poster, sealed=lambda: SEALED, spread=lambda: 0.0)

    @property
    def guard(self) -> Guard:
        """What may be reached."""
        return Guard(AllowList.of(self.allow), setting="FRAMEMILL_WEBHOOK_ALLOW")

    @property
    def webhooks(self) -> Webhooks:
        """The use cases."""
        return Webhooks(
            self.database,
            judge=lambda url: self.guard.judge(parse(url)),
            sealed=lambda: SEALED,
            send=self.courier().send,
        )

    def hook(self, receiver: Receiver, *, events: Sequence[str] = EVENTS) -> NewWebhook:
        """A webhook for all that happens."""
        return self.webhooks.create(self.workspace, receiver.url, events=events)

    def job(self, *, state: JobState | None = None, workspace: str | None = None, **columns: Any) -> str:  # noqa: ANN401 - columns of Job
        """A job that is submitted, and comes into a state if one is given."""
        now = self.clock()
        place = workspace or self.workspace
        job_id = add_job(self.database, workspace_id=place, created_at=now, updated_at=now)
        if state is not None:
            self.change(job_id, state=state, **columns)
        return job_id

    def change(self, job_id: str, **columns: Any) -> None:  # noqa: ANN401 - columns of Job
        """Something becomes of it."""
        with self.database.write() as session:
            job = get_job(session, job_id, lock=True)
            for name, value in columns.items():
                setattr(job, name, value)

    def video(self) -> str:
        """A video whose original is on its way."""
        times = {"created_at": self.clock(), "updated_at": self.clock()}
        video_id = new_id()
        with self.database.write() as session:
            if session.get(Collection, self.collection) is None:
                session.add(
                    Collection(id=self.collection, workspace_id=self.workspace, name="uploads", **times)
                )
                session.flush()
            session.add(
                Video(
                    id=video_id,
                    workspace_id=self.workspace,
                    collection_id=self.collection,
                    title="film",
                    filename="film.mp4",
                    state=VideoState.UPLOADING,
                    bytes=5,
                    uploader="ann",
                    **times,
                )
            )
        return video_id

    def change_video(self, video_id: str, **columns: Any) -> None:  # noqa: ANN401 - columns of Video
        """Something becomes of it."""
        with self.database.write() as session:
            video = get_video(session, video_id, lock=True)
            for name, value in columns.items():
                setattr(video, name, value)

    def deliver(self, courier: Courier | None = None) -> None:
        """One round of a courier, to its end."""
        mine = courier or self.courier()
        while mine.round() == 0.0:
            pass
        mine.wait()
        if courier is None:
            mine.close()

    def later(self, **span: float) -> None:
        """Time passes."""
        self.clock.at += timedelta(**span)

    def log(self, hook: NewWebhook) -> tuple[DeliveryRecord, ...]:
        """What the webhook was told, the oldest first."""
        return self.webhooks.deliveries(hook.webhook.id)[::-1]


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """The types of messages that came, and the jobs they are about."""
    bodies = [json.loads(one.body) for one in receiver.told]
    return [(body["type"], body["data"].get("job_id", "")) for body in bodies]
