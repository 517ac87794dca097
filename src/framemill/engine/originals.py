"""Jobs that bring an original: how they are known, and what their end means for the video and the address.

Bringing it is `engine.bringing`'s. An address may hold a secret, so no longer
than it can be needed its whole is kept.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from framemill.domain.sources import Url
from framemill.domain.states import JobState
from framemill.engine.failures import KEEPS_WORK
from framemill.store.makings import fail_original, give_up_original
from framemill.store.tables import Job

Json = dict[str, Any]  # Any: JSON as the tables hold it

INPUT = "original"  # what the job calls it
BRINGS = "bring"  # the kind and the key of its only task
KEPT = "kept"  # in an error: a retry would go on with what came


def brings(job: Job) -> bool:
    """True where the job fetches the original of its video."""
    return job.video_id is not None and "url" in job.inputs.get(INPUT, {})


def is_forgotten(job: Job) -> bool:
    """True where nobody knows any more what it is still to fetch."""
    return brings(job) and not job.inputs[INPUT]["url"] and "video" not in job.inputs[INPUT]


def forget_address(job: Job) -> None:
    """Keep of the address what may be shown."""
    facts = job.inputs.get(INPUT, {})
    if facts.get("url"):
        shown = {"url": "", "path": Url(facts["url"]).label, "size": None, "mtime_ns": None, "digest": None}
        job.inputs = {**job.inputs, INPUT: {**facts, **shown}}


def settle_original(session: Session, job: Job, *, now: datetime) -> None:
    """The job has ended, within its transaction: a video without original is failed, or given up."""
    if not brings(job) or job.video_id is None:
        return
    error = job.error or {}
    if job.state == JobState.CANCELLED:
        give_up_original(session, job.video_id, now=now)
    elif job.state == JobState.FAILED:
        said = {name: error.get(name) for name in ("code", "message", "hint")}
        fail_original(session, job.video_id, said, now=now)
        if error.get(KEPT) or error.get("code") in KEEPS_WORK:
            return  # a retry goes on with it
    forget_address(job)
