"""Uploads by a server's API: parts go where it says. Cutting and sending files is `cli.sending`'s."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from framemill.client.connection import API, Server
from framemill.client.refusals import said
from framemill.errors import ServerUnavailable, StorageUnavailable, UploadNotFound

Json = dict[str, Any]  # Any: JSON
_FOR_UPLOADS = f"{API}/uploads"
_URLS_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be done with the files."""

    workspace: str
    collection: str
    pipeline: str | None = None
    notes: str = ""
    kind: str = "media"  # or subtitles, picture, font


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an upload stands; `id` is None where nothing needs to be sent."""

    id: str | None
    video: str
    state: str
    part_bytes: int
    missing: tuple[int, ...]
    duplicate: bool
    job: str | None
    error: Json | None

    @property
    def completing(self) -> bool:
        """True while another process is at it."""
        return self.state == "completing"


class There:
    """A server's uploads. Asks once: whoever sends is patient."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._urls: dict[tuple[str, int], str] = {}
        self._counts: dict[str, int] = {}  # parts of each upload

    @property
    def place(self) -> str:
        """The server."""
        return self._server.url

    def begin(self, filename: str, size: int, *, sha256: str, wish: Wish, key: str) -> Standing:
        """Announce a file."""
        body = {
            "filename": filename,
            "size": size,
            "sha256": sha256,
            "workspace": wish.workspace,
            "collection": wish.collection,
            "pipeline": wish.pipeline,
            "metadata": {"notes": wish.notes},
            # Servers that do not know of other kinds take films.
            **({} if wish.kind == "media" else {"kind": wish.kind}),
        }
        data = self._ask("POST", _FOR_UPLOADS, body, headers={"Idempotency-Key": key})
        self._learn(data["id"], data)
        return _of_json(data)

    def show(self, upload_id: str) -> Standing:
        """How it stands."""
        data = self._ask("GET", f"{_FOR_UPLOADS}/{upload_id}")
        self._counts[upload_id] = data["part_count"]
        return _of_json(data)

    def send(self, upload_id: str, number: int, content: Callable[[], Iterator[bytes]], size: int) -> None:
        """PUT one part to where it goes."""
        import httpx2

        url = self._url(upload_id, number)
        try:
            answer = self._server.store.put(url, content=content(), headers={"Content-Length": str(size)})
        except httpx2.HTTPError as error:
            raise StorageUnavailable(f"the store does not take part {number}: {said(error)}") from error
        if answer.is_success:
            return
        # It may have run out; the next try asks for a fresh one.
        self._urls.pop((upload_id, number), None)
        if answer.status_code == 404:
            raise UploadNotFound(upload_id)
        raise StorageUnavailable(f"the store answered {answer.status_code} to part {number}")

    def complete(self, upload_id: str, *, sha256: str) -> Standing:
        """Complete it."""
        return _of_json(self._ask("POST", f"{_FOR_UPLOADS}/{upload_id}/complete", {"sha256": sha256}))

    def _url(self, upload_id: str, number: int) -> str:
        if (upload_id, number) not in self._urls:
            last = min(number + _URLS_AT_ONCE - 1, self._counts.get(upload_id, number))
            wanted = {"parts": list(range(number, last + 1))}
            self._learn(upload_id, self._ask("POST", f"{_FOR_UPLOADS}/{upload_id}/urls", wanted))
        return self._urls[upload_id, number]

    def _learn(self, upload_id: str, data: Json) -> None:
        for part in data["parts"]:
            self._urls[upload_id, part["number"]] = part["url"]

    def _ask(
        self, method: str, path: str, body: Json | None = None, headers: Mapping[str, str] | None = None
    ) -> Json:
        data = self._server.once(method, path, body, headers=headers)
        if not isinstance(data, dict) or "parts" not in data:  # every answer here has some
            raise ServerUnavailable(
                f"{self.place} answered, but not as Framemill does", hint="look at --server"
            )
        return data


def _of_json(data: Json) -> Standing:
    return Standing(
        id=data["id"],
        video=data["video_id"],
        state=data["state"],
        part_bytes=data["part_size"],
        missing=tuple(data["missing"]),
        duplicate=data["duplicate"],
        job=data["job_id"],
        error=data["error"],
    )
