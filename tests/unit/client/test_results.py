import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from framemill.client.records import detail_of
from framemill.client.results import fetch
from framemill.errors import OutputExists, OutputInvalid, StorageUnavailable
from framemill.services.records import JobDetail
from tests.unit.client.conftest import Door

_NOW = datetime(2026, 11, 2, tzinfo=UTC).isoformat()
FILM = b"a film that is long enough to break in the middle"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _tree(files: Mapping[str, bytes]) -> str:
    rows = "".join(f"{name}\0{len(text)}\0sha256:{_sha256(text)}\n" for name, text in sorted(files.items()))
    return f"tree-sha256:{_sha256(rows.encode())}"


def _detail(*artifacts: tuple[str, int, str | None]) -> JobDetail:
    job: dict[str, Any] = dict.fromkeys(
        (
            *("step", "workspace_id", "video_id", "batch_id", "error", "actual", "processing_ms"),
            *("started_at", "finished_at"),
        )
    )
    job |= dict.fromkeys(("priority", "progress", "tasks_total", "tasks_done", "tasks_failed", "attempts"), 1)
    job |= {"id": "j", "kind": "trim", "owner": "", "state": "completed", "specs": [], "tasks": []}
    job |= {"created_at": _NOW, "updated_at": _NOW}
    made = [
        {"id": str(n), "role": "clip", "name": name, "bytes": size, "digest": digest, "media": None}
        for n, (name, size, digest) in enumerate(artifacts)
    ]
    return detail_of({**job, "artifacts": made})


@dataclass
class Store:
    """A server with the files of its artifacts, in one page each."""

    files: tuple[Mapping[str, bytes], ...]
    breaks: list[int] = field(default_factory=list)  # after so many bytes, once each
    ranges: list[str | None] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "mill.test":
            number = int(request.url.path.split("/")[-2])
            listed = self.files[number].items()
            return httpx2.Response(
                200,
                json=[
                    {"name": name, "bytes": len(text), "url": f"https://store.test/{number}/{i}"}
                    for i, (name, text) in enumerate(listed)
                ],
            )
        assert "authorization" not in request.headers
        _, number_text, i = request.url.path.split("/")
        content = [*self.files[int(number_text)].values()][int(i)]
        asked = request.headers.get("range")
        self.ranges.append(asked)
        start = int(asked[6:-1]) if asked else 0
        status = 206 if asked else 200
        if self.breaks:
            end = start + self.breaks.pop(0)
            return httpx2.Response(status, stream=_Stream(content[start:end], breaks=True))
        return httpx2.Response(status, stream=_Stream(content[start:]))


@dataclass
class _Stream(httpx2.SyncByteStream):
    content: bytes
    breaks: bool = False

    def __iter__(self) -> Iterator[bytes]:
        yield self.content
        if self.breaks:
            raise httpx2.ReadError("lost")


def _fetch(
    door: Door,
    store: Store,
    detail: JobDetail,
    folder: Path,
    *,
    overwrite: bool = False,
    called: Callable[[str], str] = lambda name: name,
) -> JobDetail:
    return fetch(door(store), detail, folder, overwrite=overwrite, moved=lambda _: None, called=called)


def _found(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_files_and_packages_come_as_they_were_made(door: Door, tmp_path: Path) -> None:
    package = {"720p/init.mp4": b"init", "master.m3u8": b"#EXTM3U", "720p.m3u8": b"#"}
    store = Store(({"film.mp4": FILM}, {f"hls/{name}": text for name, text in package.items()}))
    detail = _detail(
        ("film.mp4", len(FILM), f"sha256:{_sha256(FILM)}"), ("hls/master.m3u8", 1, _tree(package))
    )

    here = _fetch(door, store, detail, tmp_path / "out")

    assert _found(tmp_path / "out") == {"film.mp4": FILM, **{f"hls/{n}": text for n, text in package.items()}}
    assert [one.path for one in here.artifacts] == [tmp_path / "out" / "film.mp4", tmp_path / "out" / "hls"]


def test_what_breaks_off_goes_on_where_it_was(door: Door, tmp_path: Path) -> None:
    store = Store(({"film.mp4": FILM},), breaks=[10, 5])

    _fetch(door, store, _detail(("film.mp4", len(FILM), f"sha256:{_sha256(FILM)}")), tmp_path)

    assert _found(tmp_path) == {"film.mp4": FILM}
    assert store.ranges == [None, "bytes=10-", "bytes=15-"]


@pytest.mark.parametrize(
    ("files", "artifact"),
    [
        ({"film.mp4": FILM}, ("film.mp4", len(FILM), f"sha256:{_sha256(b'another')}")),
        ({"hls/a": FILM}, ("hls/master.m3u8", 1, _tree({"a": b"another"}))),
        ({"hls/a": FILM, "../b": FILM}, ("hls/master.m3u8", 1, _tree({}))),
        ({"dash/a": FILM}, ("hls/master.m3u8", 1, _tree({"a": FILM}))),
        ({"../film.mp4": FILM}, ("../film.mp4", len(FILM), None)),
        ({"/etc/film.mp4": FILM}, ("/etc/film.mp4", len(FILM), None)),
        ({".bashrc": FILM}, (".bashrc", len(FILM), None)),
        ({"a/.ssh/b": FILM}, ("a/.ssh/b", len(FILM), None)),
        ({"a\nb": FILM}, ("a\nb", len(FILM), None)),
        ({}, ("film.mp4", len(FILM), None)),
    ],
)
def test_what_is_not_what_was_made_or_leads_elsewhere_leaves_nothing(
    door: Door, tmp_path: Path, files: Mapping[str, bytes], artifact: tuple[str, int, str | None]
) -> None:
    with pytest.raises(OutputInvalid):
        _fetch(door, Store((files,)), _detail(artifact), tmp_path / "out")

    assert _found(tmp_path) == {}
    assert not (tmp_path / "out").exists()


def test_what_does_not_come_leaves_nothing(door: Door, tmp_path: Path) -> None:
    store = Store(({"film.mp4": FILM},), breaks=[0] * 50)

    with pytest.raises(StorageUnavailable):
        _fetch(door, store, _detail(("film.mp4", len(FILM), None)), tmp_path)

    assert [*tmp_path.iterdir()] == []


def test_what_exists_is_replaced_only_where_that_was_asked_for(door: Door, tmp_path: Path) -> None:
    package = {"a": b"new"}
    store = Store(({"film.mp4": FILM}, {"hls/a": b"new"}))
    detail = _detail(("film.mp4", len(FILM), None), ("hls/master.m3u8", 3, _tree(package)))
    (tmp_path / "film.mp4").write_text("old")
    (tmp_path / "hls").mkdir()
    (tmp_path / "hls" / "old").write_text("old")

    with pytest.raises(OutputExists):
        _fetch(door, store, detail, tmp_path)
    untouched = _found(tmp_path)
    _fetch(door, store, detail, tmp_path, overwrite=True)

    assert untouched == {"film.mp4": b"old", "hls/old": b"old"}
    assert _found(tmp_path) == {"film.mp4": FILM, "hls/a": b"new"}


def test_results_are_called_as_the_file_that_was_given(door: Door, tmp_path: Path) -> None:
    store = Store(({"film-trim.mp4": FILM},))

    here = _fetch(
        door,
        store,
        _detail(("film-trim.mp4", len(FILM), None)),
        tmp_path,
        called=lambda name: name.replace("film-", "movie-"),
    )

    assert [one.path.name for one in here.artifacts] == ["movie-trim.mp4"]
    assert _found(tmp_path) == {"movie-trim.mp4": FILM}
