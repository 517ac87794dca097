"""Direct downloads against a server that behaves, and misbehaves, as servers do."""

import hashlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from framemill.errors import (
    AddressRefused,
    Cancelled,
    DownloadFailed,
    DownloadInterrupted,
    FramemillError,
    OutputExists,
    SourceChanged,
)
from framemill.fetch.addresses import AllowList
from framemill.fetch.crew import Rules
from framemill.fetch.direct import Direct
from framemill.fetch.guard import Guard
from framemill.fetch.slots import Slots
from framemill.fetch.wishes import Come, Fetched, Reins, Wish
from tests.servers.origin import Content, Film, Origin, long_ago

pytestmark = pytest.mark.integration

MIB = 1 << 20
RULES = Rules(piece=MIB, first_wait_s=0.01, longest_wait_s=0.05, tries=5)


@pytest.fixture(name="origin")
def _origin() -> Iterator[Origin]:
    with Origin() as origin:
        yield origin


def _direct(folder: Path, allow: str, rules: Rules = RULES, *, per_host: int = 4) -> Direct:
    return Direct(Guard(AllowList.of([allow])), Slots(folder / "slots", per_host=per_host), rules)


def _bring(
    origin: Origin, folder: Path, *, path: str = "/film.mp4", rules: Rules = RULES, reins: Reins | None = None
) -> Fetched:
    (done,) = _direct(folder, origin.allow, rules).fetch(
        origin.url(path),
        lambda _name: folder / "out.mp4",
        part=folder / "out.part",
        wish=Wish(),
        reins=reins or Reins(),
    )
    return done


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "slots")


def test_a_film_comes_over_several_connections_and_is_whole(origin: Origin, tmp_path: Path) -> None:
    content = Content(9 * MIB + 123)
    origin.films["/film.mp4"] = Film(content=content, pause_s=0.01)
    heard: list[Come] = []

    done = _bring(origin, tmp_path, reins=Reins(heard=heard.append))

    assert done == Fetched(
        path=tmp_path / "out.mp4", name="film.mp4", bytes=content.size, sha256=content.sha256()
    )
    assert hashlib.sha256(done.path.read_bytes()).hexdigest() == content.sha256()
    assert 2 <= origin.most_at_once <= 4
    assert heard[-1].total == content.size
    assert _left(tmp_path) == ["out.mp4"]
    assert all(asked.headers["Accept-Encoding"] == "identity" for asked in origin.asked)


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1])
def test_any_size_comes(origin: Origin, tmp_path: Path, size: int) -> None:
    origin.films["/film.mp4"] = Film(content=Content(size))

    done = _bring(origin, tmp_path)

    assert (done.bytes, done.sha256) == (size, Content(size).sha256())


@pytest.mark.parametrize(
    "film",
    [
        Film(content=Content(3 * MIB), ranges=False),
        Film(content=Content(3 * MIB), ranges=False, chunked=True),
        Film(content=Content(3 * MIB), chunked=True),
        Film(content=Content(3 * MIB), etag=None),
        Film(content=Content(3 * MIB), etag='W/"weak"'),
        Film(content=Content(3 * MIB), etag=None, modified=long_ago()),
        Film(content=Content(3 * MIB), etag='W/"weak"', modified=long_ago()),
        Film(content=Content(3 * MIB), silent_parts=True),
    ],
    ids=[
        "no ranges",
        "chunked",
        "chunked ranges",
        "no validator",
        "weak etag",
        "date",
        "weak etag, date",
        "silent parts",
    ],
)
def test_servers_that_can_less_give_the_same_film(origin: Origin, tmp_path: Path, film: Film) -> None:
    origin.films["/film.mp4"] = film

    assert _bring(origin, tmp_path).sha256 == film.content.sha256()


def test_a_film_of_64_mib_that_is_cut_20_times_comes_whole(origin: Origin, tmp_path: Path) -> None:
    content = Content(64 * MIB)
    cuts = iter([3 * MIB + 7 * number for number in range(20)])
    origin.films["/film.mp4"] = Film(content=content, cut=lambda _number: next(cuts, None))

    done = _bring(origin, tmp_path, rules=replace(RULES, piece=8 * MIB))

    assert done.sha256 == content.sha256()
    assert next(cuts, None) is None


def test_a_film_that_is_cut_20_times_and_changes_once_is_the_new_one(origin: Origin, tmp_path: Path) -> None:
    old, new = Content(64 * MIB, seed="old"), Content(64 * MIB, seed="new")
    film = Film(content=old)
    cuts = iter([2 * MIB + 7 * number for number in range(20)])
    film.cut = lambda _number: next(cuts, None)

    def change(number: int) -> None:
        if number == 9:
            film.content, film.etag = new, '"two"'

    film.before = change
    origin.films["/film.mp4"] = film

    done = _bring(origin, tmp_path, rules=replace(RULES, piece=8 * MIB))

    assert done.sha256 == new.sha256()


@pytest.mark.parametrize("heeds", [True, False], ids=["heeds If-Range", "ignores If-Range"])
def test_a_film_that_changes_again_and_again_is_not_glued(
    origin: Origin, tmp_path: Path, heeds: bool
) -> None:
    film = Film(content=Content(6 * MIB), heeds_if_range=heeds)

    def change(number: int) -> None:
        film.content, film.etag = Content(6 * MIB, seed=str(number)), f'"{number}"'

    film.before = change
    origin.films["/film.mp4"] = film

    with pytest.raises(SourceChanged):
        _bring(origin, tmp_path, rules=replace(RULES, connections=1))

    assert _left(tmp_path) == []


def test_a_film_that_grew_meanwhile_is_begun_anew(origin: Origin, tmp_path: Path) -> None:
    film = Film(content=Content(4 * MIB), etag=None, modified=long_ago(), heeds_if_range=False)

    def grow(number: int) -> None:
        if number == 3:
            film.content = Content(5 * MIB)

    film.before = grow
    origin.films["/film.mp4"] = film

    done = _bring(origin, tmp_path, rules=replace(RULES, connections=1))

    assert done.sha256 == Content(5 * MIB).sha256()


def _fetch_elsewhere(folder: Path, allow: str, url: str) -> None:
    _direct(folder, allow).fetch(
        url, lambda _name: folder / "out.mp4", part=folder / "out.part", wish=Wish(), reins=Reins()
    )


def _killed(origin: Origin, folder: Path, *, when: Callable[[], bool]) -> None:
    """Download in a process that is killed at once when `when` says so."""
    child = multiprocessing.get_context("spawn").Process(
        target=_fetch_elsewhere, args=(folder, origin.allow, origin.url("/film.mp4"))
    )
    child.start()
    assert child.pid is not None
    until = time.monotonic() + 120
    while not when() and child.is_alive() and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.join()


def test_a_killed_download_goes_on_where_its_journal_says(origin: Origin, tmp_path: Path) -> None:
    content = Content(40 * MIB)
    film = Film(content=content, pause_s=0.1)
    origin.films["/film.mp4"] = film
    journal = tmp_path / "out.part.json"
    _killed(origin, tmp_path, when=lambda: journal.exists() and '"done": [[' in journal.read_text("utf-8"))
    assert not (tmp_path / "out.mp4").exists()
    film.pause_s = 0.0
    origin.asked.clear()

    done = _bring(origin, tmp_path)

    assert done.sha256 == content.sha256()
    wanted = 0
    for asked in origin.asked:
        assert asked.headers["If-Range"] == '"one"'
        first, _, last = asked.headers["Range"].removeprefix("bytes=").partition("-")
        wanted += int(last) - int(first) + 1
    assert wanted < content.size


def test_a_killed_download_of_a_file_that_changed_begins_anew(origin: Origin, tmp_path: Path) -> None:
    film = Film(content=Content(4 * MIB, seed="old"), cut=lambda number: None if number < 3 else 1000)
    origin.films["/film.mp4"] = film
    with pytest.raises(DownloadInterrupted):
        _bring(origin, tmp_path, rules=replace(RULES, connections=1))
    new = Content(4 * MIB, seed="new")
    origin.films["/film.mp4"] = Film(content=new, etag='"two"')

    assert _bring(origin, tmp_path).sha256 == new.sha256()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', "null"])
def test_a_journal_that_cannot_be_believed_counts_for_nothing(
    origin: Origin, tmp_path: Path, text: str
) -> None:
    content = Content(2 * MIB)
    origin.films["/film.mp4"] = Film(content=content)
    (tmp_path / "out.part").write_bytes(b"x" * 100)
    (tmp_path / "out.part.json").write_text(text)

    assert _bring(origin, tmp_path).sha256 == content.sha256()


def test_a_part_of_another_address_is_not_continued(origin: Origin, tmp_path: Path) -> None:
    origin.films["/a.mp4"] = Film(content=Content(2 * MIB, seed="a"), cut=lambda _number: MIB // 2)
    origin.films["/b.mp4"] = Film(content=Content(2 * MIB, seed="b"))
    with pytest.raises(DownloadInterrupted):
        _bring(origin, tmp_path, path="/a.mp4", rules=replace(RULES, tries=1))

    assert _bring(origin, tmp_path, path="/b.mp4").sha256 == Content(2 * MIB, seed="b").sha256()


@pytest.mark.parametrize(
    ("status", "reason", "transient"),
    [
        (404, "gone", False),
        (410, "gone", False),
        (403, "forbidden", False),
        (401, "forbidden", False),
        (400, "refused", False),
        (304, "refused", False),
        (429, "busy", True),
        (503, "busy", True),
        (500, "server", True),
    ],
)
def test_a_refusal_has_a_reason(
    origin: Origin, tmp_path: Path, status: int, reason: str, transient: bool
) -> None:
    origin.films["/film.mp4"] = Film(content=Content(10), status=status)

    with pytest.raises(DownloadFailed) as caught:
        _bring(origin, tmp_path)

    assert (caught.value.reason, caught.value.transient) == (reason, transient)
    assert len(origin.asked) == (RULES.tries if transient else 1)


def test_a_server_that_is_busy_is_asked_again_no_sooner_than_it_says(origin: Origin, tmp_path: Path) -> None:
    film = Film(content=Content(1000), status=503, headers={"Retry-After": "1"})
    times: list[float] = []

    def recover(number: int) -> None:
        times.append(time.monotonic())
        if number > 1:
            film.status, film.headers = 200, {}

    film.before = recover
    origin.films["/film.mp4"] = film

    _bring(origin, tmp_path)

    assert times[1] - times[0] >= 1


@pytest.mark.parametrize(
    ("film", "reason"),
    [
        (Film(content=Content(3 * MIB)), "too_large"),
        (Film(content=Content(3 * MIB), ranges=False), "too_large"),
        (Film(content=Content(3 * MIB), chunked=True, ranges=False), "too_large"),
        (Film(content=Content(0), endless=True, ranges=False), "too_large"),
        (Film(content=Content(0), endless=True, chunked=True, ranges=False), "too_large"),
        (Film(content=Content(10), headers={"Content-Encoding": "gzip"}), "encoded"),
        (Film(content=Content(MIB), ranges=False, announced=2 * MIB), "broken"),
        (Film(content=Content(MIB), announced=2 * MIB), "protocol"),
        (Film(content=Content(10), raw=b"nonsense\r\n\r\n"), "protocol"),
        (
            Film(content=Content(10), raw=b"HTTP/1.1 206 Partial\r\nContent-Length: 5\r\n\r\nhello"),
            "protocol",
        ),
        (Film(content=Content(10), raw=b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"), "protocol"),
        (Film(content=Content(10), raw=b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000), "protocol"),
        (Film(content=Content(10), raw=b""), "broken"),
        (
            Film(
                content=Content(10),
                raw=b'HTTP/1.1 206 P\r\nContent-Range: bytes 7-9/10\r\nETag: "a"\r\n'
                b"Content-Length: 3\r\n\r\nabc",
            ),
            "protocol",
        ),
    ],
)
def test_what_a_server_may_not_do_ends_the_download(
    origin: Origin, tmp_path: Path, film: Film, reason: str
) -> None:
    origin.films["/film.mp4"] = film

    with pytest.raises(DownloadFailed) as caught:
        _bring(origin, tmp_path, rules=replace(RULES, max_bytes=2 * MIB, tries=2))

    assert caught.value.reason == reason
    assert not (tmp_path / "out.mp4").exists()
    if not caught.value.transient:
        assert _left(tmp_path) == []


def test_a_drip_is_ended(origin: Origin, tmp_path: Path) -> None:
    origin.films["/film.mp4"] = Film(content=Content(MIB), block=1, pause_s=0.05)

    with pytest.raises(DownloadInterrupted) as caught:
        _bring(origin, tmp_path, rules=replace(RULES, window_s=0.5))

    assert caught.value.reason == "slow"


def test_a_download_that_takes_too_long_is_ended(origin: Origin, tmp_path: Path) -> None:
    origin.films["/film.mp4"] = Film(content=Content(8 * MIB), block=4096, pause_s=0.05)

    with pytest.raises(DownloadFailed) as caught:
        _bring(origin, tmp_path, rules=replace(RULES, timeout_s=0.5))

    assert caught.value.reason == "timeout"


def test_redirects_are_followed_and_each_is_judged(origin: Origin, tmp_path: Path) -> None:
    origin.films["/film.mp4"] = Film(content=Content(0), status=302, headers={"Location": "/b.mp4?sig=1"})
    origin.films["/b.mp4"] = Film(content=Content(3 * MIB))

    assert _bring(origin, tmp_path).sha256 == Content(3 * MIB).sha256()


@pytest.mark.parametrize(
    "location",
    [
        *(
            "http://127.0.0.1:1/",
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://169.254.169.254/latest/meta-data",
        ),
        *("http://2130706433/", "http://0x7f.1/", "http://localhost/", "file:///etc/passwd", "//[::1/"),
        *("http://user@127.0.0.1/", "gopher://127.0.0.1:70/_", "http://10.0.0.1/", "ftp://127.0.0.1/a"),
    ],
)
def test_a_redirect_into_the_private_network_is_refused(
    origin: Origin, tmp_path: Path, location: str
) -> None:
    origin.films["/film.mp4"] = Film(content=Content(0), status=302, headers={"Location": location})

    with pytest.raises((AddressRefused, DownloadFailed)) as caught:
        _bring(origin, tmp_path)

    assert caught.value.code == "address_refused" or location == "http://localhost/"
    assert len(origin.asked) == 1


def test_a_circle_of_redirects_ends(origin: Origin, tmp_path: Path) -> None:
    origin.films["/film.mp4"] = Film(content=Content(0), status=302, headers={"Location": "/film.mp4"})

    with pytest.raises(DownloadFailed) as caught:
        _bring(origin, tmp_path)

    assert caught.value.reason == "redirects"
    assert len(origin.asked) == 6


def test_a_redirect_that_expired_is_followed_anew(origin: Origin, tmp_path: Path) -> None:
    content = Content(6 * MIB)
    door = Film(content=Content(0), status=302, headers={"Location": "/1.mp4"})
    origin.films["/film.mp4"] = door
    origin.films["/1.mp4"] = Film(content=content)

    def expire(number: int) -> None:
        if number == 4:
            origin.films["/1.mp4"].status = 403
            origin.films["/2.mp4"] = Film(content=content)
            door.headers = {"Location": "/2.mp4"}

    origin.films["/1.mp4"].before = expire

    assert _bring(origin, tmp_path, rules=replace(RULES, connections=1)).sha256 == content.sha256()


def test_a_cancel_ends_a_download_and_keeps_what_came(origin: Origin, tmp_path: Path) -> None:
    origin.films["/film.mp4"] = Film(content=Content(40 * MIB), pause_s=0.1)
    heard: list[Come] = []

    with pytest.raises(Cancelled):
        _bring(
            origin,
            tmp_path,
            reins=Reins(heard=heard.append, stopped=lambda: bool(heard and heard[-1].bytes > MIB)),
        )

    assert _left(tmp_path) == ["out.part", "out.part.json"]


def test_a_pause_lets_go_of_the_connections_and_the_download_goes_on(origin: Origin, tmp_path: Path) -> None:
    content = Content(12 * MIB)
    origin.films["/film.mp4"] = Film(content=content, pause_s=0.05)
    heard: list[Come] = []
    looks: list[int] = []

    def paused() -> bool:
        if not heard or heard[-1].bytes < 2 * MIB or len(looks) > 20:
            return False
        looks.append(heard[-1].bytes)
        return True

    done = _bring(origin, tmp_path, reins=Reins(heard=heard.append, paused=paused))

    assert done.sha256 == content.sha256()
    assert len(set(looks)) == 1


def test_all_downloads_together_keep_to_the_hosts_limit(origin: Origin, tmp_path: Path) -> None:
    origin.films["/film.mp4"] = Film(content=Content(3 * MIB), pause_s=0.02)
    failed: list[Exception] = []

    def one(number: int) -> None:
        try:
            _direct(tmp_path, origin.allow, per_host=2).fetch(
                origin.url("/film.mp4"),
                lambda _name: tmp_path / f"{number}.mp4",
                part=tmp_path / f"{number}.part",
                wish=Wish(),
                reins=Reins(),
            )
        except FramemillError as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert origin.most_at_once <= 2


def test_two_never_write_the_same_part(origin: Origin, tmp_path: Path) -> None:
    origin.films["/film.mp4"] = Film(content=Content(4 * MIB), pause_s=0.05)
    second: list[FramemillError] = []

    def heard(_come: Come) -> None:
        if not second:
            with pytest.raises(DownloadInterrupted) as caught:
                _bring(origin, tmp_path)
            second.append(caught.value)

    _bring(origin, tmp_path, reins=Reins(heard=heard))

    assert [error.reason for error in second if isinstance(error, DownloadFailed)] == ["taken"]


def test_a_name_from_the_server_is_made_harmless(origin: Origin, tmp_path: Path) -> None:
    origin.films["/film.mp4"] = Film(
        content=Content(10), headers={"Content-Disposition": 'attachment; filename="../../.ssh/a\\b: c.mp4"'}
    )

    assert _bring(origin, tmp_path).name == "b_ c.mp4"


def test_a_file_that_is_there_already_is_neither_replaced_nor_fetched(origin: Origin, tmp_path: Path) -> None:
    origin.films["/film.mp4"] = Film(content=Content(4 * MIB))
    (tmp_path / "film.mp4").write_text("mine")

    def place(name: str) -> Path:
        if (tmp_path / name).exists():
            raise OutputExists(name)
        return tmp_path / name

    with pytest.raises(OutputExists):
        _direct(tmp_path, origin.allow).fetch(
            origin.url("/film.mp4"), place, part=tmp_path / "out.part", wish=Wish(), reins=Reins()
        )

    assert (tmp_path / "film.mp4").read_text() == "mine"
    assert len(origin.asked) == 1


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/vnd.apple.mpegurl"])
def test_a_page_is_not_taken_for_a_film(origin: Origin, tmp_path: Path, kind: str) -> None:
    origin.films["/film.mp4"] = Film(content=Content(100), headers={"Content-Type": kind})

    with pytest.raises(DownloadFailed) as caught:
        _bring(origin, tmp_path)

    assert caught.value.reason == "page"
    assert _left(tmp_path) == []
