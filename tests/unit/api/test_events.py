"""Streams of events and `/ws/jobs` on the real server: who hears what, from where on, until when."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import delete
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from framemill.api.application import create_app
from framemill.api.doorkeeper import Doorkeeper
from framemill.api.hub import Hub
from framemill.app import App
from framemill.domain.states import JobState
from framemill.engine import controls
from framemill.store.event_tables import JobEvent
from framemill.store.jobs import add_log, get_job
from tests.serving import served_asgi
from tests.unit.api.conftest import Place, a_job, bearer

_FAST_S = 0.02
Json = dict[str, Any]


@pytest.fixture(name="url")
def _url(app: App) -> Iterator[str]:
    api = create_app(app)
    api.state.hub = Hub(app, every_s=_FAST_S)
    api.state.doorkeeper = Doorkeeper(app, most_each=3, recheck_s=_FAST_S)
    with served_asgi(api) as url:
        yield url


@dataclass
class Stream:
    """A stream as it is read, event by event."""

    got: "queue.Queue[tuple[str, str, Json] | None]" = field(default_factory=queue.Queue)

    def next(self, kind: str | None = None) -> tuple[str, str, Json]:
        """The next event, of this kind where one is named."""
        while True:
            found = self.got.get(timeout=60)
            assert found is not None, "the stream has ended"
            if kind in {None, found[0]}:
                return found

    def rest(self) -> list[tuple[str, str, Json]]:
        """All until the end."""
        found = []
        while (one := self.got.get(timeout=60)) is not None:
            found.append(one)
        return found


@contextmanager
def _streamed(url: str, key: str, **headers: str) -> Iterator[Stream]:
    stream = Stream()
    with (
        httpx.Client(timeout=60) as client,
        client.stream("GET", url, headers=bearer(key) | headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")

        def read() -> None:
            event: dict[str, str] = {}
            try:
                for line in response.iter_lines():
                    name, _, value = line.partition(": ")
                    if line and name:
                        event[name] = value
                    elif not line and event:
                        stream.got.put(
                            (event.get("event", ""), event.get("id", ""), json.loads(event.get("data", "{}")))
                        )
                        event = {}
            except httpx.HTTPError:
                pass
            stream.got.put(None)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        yield stream


def _change(app: App, job_id: str, **columns: object) -> None:
    with app.database.write() as session:
        job = get_job(session, job_id, lock=True)
        for name, value in columns.items():
            setattr(job, name, value)


def _changes(events: list[tuple[str, str, Json]]) -> list[str]:
    return [data["change"] for kind, _, data in events if kind == "state"]


def test_a_job_is_told_until_it_has_ended(app: App, url: str, here: Place) -> None:
    with _streamed(f"{url}/api/v1/jobs/{here.job}/events?logs=true", here.read) as stream:
        first = stream.next()
        _change(app, here.job, state=JobState.RUNNING, progress=12.5, step="encode")
        progress = stream.next("progress")
        with app.database.write() as session:
            add_log(
                session, job_id=here.job, at=app.database.now(session), message="read /srv/films/film.mp4"
            )
        app.jobs.cancel(here.job)
        rest = stream.rest()

    assert (first[0], first[2]["id"], first[2]["state"]) == ("job", here.job, "queued")
    assert progress[2] == {
        "job_id": here.job,
        "workspace_id": here.workspace,
        "state": "running",
        "percent": 12.5,
        "step": "encode",
        "tasks_total": 0,
        "tasks_done": 0,
        "speed": None,
        "fps": None,
        "eta_ms": None,
    }
    kind, number, last = rest[-1]
    assert (kind, last["change"], last["state"], last["id"]) == (
        "state",
        "cancelled",
        "cancelled",
        int(number),
    )
    assert [data["message"] for kind, _, data in rest if kind == "log"][:1] == ["read film.mp4"]


def test_who_goes_on_misses_no_change(app: App, url: str, here: Place) -> None:
    address = f"{url}/api/v1/jobs/{here.job}/events"
    with _streamed(address, here.read) as stream:
        cursor = stream.next()[1]
    controls.pause(app.database, here.job, actor="")
    controls.resume(app.database, here.job, actor="")
    with _streamed(address, here.read, **{"Last-Event-ID": cursor}) as stream:
        missed = [stream.next(), stream.next(), stream.next()]
    app.jobs.cancel(here.job)
    with _streamed(address, here.read, **{"Last-Event-ID": missed[-1][1]}) as stream:
        rest = stream.rest()

    assert [kind for kind, _, _ in missed] == ["job", "state", "state"]
    assert _changes([*missed, *rest]) == ["paused", "resumed", "cancelled"]
    over = httpx.get(address, headers=bearer(here.read) | {"Last-Event-ID": rest[-1][1]})
    assert (over.status_code, over.content) == (204, b"")


def test_a_job_that_had_ended_is_told_with_its_log(app: App, url: str, here: Place) -> None:
    app.jobs.cancel(here.job)
    address = f"{url}/api/v1/jobs/{here.job}/events"

    with _streamed(address, here.read) as stream:
        plain = stream.rest()
    with _streamed(f"{address}?logs=true", here.read) as stream:
        logged = stream.rest()
    with _streamed(f"{address}?since=0", here.read) as stream:
        all_of_it = stream.rest()

    assert [(kind, data["state"]) for kind, _, data in plain] == [("job", "cancelled")]
    assert [data["message"] for kind, _, data in logged if kind == "log"] == ["cancelled"]
    assert _changes(all_of_it) == ["submitted", "cancelled"]


def test_all_that_one_may_see_is_told_and_nothing_else(
    app: App, url: str, here: Place, elsewhere: Place, admin: str
) -> None:
    with (
        _streamed(f"{url}/api/v1/events", here.read) as mine,
        _streamed(f"{url}/api/v1/events", admin) as everything,
        _streamed(f"{url}/api/v1/events?workspace={here.workspace}", admin) as one,
    ):
        for stream in (mine, everything, one):
            assert int(stream.next()[1]) > 0  # the cursor
        app.jobs.cancel(elsewhere.job)
        app.jobs.cancel(here.job)

        assert [everything.next()[2]["job_id"] for _ in range(2)] == [elsewhere.job, here.job]
        assert mine.next()[2]["job_id"] == one.next()[2]["job_id"] == here.job

    with _streamed(f"{url}/api/v1/events?since=0", here.read) as again:
        told = [again.next()[2] for _ in range(2)]
    assert [(data["job_id"], data["change"]) for data in told] == [
        (here.job, "submitted"),
        (here.job, "cancelled"),
    ]


def test_another_workspace_does_not_exist(url: str, here: Place, elsewhere: Place) -> None:
    for path in (f"/api/v1/events?workspace={elsewhere.workspace}", f"/api/v1/jobs/{elsewhere.job}/events"):
        assert httpx.get(url + path, headers=bearer(here.read)).status_code == 404


def test_a_revoked_key_ends_a_stream(app: App, url: str, here: Place) -> None:
    with _streamed(f"{url}/api/v1/events", here.read) as stream:
        stream.next()
        app.access.revoke_key("here-read")

        assert stream.rest()[-1] == ("closed", "", {"code": 4401, "reason": "the key is not valid"})


def test_a_caller_has_so_many_streams(url: str, here: Place) -> None:
    address = f"{url}/api/v1/events"
    with (
        _streamed(address, here.read) as a,
        _streamed(address, here.read) as b,
        _streamed(address, here.read) as c,
    ):
        for stream in (a, b, c):
            stream.next()
        refused = httpx.get(address, headers=bearer(here.read))

    assert (refused.status_code, refused.json()["code"]) == (429, "limit_exceeded")


def test_what_is_kept_no_longer_is_named(app: App, url: str, here: Place) -> None:
    app.jobs.cancel(here.job)
    last = app.events.span()[1]
    with app.database.write() as session:
        session.execute(delete(JobEvent).where(JobEvent.id < last))
    with _streamed(f"{url}/api/v1/events?since=0", here.read) as stream:
        assert stream.next() == ("gap", "", {"type": "gap", "since": 0, "oldest": last})
        assert stream.next()[2]["change"] == "cancelled"


# --- /ws/jobs


@contextmanager
def _socket(url: str, key: str) -> Iterator[ClientConnection]:
    with connect(f"{url.replace('http', 'ws')}/ws/jobs") as socket:
        socket.send(json.dumps({"type": "auth", "token": key}))
        yield socket


def _hear(socket: ClientConnection, kind: str) -> Json:
    """The next message of this type."""
    while True:
        message: Json = json.loads(socket.recv(timeout=60))
        if message["type"] == kind:
            return message


def _ask(socket: ClientConnection, **message: object) -> None:
    socket.send(json.dumps(message))


def test_a_socket_hears_of_what_it_asks_for(app: App, url: str, here: Place, admin: str) -> None:
    other = a_job(app)
    with _socket(url, admin) as socket:
        welcome = _hear(socket, "welcome")
        _ask(socket, type="subscribe", request="1", jobs=[here.job.upper()], logs=True)
        assert _hear(socket, "subscribed")["request"] == "1"
        app.jobs.cancel(other)
        _change(app, here.job, state=JobState.RUNNING, progress=3.0)

        assert _hear(socket, "state")["change"] == "started"
        assert [job["percent"] for job in _hear(socket, "progress")["jobs"]] == [3.0]
        app.jobs.cancel(here.job)
        assert _hear(socket, "log")["message"] == "cancelled"
        assert _hear(socket, "state")["change"] == "cancelled"

        _ask(socket, type="unsubscribe", jobs=[here.job])
        _hear(socket, "unsubscribed")
        _ask(socket, type="subscribe", all=True, since=welcome["cursor"])
        told = [_hear(socket, "state") for _ in range(3)]
        assert [(one["job_id"], one["change"]) for one in told] == [
            (other, "cancelled"),
            (here.job, "started"),
            (here.job, "cancelled"),
        ]
        _ask(socket, type="ping", request="2")
        assert _hear(socket, "pong") == {"type": "pong", "request": "2"}


def test_a_socket_hears_nothing_of_other_workspaces(
    app: App, url: str, here: Place, elsewhere: Place
) -> None:
    with _socket(url, here.read) as socket:
        for wish, code in (
            ({"jobs": [elsewhere.job]}, "job_not_found"),
            ({"jobs": ["nonsense"]}, "job_not_found"),
            ({"workspace": elsewhere.workspace}, "workspace_not_found"),
            ({}, "invalid_spec"),
        ):
            _ask(socket, type="subscribe", **wish)
            assert _hear(socket, "error")["code"] == code
        _ask(socket, type="subscribe", all=True, since=0)
        app.jobs.cancel(elsewhere.job)
        app.jobs.cancel(here.job)

        told = [_hear(socket, "state") for _ in range(2)]
        assert [(one["job_id"], one["change"]) for one in told] == [
            (here.job, "submitted"),
            (here.job, "cancelled"),
        ]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{}",
        "[]",
        '{"type": "dance"}',
        '{"type": "ping", "more": 1}',
        "[" * 9000,
        '{"type": "subscribe", "since": -1}',
    ],
)
def test_what_is_no_message_ends_a_socket(url: str, here: Place, said: str) -> None:
    with _socket(url, here.read) as socket:
        _hear(socket, "welcome")
        socket.send(said)
        with pytest.raises(ConnectionClosed) as end:
            socket.recv(timeout=60)

    assert end.value.rcvd is not None
    assert end.value.rcvd.code == 4400
