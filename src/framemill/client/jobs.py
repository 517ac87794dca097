"""A server's jobs: asking for one, looking, steering. Called as `services.jobs` is."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from framemill.client.connection import API, Server
from framemill.client.records import detail_of, job_of, log_of
from framemill.errors import JobNotFound, NotSupported
from framemill.services.records import JobDetail, JobPage, JobRecord, LogRecord
from framemill.store.listing import Wanted

_JOBS = f"{API}/jobs"
_PAGE = 200
_LINES = 1000


class Jobs:
    """The jobs that the key may see."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def submit(self, body: Mapping[str, Any]) -> str:  # Any: JSON
        """Ask for a job, once however often it takes to hear the answer; returns its id."""
        told = self._server.ask("POST", _JOBS, dict(body), key=uuid4().hex)
        return job_of(told).id

    def find(self, part: str) -> tuple[str, ...]:
        """The job with this id; else ids of the newest jobs that begin or end with it."""
        if _is_id(part):
            return (part,)
        newest = self._server.ask("GET", _JOBS, params={"limit": _PAGE})["items"]
        ids = [str(one["id"]) for one in newest]
        return tuple(one for one in ids if one.startswith(part) or one.endswith(part))

    def get(self, job_id: str) -> JobRecord:
        """One job; JobNotFound."""
        return job_of(self._server.ask("GET", _path(job_id)))

    def show(self, job_id: str) -> JobDetail:
        """One job with its steps and what it made; JobNotFound."""
        return detail_of(self._server.ask("GET", _path(job_id)))

    def list(self, *, limit: int) -> Sequence[JobRecord]:
        """The newest ones."""
        return self.page(Wanted(), limit=limit).jobs

    def page(self, wanted: Wanted, *, before: str | None = None, limit: int) -> JobPage:
        """Some of those that are wanted, the newest first; NotSupported for what no server looks for."""
        if wanted.name is not None:
            raise NotSupported("a server does not look for names of inputs", hint="leave --input away")
        asked = {"state": [str(state) for state in wanted.states], "kind": wanted.kind}
        asked |= {"owner": wanted.owner, "batch": wanted.batch_id}
        found: list[JobRecord] = []
        cursor = None if before is None else _cursor(before)
        while True:
            params = {**asked, "limit": min(_PAGE, limit - len(found)), "cursor": cursor}
            data = self._server.ask(
                "GET", _JOBS, params={name: value for name, value in params.items() if value is not None}
            )
            found += map(job_of, data["items"])
            cursor = data.get("next_cursor")
            if cursor is None or len(found) >= limit:
                return JobPage(jobs=tuple(found), next=None if cursor is None else _position(cursor))

    def logs(self, job_id: str, *, after: int = 0) -> tuple[LogRecord, ...]:
        """A page of what happened to a job, oldest first."""
        params = {"after": after, "limit": _LINES}
        return tuple(map(log_of, self._server.ask("GET", f"{_path(job_id)}/logs", params=params)))

    def cancel(self, job_id: str, *, actor: str = "") -> None:  # noqa: ARG002 - the server knows whose key it is
        """End it; doing so again changes nothing."""
        self._steer(job_id, "cancel", again=True)

    def pause(self, job_id: str, *, actor: str = "") -> None:  # noqa: ARG002 - the same
        """Hold it up."""
        self._steer(job_id, "pause")

    def resume(self, job_id: str, *, actor: str = "") -> None:  # noqa: ARG002 - the same
        """Let it go on."""
        self._steer(job_id, "resume")

    def retry(self, job_id: str, *, actor: str = "") -> None:  # noqa: ARG002 - the same
        """Queue it again."""
        self._steer(job_id, "retry")

    def set_priority(self, job_id: str, priority: int, *, actor: str = "") -> None:  # noqa: ARG002 - the same
        """Make it more or less urgent."""
        self._server.ask("PUT", f"{_path(job_id)}/priority", {"priority": priority}, again=True)

    def _steer(self, job_id: str, how: str, *, again: bool = False) -> None:
        self._server.ask("POST", f"{_path(job_id)}/{how}", again=again)


def _path(job_id: str) -> str:
    if not _is_id(job_id):
        raise JobNotFound(job_id)
    return f"{_JOBS}/{job_id}"


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _cursor(job_id: str) -> str:
    """A page's cursor: the id that the page before ended with."""
    if not _is_id(job_id):
        raise JobNotFound(job_id)
    return base64.urlsafe_b64encode(UUID(job_id).bytes).decode().rstrip("=")


def _position(cursor: str) -> str | None:
    try:
        return str(UUID(bytes=base64.urlsafe_b64decode(f"{cursor}==")))
    except (binascii.Error, ValueError):
        return None
