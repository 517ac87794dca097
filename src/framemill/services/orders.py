"""Orders: jobs whose files come over a connection, from what is asked for until all of it is gone again.

Who may order what, and what is said over the connection, the door decides.
Ends of orders that nobody holds are `services.order_watch`'s, their results
`services.order_results`'.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from framemill.domain.orders import Taken
from framemill.domain.sniffing import ENDINGS
from framemill.domain.sources import Source, Url
from framemill.domain.states import JobState
from framemill.domain.uploads import Limits
from framemill.engine import transfer
from framemill.engine.beginnings import understood
from framemill.engine.workspace import remove
from framemill.errors import DiskFull, IllegalTransition, InvalidSpec, JobNotFound
from framemill.operations.spec import references
from framemill.services.jobs import Jobs
from framemill.services.order_files import Receiver
from framemill.services.order_records import OrderRecord, Sent, Stored, Wanted
from framemill.services.video_jobs import VideoJobs
from framemill.storage.blobs import BlobStore
from framemill.store.base import Json
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.order_tables import Order
from framemill.store.orders import Look, forget, get_order, hold, looks
from framemill.store.workers import audit

_KINDS = {Sent: "upload", Url: "url", Stored: "video"}
PREFIX = "orders/"  # of keys of results that are fetched by address


@dataclass(slots=True, kw_only=True)
class Placed:
    """An order whose files are coming. It lives in one process, and ends with it."""

    id: str
    wanted: Wanted
    receivers: dict[str, Receiver] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """True where every file is here."""
        return all(receiver.complete for receiver in self.receivers.values())

    def close(self) -> None:
        """Let go of all files."""
        for receiver in self.receivers.values():
            receiver.close()


class Orders:
    """The use cases around orders; safe to use from many threads."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        video_jobs: VideoJobs,
        *,
        folder: Path,
        blobs: Callable[[], BlobStore],
        judge: Callable[[str], None],  # what can be said of an address at once; AddressRefused
        limits: Limits,
        floor: int = 0,
        grace: timedelta = timedelta(seconds=30),
    ) -> None:
        self.folder = folder
        self.grace = grace
        self._database = database
        self._jobs = jobs
        self._video_jobs = video_jobs
        self._blobs = blobs
        self._judge = judge
        self._limits = limits
        self._floor = floor

    def place(self, wanted: Wanted, *, held_for: timedelta) -> Placed:
        """Note what is asked for, and prepare for its files; `accept` follows when they are complete.

        Raises InvalidSpec, InvalidUpload, LimitExceeded, AddressRefused,
        VideoNotFound, IllegalTransition, DiskFull. Then nothing is left.
        """
        kinds = _kinds(wanted)
        taken = {
            name: Taken(origin.filename, kinds.get(name, "media"), limits=self._limits)
            for name, origin in wanted.inputs.items()
            if isinstance(origin, Sent)
        }
        for origin in wanted.inputs.values():
            if isinstance(origin, Url):
                self._judge(understood(origin).text)
            elif isinstance(origin, Stored):
                self._video_jobs.original(origin.video_id)
        placed = Placed(id=new_id(), wanted=wanted)
        with self._database.write() as session:
            now = self._database.now(session)
            session.add(
                Order(
                    id=placed.id,
                    owner=wanted.owner,
                    workspace_id=wanted.workspace_id,
                    results=wanted.results,
                    detached=wanted.detached,
                    held_until=now + held_for,
                    created_at=now,
                )
            )
        try:
            self._prepare(placed, taken)
        except BaseException:
            placed.close()
            self.remove(placed.id)
            raise
        self._note(placed.id, wanted.owner, "job.ordered", _told(wanted))
        return placed

    def accept(self, placed: Placed) -> None:
        """Submit the job of an order whose files are complete; as `place`, and `Jobs.submit`."""
        self._submit(placed)
        try:
            self.get(placed.id)
        except JobNotFound:  # it was given up meanwhile
            with suppress(IllegalTransition):
                self._jobs.cancel(placed.id, actor=placed.wanted.owner)

    def _submit(self, placed: Placed) -> None:
        wanted, videos = placed.wanted, _videos(placed.wanted)
        if len(videos) == len(wanted.inputs):
            self._video_jobs.submit(
                (wanted.spec,),
                video=videos.get("input") or next(iter(videos.values())),
                inputs=videos,
                priority=wanted.priority,
                owner=wanted.owner,
                job_id=placed.id,
            )
            return
        place = self.folder / placed.id
        self._jobs.submit(
            (wanted.spec,),
            inputs={name: self._source(placed, name, place / "in") for name in wanted.inputs},
            destination=place / "out",
            priority=wanted.priority,
            owner=wanted.owner,
            workspace_id=wanted.workspace_id,
            job_id=placed.id,
        )

    def get(self, order_id: str) -> OrderRecord:
        """One order; JobNotFound."""
        with self._database.read() as session:
            return OrderRecord.of(get_order(session, order_id))

    def look(self, order_ids: Sequence[str]) -> Mapping[str, Look]:
        """How far their jobs are, of those that have one."""
        with self._database.read() as session:
            return looks(session, order_ids)

    def hold(self, order_ids: Iterable[str], *, held_for: timedelta) -> None:
        """Note that somebody has them for this long."""
        with self._database.write() as session:
            hold(session, order_ids, self._database.now(session) + held_for)

    def let_go(self, order_ids: Iterable[str]) -> None:
        """Note that nobody has them now: the grace time begins."""
        self.hold(order_ids, held_for=self.grace)

    def cancel(self, order_id: str, *, actor: str) -> None:
        """Cancel its job, and give the order up; IllegalTransition where it has completed."""
        try:
            self._jobs.cancel(order_id, actor=actor)
        except JobNotFound:  # its files were still coming
            self._note(order_id, actor, "job.cancelled", {"before": "receiving"})
        self._abandon(order_id)

    def release(self, order_id: str) -> None:
        """Remove an order that is over, with its results; IllegalTransition where it is not.

        Results on stored videos stay, as their artifacts.
        """
        state = self._state(order_id)
        if state is not None and not state.ended:
            raise IllegalTransition(f"job {order_id} has not ended", hint="cancel it first")
        if state is JobState.COMPLETED:
            self.remove(order_id)
        else:
            self._abandon(order_id)  # a worker may still be clearing up

    def remove(self, order_id: str) -> None:
        """Remove the files of an order on this machine and in the store, then its row."""
        remove(self.folder / order_id)
        with self._database.read() as session:
            try:
                urls = get_order(session, order_id).results == "urls"
            except JobNotFound:
                return
        if urls:
            transfer.remove_prefix(self._blobs(), f"{PREFIX}{order_id}/")
        with self._database.write() as session:
            forget(session, order_id)

    def _note(self, order_id: str, actor: str, action: str, data: Json) -> None:
        with self._database.write() as session:
            now = self._database.now(session)
            audit(session, at=now, actor=actor, action=action, subject=f"job:{order_id}", data=data)

    def _abandon(self, order_id: str) -> None:
        with self._database.write() as session, suppress(JobNotFound):
            row = get_order(session, order_id)
            row.held_until, row.detached = self._database.now(session), False

    def _state(self, order_id: str) -> JobState | None:
        found = self.look([order_id]).get(order_id)
        return found.state if found else None

    def _prepare(self, placed: Placed, taken: Mapping[str, Taken]) -> None:
        if len(_videos(placed.wanted)) == len(placed.wanted.inputs):
            return
        inbox = self.folder / placed.id / "in"
        try:
            inbox.parent.mkdir(parents=True, mode=0o700)
            inbox.mkdir()
        except OSError as error:
            raise DiskFull("no folder can be made for the order", hint="try again later") from error
        for name, one in taken.items():
            origin = placed.wanted.inputs[name]
            size = origin.size if isinstance(origin, Sent) else None
            path = inbox / f"{name}.{one.ending}"
            placed.receivers[name] = Receiver(path, one, size=size, floor=self._floor)

    def _source(self, placed: Placed, name: str, inbox: Path) -> Source:
        origin = placed.wanted.inputs[name]
        if isinstance(origin, Url):
            return origin
        if isinstance(origin, Sent):
            return placed.receivers[name].path
        facts = self._video_jobs.original(origin.video_id)
        ending = str(facts["path"]).rpartition(".")[2].lower()
        path = inbox / f"{name}.{ending if ending in ENDINGS else 'mkv'}"
        transfer.get(self._blobs(), str(facts["key"]), path, check=lambda: None)
        return path


def _told(wanted: Wanted) -> Json:
    """What the audit trail says of an order: neither names of files nor addresses."""
    return {
        "operation": wanted.spec.op,
        "workspace": wanted.workspace_id,
        "inputs": {name: _KINDS[type(origin)] for name, origin in wanted.inputs.items()},
        "detached": wanted.detached,
    }


def _videos(wanted: Wanted) -> dict[str, str]:
    return {name: one.video_id for name, one in wanted.inputs.items() if isinstance(one, Stored)}


def _kinds(wanted: Wanted) -> dict[str, str]:
    """What each input is read as; InvalidSpec where the spec names one that is not there."""
    if not wanted.inputs:
        raise InvalidSpec("there is no input", hint="give `input`, or several as `inputs`")
    found = {ref: (field, kind) for field, ref, kind in references(wanted.spec)}
    if missing := next((ref for ref in found if ref not in wanted.inputs), None):
        raise InvalidSpec(
            f"{found[missing][0]}: there is no input called {missing[:80]!r}",
            hint=f"the inputs are {', '.join(wanted.inputs)}",
        )
    return {ref: kind for ref, (_, kind) in found.items()}
