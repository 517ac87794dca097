"""yt-dlp as a child: what it brings from pages, and that nothing leads it past the guard."""

import base64
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from framemill.errors import AddressRefused, Cancelled, DownloadFailed, FramemillError, ToolMissing
from framemill.fetch.addresses import AllowList
from framemill.fetch.crew import Rules
from framemill.fetch.direct import Direct
from framemill.fetch.fetcher import Fetcher
from framemill.fetch.guard import Guard
from framemill.fetch.proxy import Proxy
from framemill.fetch.slots import Slots
from framemill.fetch.wishes import Come, Fetched, Reins, Wish
from framemill.fetch.ytdlp import Pages
from framemill.tools.limits import Limits
from framemill.tools.probe import probe
from framemill.tools.programs import find_programs
from framemill.tools.ytdlp import check_ytdlp, join, run_ytdlp
from tests.servers.origin import Content, Film, Origin

pytestmark = pytest.mark.integration

MIB = 1 << 20
M3U8 = {"Content-Type": "application/vnd.apple.mpegurl"}


class Text(Content):
    """A page."""

    def __init__(self, text: str) -> None:
        super().__init__(len(text.encode()))
        self._text = text.encode()

    def read(self, start: int, stop: int) -> bytes:
        return self._text[start:stop]


class Bytes(Content):
    """Any bytes."""

    def __init__(self, data: bytes) -> None:
        super().__init__(len(data))
        self._data = data

    def read(self, start: int, stop: int) -> bytes:
        return self._data[start:stop]


@pytest.fixture(name="origin")
def _origin() -> Iterator[Origin]:
    with Origin() as origin:
        yield origin


@pytest.fixture(name="inner")
def _inner() -> Iterator[Origin]:
    """A server of the private network that nobody may reach."""
    with Origin() as inner:
        for path in ("/canary", "/canary.ts", "/canary.m3u8", "/canary.mp4", "/canary.mpd", "/canary.key"):
            inner.films[path] = Film(content=Content(1000))
        yield inner


def _fetcher(folder: Path, origin: Origin, *, max_bytes: int, also: str) -> Fetcher:
    guard = Guard(AllowList.of([origin.allow, also]))
    rules = Rules(first_wait_s=0.01, tries=2, max_bytes=max_bytes)
    return Fetcher(
        Direct(guard, Slots(folder / "slots", per_host=4), rules),
        Pages(
            guard=guard,
            run=run_ytdlp,
            check=check_ytdlp,
            join=_joined,
            max_bytes=max_bytes,
            timeout_s=120,
        ),
        mode="auto",
    )


def _joined(argv: Sequence[str], *, folder: Path, cancelled: Callable[[], bool]) -> None:
    join(argv, folder=folder, programs=find_programs(), limits=Limits(), sandbox="auto", cancelled=cancelled)


def _bring(
    origin: Origin,
    folder: Path,
    path: str,
    *,
    wish: Wish | None = None,
    reins: Reins | None = None,
    max_bytes: int = 20 * MIB,
    also: str = "",
) -> tuple[Fetched, ...]:
    (folder / "films").mkdir(exist_ok=True)
    return _fetcher(folder, origin, max_bytes=max_bytes, also=also).fetch(
        origin.url(path),
        lambda name: folder / "films" / name,
        part=folder / "part",
        wish=wish or Wish(),
        reins=reins or Reins(),
    )


def _left(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.iterdir() if p.name != "slots")


def test_a_page_that_shows_a_film_gives_the_film(origin: Origin, tmp_path: Path) -> None:
    film = Content(3 * MIB)
    page = '<html><title>Harbour</title><video src="/film.mp4" type="video/mp4"></video></html>'
    origin.films["/watch"] = Film(content=Text(page), headers={"Content-Type": "text/html"})
    origin.films["/film.mp4"] = Film(content=film)
    heard: list[Come] = []

    (done,) = _bring(origin, tmp_path, "/watch", reins=Reins(heard=heard.append))

    assert (done.bytes, done.sha256) == (film.size, film.sha256())
    assert done.name.startswith("Harbour")
    assert done.path.read_bytes() == film.read(0, film.size)
    assert heard[-1].bytes > 0
    assert _left(tmp_path) == ["films"]


def test_the_segments_of_a_playlist_become_one_file(origin: Origin, tmp_path: Path) -> None:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4"]
    for number in range(3):
        lines += ["#EXTINF:4,", f"/{number}.ts"]
        origin.films[f"/{number}.ts"] = Film(content=Content(100_000, seed=str(number)))
    lines += ["#EXT-X-ENDLIST", ""]
    origin.films["/live.m3u8"] = Film(content=Text("\n".join(lines)), headers=M3U8)

    (done,) = _bring(origin, tmp_path, "/live.m3u8")

    expected = b"".join(Content(100_000, seed=str(n)).read(0, 100_000) for n in range(3))
    assert done.path.read_bytes() == expected


def test_picture_and_sound_that_come_apart_become_one_film(origin: Origin, tmp_path: Path) -> None:
    programs = find_programs()
    made = ("-v", "error", "-f", "lavfi", "-i")
    for name, source, codec in (
        ("picture.ts", "testsrc2=size=160x90:rate=25:duration=2", ("-c:v", "libx264")),
        ("sound.ts", "sine=duration=2", ("-c:a", "aac")),
    ):
        subprocess.run([str(programs.ffmpeg), *made, source, *codec, str(tmp_path / name)], check=True)
        origin.films[f"/{name}"] = Film(content=Bytes((tmp_path / name).read_bytes()))
        (tmp_path / name).unlink()
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n/{name}\n#EXT-X-ENDLIST\n"
        origin.films[f"/{name}.m3u8"] = Film(content=Text(text), headers=M3U8)
    master = (
        "#EXTM3U\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="/sound.ts.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=100000,RESOLUTION=160x90,CODECS="avc1.42c01e,mp4a.40.2",AUDIO="a"\n'
        "/picture.ts.m3u8\n"
    )
    origin.films["/film.m3u8"] = Film(content=Text(master), headers=M3U8)

    (done,) = _bring(origin, tmp_path, "/film.m3u8")

    media = probe(done.path, programs=programs)
    assert done.name.endswith(".mp4")
    assert [len(media.video), len(media.audio)] == [1, 1]
    assert _left(tmp_path) == ["films"]


def _hostile(inner: str) -> dict[str, str]:
    head, end = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n", "#EXT-X-ENDLIST\n"
    port = inner.rpartition(":")[2]
    return {
        "segment": f"{head}#EXTINF:4,\n{inner}/canary.ts\n{end}",
        "decimal host": f"{head}#EXTINF:4,\nhttp://2130706433:{port}/canary.ts\n{end}",
        "name": f"{head}#EXTINF:4,\nhttp://localhost:{port}/canary.ts\n{end}",
        "mapped host": f"{head}#EXTINF:4,\nhttp://[::ffff:127.0.0.1]:{port}/canary.ts\n{end}",
        "key": f'{head}#EXT-X-KEY:METHOD=AES-128,URI="{inner}/canary.key"\n#EXTINF:4,\n/a.ts\n{end}',
        "map": f'{head}#EXT-X-MAP:URI="{inner}/canary.mp4"\n#EXTINF:4,\n/a.ts\n{end}',
        "variant": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000,RESOLUTION=64x64\n{inner}/canary.m3u8\n",
        "sound": "#EXTM3U\n"
        f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="{inner}/canary.m3u8"\n'
        f'#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="a"\n{inner}/canary.m3u8\n',
        "file": f"{head}#EXTINF:4,\nfile:///etc/hostname\n{end}",
        "concat": f"{head}#EXTINF:4,\nconcat:/etc/hostname|/etc/hosts\n{end}",
        "rtmp": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nrtmp://127.0.0.1:{port}/canary\n",
        "redirect": f"{head}#EXTINF:4,\n/redirect.ts\n{end}",
        "sample encryption, which ffmpeg would do": f"{head}#EXT-X-KEY:METHOD=SAMPLE-AES,"
        f'URI="{inner}/canary.key"\n#EXTINF:4,\n{inner}/canary.ts\n{end}',
    }


@pytest.mark.parametrize("kind", sorted(_hostile("")))
def test_a_hostile_playlist_reaches_nothing_and_gives_nothing(
    origin: Origin, inner: Origin, tmp_path: Path, kind: str
) -> None:
    origin.films["/live.m3u8"] = Film(content=Text(_hostile(inner.url(""))[kind]), headers=M3U8)
    origin.films["/a.ts"] = Film(content=Content(1000))
    origin.films["/redirect.ts"] = Film(
        content=Content(0), status=302, headers={"Location": inner.url("/canary.ts")}
    )

    with pytest.raises(FramemillError):
        _bring(origin, tmp_path, "/live.m3u8")

    assert inner.asked == []
    assert _left(tmp_path) in (["films"], ["films", "part.pages"])
    assert list((tmp_path / "films").iterdir()) == []


@pytest.mark.parametrize("kind", ["key", "map", "redirect", "segment", "variant"])
def test_the_same_playlists_would_reach_what_is_allowed(
    origin: Origin, inner: Origin, tmp_path: Path, kind: str
) -> None:
    origin.films["/live.m3u8"] = Film(content=Text(_hostile(inner.url(""))[kind]), headers=M3U8)
    origin.films["/a.ts"] = Film(content=Content(1000))
    origin.films["/redirect.ts"] = Film(
        content=Content(0), status=302, headers={"Location": inner.url("/canary.ts")}
    )

    with suppress(FramemillError):  # what the canary gives is no film
        _bring(origin, tmp_path, "/live.m3u8", also=inner.allow)

    assert inner.asked != []


@pytest.mark.parametrize(
    "body",
    [
        '<video src="{inner}/canary.mp4"></video>',
        '<iframe src="{inner}/canary"></iframe>',
        '<meta http-equiv="refresh" content="0; url={inner}/canary">',
        '<meta property="og:video" content="{inner}/canary.mp4">',
        '<script type="application/ld+json">{{"@type":"Video","contentUrl":"{inner}/canary.mp4"}}</script>',
        '<video src="file:///etc/hostname"></video>',
        '<source type="application/dash+xml" src="{inner}/canary.mpd">',
    ],
)
def test_a_hostile_page_reaches_nothing(origin: Origin, inner: Origin, tmp_path: Path, body: str) -> None:
    page = f"<html><title>x</title><body>{body.format(inner=inner.url(''))}</body></html>"
    origin.films["/watch"] = Film(content=Text(page), headers={"Content-Type": "text/html"})

    with pytest.raises(FramemillError):
        _bring(origin, tmp_path, "/watch")

    assert inner.asked == []
    assert list((tmp_path / "films").iterdir()) == []


def test_a_refused_address_is_called_so(origin: Origin, inner: Origin, tmp_path: Path) -> None:
    page = f'<html><video src="{inner.url("/canary.mp4")}"></video></html>'
    origin.films["/watch"] = Film(content=Text(page), headers={"Content-Type": "text/html"})

    with pytest.raises(AddressRefused):
        _bring(origin, tmp_path, "/watch")


def test_a_page_without_a_film_is_called_so(origin: Origin, tmp_path: Path) -> None:
    origin.films["/watch"] = Film(content=Text("<html>text</html>"), headers={"Content-Type": "text/html"})

    with pytest.raises(DownloadFailed) as caught:
        _bring(origin, tmp_path, "/watch")

    assert caught.value.reason == "unsupported"
    assert _left(tmp_path) == ["films"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_film_of_a_page_that_is_too_large_is_given_up(
    origin: Origin, tmp_path: Path, chunked: bool
) -> None:
    origin.films["/watch"] = Film(
        content=Text('<html><video src="/film.mp4"></video></html>'), headers={"Content-Type": "text/html"}
    )
    origin.films["/film.mp4"] = Film(content=Content(6 * MIB), ranges=False, chunked=chunked)

    with pytest.raises(FramemillError):
        _bring(origin, tmp_path, "/watch", max_bytes=2 * MIB)

    assert list((tmp_path / "films").iterdir()) == []


def test_a_cancel_ends_it(origin: Origin, tmp_path: Path) -> None:
    origin.films["/watch"] = Film(
        content=Text('<html><video src="/film.mp4"></video></html>'), headers={"Content-Type": "text/html"}
    )
    origin.films["/film.mp4"] = Film(content=Content(19 * MIB), pause_s=0.5)

    with pytest.raises(Cancelled):
        _bring(
            origin,
            tmp_path,
            "/watch",
            reins=Reins(stopped=lambda: any(a.path == "/film.mp4" for a in origin.asked)),
        )


def test_what_it_is_told_is_not_on_its_command_line_and_does_not_stay(origin: Origin, tmp_path: Path) -> None:
    seen: list[str] = []
    folder = tmp_path / "part.pages"

    def run(options: Path, **more: object) -> tuple[int, list[str]]:
        seen.append(options.read_text())
        assert options.stat().st_mode & 0o077 == 0
        return 1, ["ERROR: Video unavailable"]

    pages = Pages(guard=Guard(), run=run, check=lambda _floor: None, join=_joined, max_bytes=1, timeout_s=1)
    with pytest.raises(DownloadFailed) as caught:
        pages.fetch(
            "https://example.com/watch?token=sesame",
            lambda name: tmp_path / name,
            part=tmp_path / "part",
            wish=Wish(format='best" --exec "touch /tmp/x'),
            reins=Reins(),
        )

    assert caught.value.reason == "gone"
    assert "sesame" not in str(caught.value)
    assert '--format "best\\" --exec \\"touch /tmp/x"' in seen[0]
    assert not folder.exists()


def test_an_option_cannot_be_smuggled_in_by_a_format(origin: Origin, tmp_path: Path) -> None:
    origin.films["/live.m3u8"] = Film(content=Text("#EXTM3U\n"), headers=M3U8)
    mark = tmp_path / "mark"

    with pytest.raises(DownloadFailed):
        _bring(origin, tmp_path, "/live.m3u8", wish=Wish(format=f'b" --exec "before_dl:touch {mark}'))
    with pytest.raises(DownloadFailed):
        _bring(origin, tmp_path, "/live.m3u8", wish=Wish(format=f"b\n--exec before_dl:'touch {mark}'"))

    assert not mark.exists()


def test_an_old_one_is_not_used() -> None:
    with pytest.raises(ToolMissing):
        check_ytdlp((9999, 1))


def test_the_one_that_is_installed_is_new_enough() -> None:
    from framemill.commands.ytdlp import FLOOR

    check_ytdlp(FLOOR)
    assert FLOOR >= (2026, 7)


def _ask(proxy: Proxy, text: str, *, password: bool = True) -> bytes:
    host, port = "127.0.0.1", int(proxy.url.rpartition(":")[2])
    known = proxy.url.removeprefix("http://").partition("@")[0]
    token = base64.b64encode(known.encode()).decode()
    head = f"{text}\r\nProxy-Authorization: Basic {token}\r\n\r\n" if password else f"{text}\r\n\r\n"
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(head.encode("latin-1"))
        answer = b""
        while data := connection.recv(65_536):
            answer += data
    return answer


@pytest.mark.parametrize(
    "request_line",
    [
        "CONNECT 127.0.0.1:{port} HTTP/1.1",
        "CONNECT localhost:{port} HTTP/1.1",
        "CONNECT [::1]:{port} HTTP/1.1",
        "CONNECT 2130706433:{port} HTTP/1.1",
        "CONNECT 0x7f.1:443 HTTP/1.1",
        "CONNECT 169.254.169.254:80 HTTP/1.1",
        "CONNECT example.com@127.0.0.1:{port} HTTP/1.1",
        "CONNECT 127.0.0.1 HTTP/1.1",
        "CONNECT 127.0.0.1:{port}/ HTTP/1.1",
        "GET http://127.0.0.1:{port}/canary HTTP/1.1",
        "GET http://user@127.0.0.1:{port}/canary HTTP/1.1",
        "GET http://127.1:{port}/canary HTTP/1.1",
        "GET file:///etc/passwd HTTP/1.1",
        "GET ftp://127.0.0.1/ HTTP/1.1",
        "GET /canary HTTP/1.1\r\nHost: 127.0.0.1:{port}",
        "GET https://127.0.0.1:{port}/canary HTTP/1.1",
        "nonsense",
        "GET  HTTP/1.1",
    ],
)
def test_the_proxy_refuses_what_the_guard_refuses(inner: Origin, request_line: str) -> None:
    with Proxy(Guard()) as proxy:
        answer = _ask(proxy, request_line.format(port=inner.port))

    assert answer.split()[1] in {b"403", b"400", b"502"}
    assert inner.asked == []


def test_the_proxy_serves_nobody_without_its_password(origin: Origin) -> None:
    origin.films["/a"] = Film(content=Content(10))
    with Proxy(Guard(AllowList.of([origin.allow]))) as proxy:
        answer = _ask(proxy, f"GET {origin.url('/a')} HTTP/1.1", password=False)

    assert answer.startswith(b"HTTP/1.1 407 ")
    assert origin.asked == []


def test_the_proxy_passes_on_what_is_allowed_and_keeps_its_password(origin: Origin) -> None:
    origin.films["/a"] = Film(content=Content(10))
    with Proxy(Guard(AllowList.of([origin.allow]))) as proxy:
        answer = _ask(proxy, f"GET {origin.url('/a')} HTTP/1.1\r\nHost: elsewhere.example\r\nX-A: b")
        password = proxy.url.split(":")[2].partition("@")[0]

    assert answer.endswith(Content(10).read(0, 10))
    (asked,) = origin.asked
    assert asked.headers["Host"] == f"127.0.0.1:{origin.port}"
    assert asked.headers["X-A"] == "b"
    assert password not in str(asked)
    assert proxy.received >= 10


def test_the_proxy_ends_with_its_block(origin: Origin) -> None:
    with Proxy(Guard()) as proxy:
        port = int(proxy.url.rpartition(":")[2])

    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_ending_the_proxy_waits_for_nobody_who_says_nothing() -> None:
    before = threading.active_count()
    with ExitStack() as clients:
        with Proxy(Guard()) as proxy:
            address = ("127.0.0.1", int(proxy.url.rpartition(":")[2]))
            # More than it serves at once, so that it waits for the end of one.
            for _ in range(40):
                clients.enter_context(socket.create_connection(address, timeout=60))
            while threading.active_count() < before + 33:
                time.sleep(0.01)
            began = time.monotonic()

        # It would have a quarter of a minute's patience with each of them.
        assert time.monotonic() - began < 10


def test_the_child_finds_no_other_program_and_no_setting_of_ours(tmp_path: Path) -> None:
    (tmp_path / "options").write_text("--version\n")
    (tmp_path / "yt_dlp.py").write_text("raise SystemExit('taken over')")
    (tmp_path / "yt-dlp.conf").write_text("--exec true\n")
    lines: list[str] = []

    code, _ = run_ytdlp(
        tmp_path / "options",
        folder=tmp_path,
        max_bytes=None,
        timeout_s=60,
        on_line=lines.append,
        cancelled=lambda: False,
    )

    assert code == 0
    assert lines[0].startswith("2026.")
