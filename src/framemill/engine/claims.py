"""Whose a claimed task is, and giving one up whose job has ended."""

from framemill.domain.states import JobState, TaskState
from framemill.store.database import Database
from framemill.store.jobs import get_job, tasks_of
from framemill.store.tables import Task
from framemill.store.tasks import release


def let_go(database: Database, claimed: Task) -> bool:
    """Give up a task whose job has ended; True for the last one out, who clears up."""
    with database.write(durable=True) as session:
        job = get_job(session, claimed.job_id, lock=True)
        tasks = tasks_of(session, job.id, lock=True)
        leased = [task for task in tasks if task.state == TaskState.LEASED]
        mine = [t for t in leased if t.id == claimed.id and t.lease_token == claimed.lease_token]
        if not JobState(job.state).ended or not mine:
            return False
        release(mine[0], TaskState.CANCELLED, now=database.now(session))
        return len(leased) == 1


def is_alone(database: Database, claimed: Task) -> bool:
    """True where no other task of the job is being run."""
    with database.read() as session:
        return not any(
            task.state == TaskState.LEASED and task.id != claimed.id
            for task in tasks_of(session, claimed.job_id)
        )


def is_mine(database: Database, claimed: Task) -> bool:
    """True while the claim holds: until then, and no longer, the job's files may be touched."""
    with database.read() as session:
        task = session.get_one(Task, claimed.id)
        return task.lease_token == claimed.lease_token and task.state == TaskState.LEASED
