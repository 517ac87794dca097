"""Where `framemill jobs` looks: the services of this machine's settings, or a server's API."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import typer

from framemill.cli.opened import nobody_works, opened
from framemill.cli.server_choice import chosen, connected

if TYPE_CHECKING:
    from framemill.app import App
    from framemill.client.connection import Server
    from framemill.services.records import JobDetail, JobPage, JobRecord, LogRecord
    from framemill.store.listing import Wanted


class Jobs(Protocol):
    """Jobs, wherever they are. Raises JobNotFound, IllegalTransition and what the way there raises."""

    def find(self, part: str) -> tuple[str, ...]:
        """Ids of jobs that begin with `part` or end with it, a few at most."""

    def get(self, job_id: str) -> "JobRecord":
        """One job."""

    def show(self, job_id: str) -> "JobDetail":
        """One job with its steps and what it made."""

    def list(self, *, limit: int) -> "Sequence[JobRecord]":
        """The newest ones."""

    def page(self, wanted: "Wanted", *, before: str | None = None, limit: int) -> "JobPage":
        """Some of those that are wanted, the newest first."""

    def logs(self, job_id: str, *, after: int = 0) -> "Sequence[LogRecord]":
        """A page of what happened to a job, oldest first."""

    def cancel(self, job_id: str, *, actor: str = "") -> None:
        """End it; doing so again changes nothing."""

    def pause(self, job_id: str, *, actor: str = "") -> None:
        """Hold it up."""

    def resume(self, job_id: str, *, actor: str = "") -> None:
        """Let it go on."""

    def retry(self, job_id: str, *, actor: str = "") -> None:
        """Queue it again."""

    def set_priority(self, job_id: str, priority: int, *, actor: str = "") -> None:
        """Make it more or less urgent."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One of them."""

    jobs: Jobs
    app: "App | None"  # None: they are a server's
    server: "Server | None"

    def whole_id(self, given: str) -> str:
        """The id of the job that `given` begins or ends."""
        if not given.strip():  # an unset variable of a script would fit every job
            raise typer.BadParameter("give a job's id", param_hint="JOB")
        near = self.jobs.find(given)
        if len(near) > 1:
            raise typer.BadParameter(f"{given!r} fits several jobs; write more of it", param_hint="JOB")
        return near[0] if near else given

    @property
    def idle(self) -> bool:
        """True where what is queued will wait; of a server nobody here knows."""
        return self.app is not None and nobody_works(self.app)


@contextmanager
def desk() -> Iterator[Desk]:
    """The jobs of the server that was chosen, else those of this machine."""
    if (choice := chosen()) is not None:
        from framemill.client.jobs import Jobs as There

        with connected(choice) as server:
            yield Desk(There(server), None, server)
    else:
        with opened() as app:
            yield Desk(app.jobs, app, None)


def ids(incomplete: str) -> list[str]:
    """What the shell offers where a job is to be named: the newest ones."""
    with desk() as found:
        return [job.id for job in found.jobs.list(limit=50) if job.id.startswith(incomplete)]
