"""One connection to the job service: what its client says, and what comes of it."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import Final

from framemill.api.process_desk import Desk
from framemill.api.process_frames import names_in, read_binary, read_text
from framemill.api.process_messages import (
    Attach,
    CancelJob,
    Error,
    Ping,
    Pong,
    Release,
    ResultAck,
    StartJob,
    UploadAck,
    UploadChunk,
)
from framemill.api.process_outbox import Outbox
from framemill.api.process_replies import ack_of, error_of, progress_of
from framemill.api.process_results import Delivery
from framemill.api.process_wishes import owned, wanted
from framemill.api.sockets import Close, Closing, Visit
from framemill.domain.states import JobState
from framemill.errors import Cancelled, FramemillError, JobNotFound, LimitExceeded, MalformedMessage
from framemill.services.order_records import OrderRecord, Results
from framemill.services.orders import Placed
from framemill.store.orders import Look

log = logging.getLogger(__name__)

_MOST_FAULTS: Final = 3
_REMEMBERED: Final = 64  # jobs that are over, of which chunks may still be on their way


class Conversation:
    """Lives as long as its connection."""

    def __init__(self, visit: Visit, desk: Desk) -> None:
        self._visit = visit
        self._desk = desk
        self._app = visit.app
        self._outbox = Outbox(visit)
        self._jobs: dict[str, Results] = {}
        self._running: set[str] = set()
        self._deliveries: dict[str, Delivery] = {}
        self._over: deque[str] = deque(maxlen=_REMEMBERED)
        self._tasks: set[asyncio.Task[None]] = set()
        self._faults = 0
        self._received = 0
        self._opened = self._heard = time.monotonic()

    async def run(self) -> None:
        """Listen until the connection ends. Raises Closing, WebSocketDisconnect."""
        self._desk.enter(self)
        self._spawn(self._outbox.run())
        try:
            while True:
                message = await self._visit.receive()
                self._heard = time.monotonic()
                try:
                    await self._hear(message)
                except MalformedMessage as error:
                    self._fail(error, **names_in(message))
                    self._fault()
        finally:
            self._desk.leave(self)
            for task in self._tasks:
                task.cancel()

    def told(self, order_id: str, look: Look) -> None:
        """How far the job of one of its orders is."""
        if order_id in self._deliveries or order_id not in self._jobs:
            return
        if look.state is JobState.COMPLETED:
            self._running.discard(order_id)
            self._outbox.forget(order_id)
            self._spawn(self._deliver(order_id))
        elif look.state.ended:
            error = look.error or {"code": Cancelled.code, "message": "the job was cancelled"}
            self._spawn(self._end(order_id, error))
        else:
            self._running.add(order_id)
            self._outbox.note(progress_of(order_id, look))

    def taken(self, order_id: str) -> None:
        """Another connection has the order now."""
        self._forget(order_id)
        error = Error(
            code=JobNotFound.code, message="another connection has attached to the job", job_id=order_id
        )
        self._outbox.say(error)

    def check(self, now: float) -> None:
        """End where it is open for too long, or nothing is said and no job runs."""
        s = self._app.settings
        if now - self._opened > s.process_longest.total_seconds():
            self._visit.end(Close.TIMEOUT, "longest: the connection was open for too long")
        elif now - self._heard > s.process_idle.total_seconds() and not self._running:
            self._visit.end(Close.TIMEOUT, "idle: nothing was said for too long")

    async def _hear(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            header, payload = read_binary(message)
            await self._chunk(header, payload)
            return
        said = read_text(message)
        job_id = None if isinstance(said, StartJob | Ping) else said.job_id
        request_id = said.request_id if isinstance(said, StartJob | Attach) else None
        try:
            match said:
                case StartJob():
                    await self._start(said)
                case Attach():
                    await self._attach(said)
                case CancelJob():
                    await self._cancel(said.job_id)
                case Release():
                    await self._release(said.job_id)
                case ResultAck():
                    self._arrived(said)
                case Ping():
                    self._outbox.say(Pong(nonce=said.nonce))
        except FramemillError as error:
            self._fail(error, job_id=job_id, request_id=request_id)

    async def _start(self, wish: StartJob) -> None:
        self._check_room()

        def place() -> Placed:
            return self._app.orders.place(
                wanted(self._app, self._visit.caller, wish), held_for=self._desk.held_for
            )

        placed = await self._desk.work(place)
        self._jobs[placed.id] = wish.results
        self._desk.take(placed.id, self, placed)
        self._outbox.say(ack_of(wish.request_id, placed.id, wish.results, "receiving", placed))
        if placed.complete:
            self._accept(placed)

    def _check_room(self) -> None:
        if len(self._jobs) >= self._app.settings.process_jobs:
            raise LimitExceeded(
                f"this connection has {len(self._jobs)} jobs, and process_jobs is no more",
                hint="wait for one to end, or open another connection",
            )

    async def _attach(self, wish: Attach) -> None:
        job_id, orders = wish.job_id, self._app.orders

        def find() -> tuple[OrderRecord, JobState | None]:
            record = self._owned(job_id)
            orders.hold([record.id], held_for=self._desk.held_for)
            look = orders.look([record.id]).get(record.id)
            return record, look.state if look else None

        if job_id not in self._jobs:
            self._check_room()
        record, state = await self._desk.work(find)
        placed = self._desk.placed(record.id)
        if state is None and placed is None:
            raise JobNotFound(job_id)  # its files were on their way to a process that is no more
        self._desk.take(record.id, self)
        self._jobs[record.id] = record.results
        self._outbox.say(ack_of(wish.request_id, record.id, record.results, state or "receiving", placed))

    async def _chunk(self, header: UploadChunk, payload: memoryview) -> None:
        job_id = header.job_id
        if job_id in self._over:
            return  # it was on its way when the job ended
        placed = self._desk.placed(job_id) if job_id in self._jobs else None
        receiver = placed.receivers.get(header.input) if placed is not None else None
        if placed is None or receiver is None:
            self._fail(JobNotFound(job_id), job_id=job_id)
            self._fault()
            return
        self._received += len(payload)
        if self._received > self._app.settings.process_max_bytes:
            raise Closing(Close.TOO_LARGE, "total: more than process_max_bytes came in")
        try:
            await self._desk.work(lambda: receiver.take(header.seq, payload, last=header.last))
        except FramemillError as error:
            await self._give_up(job_id, error)
            return
        self._outbox.say(UploadAck(job_id=job_id, input=header.input, seq=header.seq, bytes=receiver.bytes))
        if placed.complete:
            self._accept(placed)

    def _accept(self, placed: Placed) -> None:
        async def accept() -> None:
            try:
                await self._desk.work(lambda: self._app.orders.accept(placed))
            except FramemillError as error:
                await self._give_up(placed.id, error)
            else:
                self._desk.complete(placed.id)

        self._running.add(placed.id)
        # The job is wanted also where the connection is lost just now: who attaches finds it.
        self._desk.background(accept())

    async def _give_up(self, job_id: str, error: FramemillError) -> None:
        self._forget(job_id)
        self._desk.forget(job_id)
        self._fail(error, job_id=job_id)
        await self._desk.work(lambda: self._app.orders.remove(job_id))

    async def _cancel(self, job_id: str) -> None:
        actor = self._visit.caller.name
        await self._desk.work(lambda: self._app.orders.cancel(self._owned(job_id).id, actor=actor))
        self._forget(job_id)
        self._desk.abandon(job_id)
        self._fail(Cancelled("the job was cancelled"), job_id=job_id)

    async def _release(self, job_id: str) -> None:
        await self._desk.work(lambda: self._app.orders.release(self._owned(job_id).id))
        self._forget(job_id)
        self._desk.forget(job_id)

    async def _deliver(self, job_id: str) -> None:
        delivery = self._deliveries[job_id] = Delivery(job_id, self._desk, self._outbox)
        results = self._jobs[job_id]
        try:
            await delivery.run(results)
        except FramemillError as error:
            self._fail(error, job_id=job_id)
            return
        finally:
            self._deliveries.pop(job_id, None)
        if results == "stream":
            self._fetched(job_id)
        else:  # addresses are valid for a while, whoever is connected
            self._forget(job_id)
            self._desk.forget(job_id)

    def _fetched(self, job_id: str) -> None:
        """All results are with the client, which may be gone the next moment."""
        if job_id in self._jobs:
            self._forget(job_id)
            self._desk.forget(job_id)
            self._desk.background(self._released(job_id))

    async def _end(self, job_id: str, error: dict[str, str]) -> None:
        """Its job failed, or was cancelled by somebody."""
        self._forget(job_id)
        self._desk.abandon(job_id)
        self._outbox.say(
            Error(code=error["code"], message=error["message"], hint=error.get("hint"), job_id=job_id)
        )
        self._desk.background(self._released(job_id))

    async def _released(self, job_id: str) -> None:
        with suppress(FramemillError):  # else the watch removes it in a while
            await self._desk.work(lambda: self._app.orders.release(job_id))

    def _arrived(self, said: ResultAck) -> None:
        if (delivery := self._deliveries.get(said.job_id)) is not None:
            delivery.arrived(said.bytes)
            if delivery.fetched:
                self._fetched(said.job_id)

    def _owned(self, job_id: str) -> OrderRecord:
        return owned(self._app, self._visit.caller, job_id)

    def _forget(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)
        self._running.discard(job_id)
        self._outbox.forget(job_id)
        self._over.append(job_id)

    def _fail(
        self, error: FramemillError, *, job_id: str | None = None, request_id: str | None = None
    ) -> None:
        self._outbox.say(error_of(error, job_id=job_id, request_id=request_id))

    def _fault(self) -> None:
        self._faults += 1
        if self._faults > _MOST_FAULTS:
            raise Closing(Close.BAD_MESSAGE, "malformed: several messages could not be understood")

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("process.crashed", exc_info=error)
            self._visit.end(Close.FAULT, "something unexpected happened; this is a defect of Framemill")
