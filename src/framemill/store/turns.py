"""Fair share: among jobs of equal priority, owners take turns.

Each waiting job has a turn. An owner who has none waiting is served next; one
who has gets in line behind the own last job, so that a thousand jobs of one
owner delay the first of another by one. Two index look-ups, no table of shares.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from framemill.domain.states import JobState
from framemill.store.tables import Job


def next_turn(session: Session, *, owner: str, priority: int) -> int:
    """The turn of a job that `owner` submits now."""
    waiting = (Job.state == JobState.QUEUED, Job.priority == priority)
    own = session.scalar(select(func.max(Job.turn)).where(*waiting, Job.owner == owner))
    return max(front_turn(session, priority=priority), -1 if own is None else own + 1)


def front_turn(session: Session, *, priority: int) -> int:
    """The turn of the job that is served next."""
    waiting = (Job.state == JobState.QUEUED, Job.priority == priority)
    return session.scalar(select(func.min(Job.turn)).where(*waiting)) or 0
