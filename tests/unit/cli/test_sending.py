import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from framemill.cli.sending import Sender, forget_old
from framemill.client.connection import Server
from framemill.client.uploads import Standing, There, Wish
from framemill.errors import (
    Forbidden,
    FramemillError,
    InputNotFound,
    InputUnreadable,
    InvalidUpload,
    ServerUnavailable,
    StorageUnavailable,
    UploadNotFound,
)

WISH = Wish(workspace="default", collection="uploads")
CONTENT = bytes(range(256)) * 10


@dataclass
class Faulty:
    """A door that keeps what it gets, and does what it is told to go wrong."""

    part_bytes: int = 1000
    place: str = "here"
    parts: dict[int, bytes] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    state: str = "open"
    size: int = 0
    faults: list[BaseException] = field(default_factory=list)  # of sending, one each
    completing: int = 0  # how often another process is said to be at it
    lost: int | None = None  # a part that is gone when it is completed for the first time

    def begin(self, filename: str, size: int, *, sha256: str, wish: Wish, key: str) -> Standing:  # noqa: ARG002 - as the door has it
        self.keys.append(key)
        self.size = size
        return self._standing()

    def show(self, upload_id: str) -> Standing:
        if self.state == "gone":
            raise UploadNotFound(upload_id)
        return self._standing()

    def send(self, upload_id: str, number: int, content: Callable[[], Iterator[bytes]], size: int) -> None:  # noqa: ARG002 - as the door has it
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(number)
        self.parts[number] = b"".join(content())
        assert len(self.parts[number]) == size

    def complete(self, upload_id: str, *, sha256: str) -> Standing:  # noqa: ARG002 - as the door has it
        if self.lost is not None:
            del self.parts[self.lost]
            self.lost = None
        if self._missing():
            raise InvalidUpload("parts are missing")
        if self.completing:
            self.completing -= 1
            return self._standing("completing")
        whole = b"".join(self.parts[number] for number in sorted(self.parts))
        assert hashlib.sha256(whole).hexdigest() == sha256
        self.state = "completed"
        return self._standing()

    def close(self) -> None:
        """Nothing was opened."""

    def _missing(self) -> tuple[int, ...]:
        return tuple(n for n in range(1, -(-self.size // self.part_bytes) + 1) if n not in self.parts)

    def _standing(self, state: str | None = None) -> Standing:
        return Standing(
            id="u",
            video="v",
            state=state or self.state,
            part_bytes=self.part_bytes,
            missing=self._missing() if self.state == "open" else (),
            duplicate=False,
            job=None,
            error=None,
        )


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(CONTENT)
    return path


def sender(door: Faulty, folder: Path) -> Sender:
    return Sender(door=door, wish=WISH, memory=folder / "notes", side_by_side=2, wait=lambda _s: None)


def send(door: Faulty, file: Path) -> tuple[Standing, int]:
    """The end, and how many bytes the progress was told of."""
    counted: list[int] = []
    end = sender(door, file.parent).send(file, reading=lambda _n: None, moved=counted.append)
    return end, sum(counted)


def notes(file: Path) -> list[Path]:
    return list((file.parent / "notes").glob("*"))


def test_every_part_goes_once_and_nothing_is_remembered_afterwards(file: Path) -> None:
    door = Faulty()

    end, counted = send(door, file)

    assert (end.state, sorted(door.sent), counted) == ("completed", [1, 2, 3], len(CONTENT))
    assert notes(file) == []


def test_passing_trouble_is_met_with_patience(file: Path) -> None:
    door = Faulty(faults=[StorageUnavailable("away") for _ in range(5)])

    end, counted = send(door, file)

    assert (end.state, counted) == ("completed", len(CONTENT))


def test_trouble_that_stays_ends_it_and_the_next_run_goes_on(file: Path) -> None:
    door = Faulty(faults=[StorageUnavailable("away")] * 60)
    with pytest.raises(StorageUnavailable):
        send(door, file)
    assert len(notes(file)) == 1
    door.faults, door.parts = [], {2: CONTENT[1000:2000]}

    send(door, file)

    assert sorted(door.sent) == [1, 3]
    assert len(door.keys) == 1


def test_a_run_that_was_killed_after_the_announcement_gets_the_same_upload(file: Path) -> None:
    def killed(upload_id: str) -> Standing:
        raise KeyboardInterrupt

    door = Faulty()
    door.show = killed  # type: ignore[method-assign]  # here
    with pytest.raises(KeyboardInterrupt):
        send(door, file)
    (note,) = notes(file)
    note.write_text(note.read_text().replace('"upload"', '"lost"'))
    del door.show

    send(door, file)

    assert door.keys[0] == door.keys[1]


def test_an_upload_that_is_over_is_begun_anew(file: Path) -> None:
    door = Faulty(faults=[StorageUnavailable("away")] * 60)
    with pytest.raises(StorageUnavailable):
        send(door, file)
    door.faults, door.state = [], "gone"
    begin = door.begin

    def anew(*args: str, **kwargs: object) -> Standing:
        door.state = "open"
        return begin(*args, **kwargs)  # type: ignore[arg-type]  # handed on

    door.begin = anew  # type: ignore[method-assign,assignment]  # the server has forgotten it

    end, _ = send(door, file)

    assert end.state == "completed"
    assert len(set(door.keys)) == 2


def test_a_part_that_the_store_lost_is_sent_again(file: Path) -> None:
    door = Faulty(lost=2)

    end, _ = send(door, file)

    assert (end.state, door.sent.count(2)) == ("completed", 2)


def test_while_another_process_completes_it_this_one_waits(file: Path) -> None:
    assert send(Faulty(completing=3), file)[0].state == "completed"


def test_a_file_that_changes_meanwhile_is_not_brought_in(file: Path) -> None:
    door = Faulty()
    real = door.send

    def changing(upload_id: str, number: int, content: Callable[[], Iterator[bytes]], size: int) -> None:
        real(upload_id, number, content, size)
        if number == 1:
            with file.open("ab") as more:
                more.write(b"more")

    door.send = changing  # type: ignore[method-assign]  # somebody writes while we read

    with pytest.raises(InvalidUpload, match="changed"):
        send(door, file)

    assert notes(file) == []


@pytest.mark.parametrize(("name", "error"), [("nothing.mp4", InputNotFound), (".", InputUnreadable)])
def test_what_is_no_file_is_refused(file: Path, name: str, error: type[FramemillError]) -> None:
    with pytest.raises(error):
        send(Faulty(), file.parent / name)


def test_notes_of_uploads_long_over_are_forgotten(tmp_path: Path) -> None:
    note = tmp_path / "a.json"
    note.write_text("{}")

    forget_old(tmp_path, older_s=-1)

    assert not note.exists()


Answer = Callable[[httpx2.Request], httpx2.Response]
MakeThere = Callable[[Answer], There]


@pytest.fixture(name="there")
def _there() -> Iterator[MakeThere]:
    """Makes uploads of a server that answers as it is told."""
    made: list[Server] = []

    def make(answer: Answer) -> There:
        made.append(Server("https://mill.test/", "fm_key", transport=httpx2.MockTransport(answer)))
        return There(made[0])

    yield make
    made[0].close()


def test_the_store_never_sees_the_key(there: MakeThere) -> None:
    seen: dict[str, str | None] = {}

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen[request.url.host] = request.headers.get("authorization")
        assert request.url.host != "store.test" or request.headers["content-length"] == "3"
        request.read()
        return httpx2.Response(200, json={"parts": [{"number": 1, "url": "http://store.test/1"}]})

    door = there(answer)
    door.send("u", 1, lambda: iter([b"a", b"bc"]), 3)

    assert seen == {"mill.test": "Bearer fm_key", "store.test": None}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, {"code": "forbidden", "detail": "no", "hint": None}, Forbidden),
        (404, {"code": "upload_not_found", "detail": "no"}, UploadNotFound),
        (409, {"code": "invalid_upload", "detail": "no"}, InvalidUpload),
        (503, {"code": "storage_unavailable", "detail": "no"}, ServerUnavailable),
        (502, None, ServerUnavailable),
        (200, "unlikely", ServerUnavailable),
    ],
)
def test_what_a_server_says_is_an_error_of_our_own(
    there: MakeThere, status: int, body: object, error: type[FramemillError]
) -> None:
    door = there(lambda _request: httpx2.Response(status, json=body))

    with pytest.raises(error):
        door.show("u")


def test_a_server_that_is_not_there_is_told_and_worth_another_try(there: MakeThere) -> None:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    door = there(answer)

    with pytest.raises(ServerUnavailable, match=r"https://mill\.test does not answer"):
        door.show("u")


def test_an_address_that_ran_out_is_asked_for_again(there: MakeThere) -> None:
    given = iter(("old", "new"))

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "store.test":
            return httpx2.Response(410 if request.url.path == "/old" else 200)
        return httpx2.Response(
            200, json={"parts": [{"number": 1, "url": f"http://store.test/{next(given)}"}]}
        )

    door = there(answer)
    with pytest.raises(StorageUnavailable):
        door.send("u", 1, lambda: iter([b"a"]), 1)

    door.send("u", 1, lambda: iter([b"a"]), 1)
