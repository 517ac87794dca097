"""The job service on the real server: what is said over it, and what is left when it is over."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.access import Role, Scope
from framemill.domain.states import JobState
from framemill.domain.videos import VideoState
from framemill.errors import JobNotFound
from framemill.services.upload_records import Announced
from framemill.settings import Settings
from framemill.store.auditing import Sought
from tests.serving import served_asgi

_PATIENCE_S = 60
_GRACE = "0.3s"


class Talk:
    """A connection as a client has it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def say(self, **message: object) -> None:
        self.socket.send(json.dumps(message))

    def chunk(self, job_id: str, payload: bytes, *, seq: int = 0, last: bool = True) -> None:
        told = {"type": "upload_chunk", "job_id": job_id, "seq": seq, "last": last}
        text = json.dumps(told).encode()
        self.socket.send(len(text).to_bytes(4, "big") + text + payload)

    def hear(self, *kinds: str) -> dict[str, Any]:
        """The next message of these kinds; a chunk's bytes are its `payload`."""
        while True:
            frame = self.socket.recv(timeout=_PATIENCE_S)
            if isinstance(frame, str):
                message: dict[str, Any] = json.loads(frame)
            else:
                end = 4 + int.from_bytes(frame[:4], "big")
                message = {**json.loads(frame[4:end]), "payload": frame[end:]}
            if message["type"] in kinds:
                return message

    def start(self, operation: str = "trim", request_id: str = "r", **wishes: object) -> dict[str, Any]:
        """Ask for work on a file that is to follow; the answer."""
        given = {"options": {"start": 1, "end": 2}, "input": {"type": "upload", "filename": "film.mp4"}}
        self.say(type="start_job", request_id=request_id, operation=operation, **{**given, **wishes})
        return self.hear("ack", "error")

    def closed(self) -> tuple[int, str]:
        """Why it is closed."""
        with suppress(ConnectionClosed):
            while True:
                self.socket.recv(timeout=_PATIENCE_S)
        return self.socket.close_code or 0, self.socket.close_reason or ""


class Service:
    """A server, and ways in."""

    def __init__(self, app: App, url: str) -> None:
        self.app = app
        self.url = url.replace("http", "ws") + "/ws/v1/process"
        self.key = app.access.create_key("client", scope=Scope.WRITE).secret

    @contextmanager
    def talk(self, key: str | None = None) -> Iterator[Talk]:
        """A connection until the block ends."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        with connect(self.url, additional_headers=headers, compression=None) as socket:
            yield Talk(socket)

    def files(self) -> list[str]:
        """Names of all files of orders."""
        return sorted(path.name for path in self.app.orders.folder.rglob("*") if path.is_file())

    def is_gone(self, job_id: str) -> bool:
        """True where nothing of the order is left but its job's record."""
        try:
            self.app.orders.get(job_id)
        except JobNotFound:
            return not (self.app.orders.folder / job_id).exists()
        return False

    def state(self, job_id: str) -> JobState | None:
        """Where its job stands."""
        look = self.app.orders.look([job_id]).get(job_id)
        return look.state if look else None


@contextmanager
def _service(folder: Path, **settings: Any) -> Iterator[Service]:  # noqa: ANN401 - values of any setting
    app = open_app(Settings(**{"data_dir": folder, "process_grace": _GRACE, **settings}))
    with served_asgi(create_app(app)) as url:
        app.address = url
        yield Service(app, url)
    app.close()


@pytest.fixture(scope="module", name="service")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with _service(tmp_path_factory.mktemp("service")) as service:
        yield service


def _until(so: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not so():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (b"", "begins with the length"),
        (b"\0\0\0\7{}", "begins with the length"),  # longer than the frame
        (b"\0\0\x10\1" + b" " * 5000, "begins with the length"),  # a huge header
        (b"\xff\xff\xff\xff{}", "begins with the length"),
        (b"\0\0\0\2no", "expected"),
        (b"\0\0\0\2{}", "type: Field required"),
        ("{", "EOF while parsing"),
        ("[]", "an object"),
        ('{"type": "fly"}', "does not match any of the expected tags"),
        ('{"type": "ping", "wings": 2}', "wings: Extra inputs"),
        ('{"type": "start_job", "request_id": "r", "operation": "trim"}', "either input or inputs"),
        ("[" * 50_000, "recursion"),
    ],
)
def test_what_cannot_be_understood_is_told(service: Service, frame: str | bytes, complaint: str) -> None:
    with service.talk() as talk:
        talk.socket.send(frame)

        error = talk.hear("error")

        assert error["code"] == "malformed_message"
        assert complaint in error["message"]
        talk.say(type="ping", nonce="still here")
        assert talk.hear("pong") == {"type": "pong", "nonce": "still here"}


def test_a_request_that_cannot_be_understood_is_answered_under_its_name(service: Service) -> None:
    with service.talk() as talk:
        answer = talk.start(request_id="mine", priority="very")

        assert (answer["code"], answer["request_id"]) == ("malformed_message", "mine")


def test_who_talks_nonsense_again_and_again_is_sent_away(service: Service) -> None:
    with service.talk() as talk:
        for _ in range(4):
            talk.socket.send("nonsense")

        assert talk.closed() == (4400, "malformed: several messages could not be understood")


def test_bytes_before_a_job_belong_to_none(service: Service) -> None:
    with service.talk() as talk:
        talk.chunk("01990000-0000-7000-8000-000000000000", b"bytes")

        assert talk.hear("error")["code"] == "job_not_found"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"operation": "fly"}, "invalid_spec"),
        ({"options": {"begin": 1}}, "invalid_spec"),
        ({"input": {"type": "upload", "filename": "film.exe"}}, "invalid_upload"),
        ({"input": {"type": "upload", "filename": "film.mp4", "size": 1 << 50}}, "limit_exceeded"),
        ({"input": {"type": "url", "url": "http://127.0.0.1:1/film.mp4"}}, "address_refused"),
        ({"input": {"type": "url", "url": "file:///etc/passwd"}}, "address_refused"),
        ({"input": {"type": "video", "video": "nobody"}}, "video_not_found"),
        ({"workspace": "nowhere"}, "workspace_not_found"),
        ({"priority": 9}, "forbidden"),
        ({"operation": "replace_audio", "options": {"audio": "/etc/passwd"}}, "invalid_spec"),
    ],
)
def test_what_cannot_be_done_is_told_under_the_name_of_the_request(
    service: Service, wish: dict[str, Any], code: str
) -> None:
    with service.talk() as talk:
        answer = talk.start(request_id="mine", **wish)

        assert (answer["type"], answer["code"], answer["request_id"]) == ("error", code, "mine")
    assert service.files() == []


@pytest.mark.parametrize(("role", "answered"), [(Role.VIEWER, "error"), (Role.OPERATOR, "ack")])
def test_who_may_only_watch_in_a_workspace_starts_nothing_there(
    service: Service, role: Role, answered: str
) -> None:
    name, password = f"a-{role}", "a password of tests"
    service.app.workspaces.create(f"of-{role}")
    service.app.users.create(name, password=password)
    service.app.members.put(f"of-{role}", name, role)
    token = service.app.sign_in.with_tokens(name, password).access_token
    with service.talk(token) as talk:
        answer = talk.start(workspace=f"of-{role}")

        assert (answer["type"], answer.get("code", "")) == (
            answered,
            "forbidden" if answered == "error" else "",
        )


def test_a_chunk_out_of_order_ends_its_job_and_no_other(service: Service) -> None:
    with service.talk() as talk:
        one, other = talk.start()["job_id"], talk.start()["job_id"]
        talk.chunk(one, b"\0" * 10, seq=1, last=False)

        error = talk.hear("error")
        assert (error["code"], error["job_id"]) == ("invalid_upload", one)
        assert "chunk 1 came where chunk 0 comes" in error["message"]
        talk.chunk(one, b"\0" * 10, seq=0)  # it was on its way
        talk.chunk(other, b"\0\0\0\x10ftypisom", last=False)
        assert talk.hear("upload_ack", "error") == {
            "type": "upload_ack",
            "job_id": other,
            "input": "input",
            "seq": 0,
            "bytes": 12,
        }
        _until(lambda: service.is_gone(one))
        assert service.state(one) is None
        talk.say(type="cancel_job", job_id=other)
        assert talk.hear("error")["code"] == "cancelled"
    _until(lambda: service.is_gone(other))


def test_a_file_that_is_not_what_its_name_says_is_refused(service: Service) -> None:
    with service.talk() as talk:
        talk.chunk(talk.start()["job_id"], b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n")

        assert talk.hear("error")["code"] == "invalid_upload"
    _until(lambda: service.files() == [])


def test_a_file_longer_or_shorter_than_announced_is_refused(service: Service) -> None:
    wish = {"type": "upload", "filename": "film.mp4", "size": 20}
    with service.talk() as talk:
        for payload, last, word in ((b"\0\0\0\x10ftypisom\0", True, "less"), (b"\0" * 21, False, "more")):
            talk.chunk(talk.start(input=wish)["job_id"], payload, last=last)

            assert f"the file has {word} than the 20 bytes" in talk.hear("error")["message"]


def test_a_file_that_grows_too_large_is_ended_in_the_middle(tmp_path: Path) -> None:
    with _service(tmp_path, upload_max_bytes=100_000) as service, service.talk() as talk:
        job = talk.start()["job_id"]
        talk.chunk(job, b"\0\0\0\x10ftypisom" + bytes(60_000), last=False)
        assert talk.hear("upload_ack")["bytes"] == 60_012
        talk.chunk(job, bytes(60_000), seq=1, last=False)

        assert talk.hear("error")["code"] == "limit_exceeded"
        _until(lambda: service.is_gone(job))


def test_a_connection_may_bring_so_much_in_all(tmp_path: Path) -> None:
    with _service(tmp_path, process_max_bytes=1000) as service, service.talk() as talk:
        talk.chunk(talk.start()["job_id"], bytes(1001), last=False)

        assert talk.closed() == (4413, "total: more than process_max_bytes came in")


def test_a_connection_has_so_many_jobs(tmp_path: Path) -> None:
    with _service(tmp_path, process_jobs=1) as service, service.talk() as talk:
        assert talk.start()["type"] == "ack"

        assert talk.start()["code"] == "limit_exceeded"


@pytest.mark.parametrize(
    ("setting", "reason"),
    [("process_idle", "idle: nothing was said"), ("process_longest", "longest: the connection was open")],
)
def test_a_connection_ends_when_its_time_is_over(tmp_path: Path, setting: str, reason: str) -> None:
    with _service(tmp_path, **{setting: "0.1s"}) as service, service.talk() as talk:
        assert talk.closed() == (4408, f"{reason} for too long")


def test_names_of_clients_never_reach_the_disk(service: Service) -> None:
    hostile = "../../-rf $(reboot)\n%d|concat:\u202e.MP4"
    with service.talk() as talk:
        job = talk.start(input={"type": "upload", "filename": hostile})["job_id"]

        assert service.files() == ["input.mp4"]
        talk.say(type="cancel_job", job_id=job)
        talk.hear("error")
    _until(lambda: service.is_gone(job))


def test_what_is_ordered_and_cancelled_is_written_down_with_who_and_from_where(
    service: Service, film: Path
) -> None:
    with service.talk() as talk:
        begun, queued = (talk.start()["job_id"] for _ in range(2))
        talk.chunk(queued, film.read_bytes()[:200_000], last=False)
        talk.chunk(queued, film.read_bytes()[200_000:], seq=1)
        talk.hear("progress")
        for job in (begun, queued):
            talk.say(type="cancel_job", job_id=job)
            assert talk.hear("error")["code"] == "cancelled"

    order = {"operation": "trim", "inputs": {"input": "upload"}, "detached": False}
    for job, before in ((begun, "receiving"), (queued, "queued")):
        events = service.app.audit_trail.page(Sought(subject=f"job:{job}")).events
        assert {(one.actor, one.address) for one in events} == {("key:client", "127.0.0.1")}
        cancelled, ordered = ((one.action, one.data) for one in events)
        assert cancelled == ("job.cancelled", {"before": before})
        assert ordered[0] == "job.ordered"
        assert order.items() <= (ordered[1] or {}).items()


def test_a_job_whose_connection_is_lost_is_cancelled_after_the_grace_time(
    service: Service, film: Path
) -> None:
    with service.talk() as talk:
        job = talk.start()["job_id"]
        talk.chunk(job, film.read_bytes()[:200_000], last=False)
        talk.chunk(job, film.read_bytes()[200_000:], seq=1)
        assert talk.hear("progress")["state"] == "queued"

    _until(lambda: service.is_gone(job))
    assert service.state(job) is JobState.CANCELLED
    cancelled, _ordered = service.app.audit_trail.page(Sought(subject=f"job:{job}")).events
    assert (cancelled.action, cancelled.actor, cancelled.address) == ("job.cancelled", "orders", None)


def test_an_upload_whose_connection_is_lost_leaves_nothing(service: Service) -> None:
    with service.talk() as talk:
        job = talk.start(detach=True)["job_id"]
        talk.chunk(job, b"\0\0\0\x10ftypisom", last=False)
        talk.hear("upload_ack")

    _until(lambda: service.is_gone(job))
    assert service.state(job) is None


def test_an_upload_goes_on_over_another_connection(tmp_path: Path, film: Path) -> None:
    data = film.read_bytes()
    with _service(tmp_path, process_grace="60s") as service:
        with service.talk() as talk:
            job = talk.start()["job_id"]
            talk.chunk(job, data[:200_000], last=False)
            talk.hear("upload_ack")
        with service.talk() as talk:
            talk.say(type="attach", request_id="again", job_id=job)

            ack = talk.hear("ack", "error")
            assert (ack["request_id"], ack["state"]) == ("again", "receiving")
            assert ack["uploads"] == [{"input": "input", "next_seq": 1, "bytes": 200_000, "complete": False}]
            talk.chunk(job, data[200_000:], seq=1)
            assert talk.hear("progress", "error")["job_id"] == job
            assert (service.app.orders.folder / job / "in" / "input.mp4").read_bytes() == data


def test_a_job_is_attached_to_by_nobody_else(service: Service) -> None:
    stranger = service.app.access.create_key("stranger", scope=Scope.ADMIN).secret
    with service.talk() as talk, service.talk(stranger) as other:
        job = talk.start()["job_id"]
        for message in ({"type": "attach", "request_id": "r"}, {"type": "cancel_job"}, {"type": "release"}):
            other.say(**message, job_id=job)

            assert other.hear("ack", "error")["code"] == "job_not_found"
    _until(lambda: service.is_gone(job))


def test_a_job_of_two_connections_is_the_second_ones(service: Service) -> None:
    with service.talk() as talk, service.talk() as other:
        job = talk.start()["job_id"]
        other.say(type="attach", request_id="r", job_id=job)

        assert other.hear("ack")["job_id"] == job
        assert "another connection" in talk.hear("error")["message"]
    _until(lambda: service.is_gone(job))


def test_results_come_as_they_were_made_and_nothing_is_left(service: Service, film: Path) -> None:
    with service.talk() as talk:
        job = _sent(talk, film)
        service.app.run_job(job)
        (made,) = service.app.jobs.show(job).artifacts
        wanted = made.path.read_bytes()

        completed = talk.hear("completed", "error")
        assert [file["bytes"] for file in completed["artifacts"][0]["files"]] == [len(wanted)]
        assert completed["artifacts"][0]["artifact"]["media"]
        came = b""
        while len(came) < completed["bytes"]:
            came += talk.hear("result_chunk", "error")["payload"]
            talk.say(type="result_ack", job_id=job, bytes=len(came))
        assert came == wanted
        _until(lambda: service.is_gone(job))


def test_a_detached_job_goes_on_and_is_fetched_later(service: Service, film: Path) -> None:
    with service.talk() as talk:
        job = _sent(talk, film, detach=True)
    _until(lambda: _is_unheld(service, job))
    service.app.order_watch.tidy()
    assert service.state(job) is JobState.QUEUED
    service.app.run_job(job)
    service.app.order_watch.tidy()

    with service.talk() as talk:
        talk.say(type="attach", request_id="later", job_id=job)

        assert talk.hear("ack")["state"] == "completed"
        assert talk.hear("result_chunk")["job_id"] == job
        talk.say(type="release", job_id=job)
        _until(lambda: service.is_gone(job))


def test_results_can_be_fetched_by_address(service: Service, film: Path) -> None:
    with service.talk() as talk:
        job = _sent(talk, film, results="urls")
        service.app.run_job(job)
        completed = talk.hear("completed", "error")
    (made,) = service.app.jobs.show(job).artifacts
    (file,) = completed["artifacts"][0]["files"]

    _until(lambda: _is_unheld(service, job))
    service.app.order_watch.tidy()  # with addresses they stay, whoever is connected

    with urlopen(file["url"], timeout=_PATIENCE_S) as answer:  # noqa: S310 - our own server
        assert answer.read() == made.path.read_bytes()
    with service.talk() as talk:
        talk.say(type="release", job_id=job)
        _until(lambda: service.is_gone(job))
    assert list(service.app.blobs.list("orders/")) == []


def test_a_job_that_fails_says_why(service: Service) -> None:
    with service.talk() as talk:
        job = talk.start()["job_id"]
        talk.chunk(job, b"\0\0\0\x10ftypisom" + bytes(5000))
        talk.hear("progress")
        service.app.run_job(job)

        error = talk.hear("error")
        assert (error["code"], error["job_id"]) == ("input_unreadable", job)
        assert "/" not in error["message"]
    _until(lambda: service.is_gone(job))


def test_results_of_a_stored_video_become_its_artifacts(service: Service, film: Path) -> None:
    asked = Announced(filename="film.mp4", bytes=film.stat().st_size, pipeline="none")
    video = service.app.uploads.take(asked, [film.read_bytes()]).video_id
    assert service.app.videos.get(video).state is VideoState.READY
    with service.talk() as talk:
        job = talk.start(input={"type": "video", "video": video})["job_id"]
        talk.hear("progress")
        service.app.run_job(job)

        completed = talk.hear("completed", "error")
        assert talk.hear("result_chunk")["last"] is (completed["bytes"] <= 256 * 1024)
    assert service.app.jobs.get(job).video_id == video


def test_an_order_of_a_process_that_died_is_ended_by_the_watch(service: Service, film: Path) -> None:
    with service.talk() as talk:
        job = _sent(talk, film)
        # As if its process had been killed, and its last note were long ago.
        talk.say(type="attach", request_id="r", job_id=job)
        talk.hear("ack")
    app = service.app
    _until(lambda: service.is_gone(job) or _is_unheld(service, job))
    app.order_watch.tidy()
    app.order_watch.tidy()

    assert service.is_gone(job)
    assert service.state(job) is JobState.CANCELLED


def _sent(talk: Talk, film: Path, **wishes: Any) -> str:  # noqa: ANN401 - fields of any kind
    """A job whose file is here."""
    data = film.read_bytes()
    answer = talk.start(**wishes)
    assert answer["type"] == "ack", answer
    job: str = answer["job_id"]
    for seq, start in enumerate(range(0, len(data), answer["max_chunk"])):
        piece = data[start : start + answer["max_chunk"]]
        talk.chunk(job, piece, seq=seq, last=start + len(piece) == len(data))
    talk.hear("progress")
    return job


def _is_unheld(service: Service, job: str) -> bool:
    from framemill.store.orders import get_order

    with service.app.database.read() as session:
        return get_order(session, job).held_until <= service.app.database.now(session)
