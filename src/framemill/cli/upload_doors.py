"""Uploads into this machine's store; into a server's, by its API, they are `client.uploads`'s."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from framemill.client.uploads import Standing, Wish

if TYPE_CHECKING:
    from framemill.app import App
    from framemill.services.upload_records import UploadRecord


class Door(Protocol):
    """Uploads, wherever they go. Raises what the services raise; ServerUnavailable where nobody answers."""

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
