"""What the job service says of orders, in its messages."""

from framemill.api.process_frames import MOST_CHUNK
from framemill.api.process_messages import Ack, Awaited, Error, Progress
from framemill.api.process_results import WINDOW
from framemill.domain.states import JobState
from framemill.errors import FramemillError
from framemill.services.order_records import Results
from framemill.services.orders import Placed
from framemill.store.orders import Look


def ack_of(request_id: str, job_id: str, results: Results, state: str, placed: Placed | None) -> Ack:
    """An order was taken, and what it still waits for; `state` is its job's, or "receiving"."""
    return Ack(
        request_id=request_id,
        job_id=job_id,
        state="receiving" if state == "receiving" else JobState(state),
        results=results,
        uploads=tuple(
            Awaited(input=name, next_seq=one.next_seq, bytes=one.bytes, complete=one.complete)
            for name, one in (placed.receivers if placed else {}).items()
        ),
        max_chunk=MOST_CHUNK,
        window=WINDOW,
    )


def progress_of(order_id: str, look: Look) -> Progress:
    """How far its job is."""
    return Progress(
        job_id=order_id,
        state=look.state,
        percent=look.progress,
        step=look.step,
        fps=look.fps,
        speed=look.speed,
        eta_s=None if look.eta_ms is None else look.eta_ms / 1000,
    )


def error_of(error: FramemillError, *, job_id: str | None, request_id: str | None) -> Error:
    """What went wrong, with what it belongs to."""
    return Error(
        code=error.code, message=error.message, hint=error.hint, job_id=job_id, request_id=request_id
    )
