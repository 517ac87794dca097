"""Two ways to the same uploads: the services of this machine's settings, and a server's API."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from framemill.errors import (
    Forbidden,
    FramemillError,
    StorageUnavailable,
    Unauthenticated,
    UploadNotFound,
)

if TYPE_CHECKING:
    import httpx2

    from framemill.app import App
    from framemill.services.upload_records import UploadRecord

Json = dict[str, Any]  # Any: JSON
_FOR_UPLOADS = "/api/v1/uploads"
_URLS_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be done with the files."""

    workspace: str
    collection: str
    pipeline: str | None = None
    notes: str = ""


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


class Door(Protocol):
    """Uploads, wherever they go. Raises what the services raise; StorageUnavailable where nobody answers."""

    @property
    def place(self) -> str:
        """What tells this door's uploads from another's."""

    def begin(self, filename: str, size: int, *, sha256: str, wish: Wish, key: str) -> Standing:
        """Announce a file; the same `key` gives the same upload again."""

    def show(self, upload_id: str) -> Standing:
        """How it stands; UploadNotFound."""

    def send(self, upload_id: str, number: int, content: Callable[[], Iterator[bytes]], size: int) -> None:
        """Send one part."""

    def complete(self, upload_id: str, *, sha256: str) -> Standing:
        """Complete it."""

    def close(self) -> None:
        """Let go of connections."""


class Here:
    """The services of this process."""

    def __init__(self, app: "App", *, uploader: str) -> None:
        self._app = app
        self._uploader = uploader

    @property
    def place(self) -> str:
        """The database."""
        return self._app.database.describe()

    def begin(self, filename: str, size: int, *, sha256: str, wish: Wish, key: str) -> Standing:
        """Announce a file."""
        from framemill.services.upload_records import Announced

        asked = Announced(
            filename=filename,
            bytes=size,
            sha256=sha256,
            workspace=wish.workspace,
            collection=wish.collection,
            pipeline=wish.pipeline,
            notes=wish.notes,
            uploader=self._uploader,
            idempotency_key=key,
        )
        return _of_record(self._app.uploads.begin(asked, urls=0))

    def show(self, upload_id: str) -> Standing:
        """How it stands."""
        return _of_record(self._app.uploads.show(upload_id))

    def send(self, upload_id: str, number: int, content: Callable[[], Iterator[bytes]], size: int) -> None:  # noqa: ARG002 - the service knows how long it is
        """Put one part into the store."""
        self._app.uploads.put_part(upload_id, number, content())

    def complete(self, upload_id: str, *, sha256: str) -> Standing:
        """Complete it."""
        return _of_record(self._app.uploads.complete(upload_id, sha256=sha256))

    def close(self) -> None:
        """The application is closed by whoever opened it."""


class There:
    """A server's API; parts go where it says."""

    def __init__(
        self, server: str, key: str | None, *, transport: "httpx2.BaseTransport | None" = None
    ) -> None:
        import httpx2

        self._server = server.rstrip("/")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        patience = httpx2.Timeout(30.0, read=900.0)
        self._api = httpx2.Client(
            base_url=self._server, headers=headers, timeout=patience, transport=transport
        )
        # The store need not be the server, and must not see the key.
        self._store = httpx2.Client(timeout=httpx2.Timeout(60.0), transport=transport)
        self._urls: dict[tuple[str, int], str] = {}
        self._counts: dict[str, int] = {}  # parts of each upload

    @property
    def place(self) -> str:
        """The server."""
        return self._server

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
            answer = self._store.put(url, content=content(), headers={"Content-Length": str(size)})
        except httpx2.HTTPError as error:
            raise StorageUnavailable(f"the store does not take part {number}: {_said(error)}") from error
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

    def close(self) -> None:
        """Close the connections."""
        self._api.close()
        self._store.close()

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
        import httpx2

        try:
            answer = self._api.request(method, path, json=body, headers=headers)
        except httpx2.HTTPError as error:
            raise StorageUnavailable(
                f"{self._server} does not answer: {_said(error)}", hint="look at --server, and try again"
            ) from error
        except httpx2.InvalidURL as error:
            raise StorageUnavailable(f"{self._server[:200]!r} is no address of a server") from error
        if not answer.is_success:
            raise _refusal(answer)
        try:
            data: Json = answer.json()
            _ = data["parts"]  # every answer here has some
        except (ValueError, KeyError, TypeError) as error:
            raise _not_ours(answer) from error
        return data


def _refusal(answer: "httpx2.Response") -> FramemillError:
    """What the server says went wrong, as an error of our own."""
    from framemill.engine.stored import load_error

    try:
        said = answer.json()
        error = load_error({"code": said["code"], "message": said["detail"], "hint": said.get("hint")})
    except (ValueError, KeyError, TypeError):
        error = _not_ours(answer)
    if isinstance(error, Unauthenticated | Forbidden):
        error.hint = "`framemill keys create NAME` on the server makes a key; give it in FRAMEMILL_KEY"
    return error


def _not_ours(answer: "httpx2.Response") -> StorageUnavailable:
    return StorageUnavailable(
        f"the server answered {answer.status_code}, and not as Framemill does", hint="look at --server"
    )


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _of_record(record: "UploadRecord") -> Standing:
    return Standing(
        id=record.id,
        video=record.video_id,
        state=str(record.state),
        part_bytes=record.part_bytes,
        missing=record.missing,
        duplicate=record.duplicate,
        job=record.job_id,
        error=record.error,
    )


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
