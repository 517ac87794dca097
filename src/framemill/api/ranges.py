"""Stored files over HTTP, to RFC 9110: whole or in ranges, with conditions, for GET and HEAD.

One pure decision (`decide`) and the response that carries it out. Who may
have the file was decided before; how its bytes move, `sending` knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from io import FileIO
from secrets import token_hex

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from framemill.api.byte_ranges import Span, asked_spans
from framemill.api.preconditions import Verdict, Version, range_counts, verdict
from framemill.api.sending import Content, open_content, send_content
from framemill.domain.media_types import OCTETS, disposition, media_type
from framemill.storage.blobs import Blob, BlobStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A stored file as it is offered: `filename` makes browsers save it under that name."""

    blob: Blob
    cache_control: str = "private, no-cache"
    filename: str | None = None
    extra: Mapping[str, str] | None = None  # more headers, on every answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to answer: the body is text and spans of the file, one after the other."""

    status: int
    headers: Mapping[str, str]
    body: tuple[bytes | Span, ...] = ()


def decide(
    method: str, headers: Mapping[str, str], offer: Offer, *, now: datetime, boundary: str
) -> Decision:
    """The answer to a GET or HEAD whose header names are in lower case."""
    blob = offer.blob
    stored = Version(etag=blob.etag, modified=blob.modified)
    always = _always(offer, stored)
    found = verdict(headers, stored)
    if found is Verdict.NOT_MODIFIED:
        return Decision(status=304, headers=always)
    if found is Verdict.FAILED:
        return Decision(status=412, headers={**always, "content-length": "0"})
    media = media_type(blob.key)
    asked = None
    # HEAD knows no ranges (section 14.2).
    if method == "GET" and range_counts(headers.get("if-range"), stored, now=now):
        asked = asked_spans(headers.get("range", ""), blob.bytes)
    if asked == ():
        refused = {"content-length": "0", "content-range": f"bytes */{blob.bytes}"}
        return Decision(status=416, headers={**always, **refused})
    described = {**always, "content-type": media}
    if offer.filename is not None:
        described["content-disposition"] = disposition(offer.filename)
    elif media == OCTETS:
        described["content-disposition"] = "attachment"
    if asked is None:
        whole = (Span(start=0, stop=blob.bytes),) if blob.bytes else ()
        return Decision(status=200, headers=_of_length(described, whole), body=whole)
    if len(asked) == 1:
        described["content-range"] = _content_range(asked[0], blob)
        return Decision(status=206, headers=_of_length(described, asked), body=asked)
    described["content-type"] = f"multipart/byteranges; boundary={boundary}"
    parts = _multipart(asked, blob, media, boundary)
    return Decision(status=206, headers=_of_length(described, parts), body=parts)


class BlobResponse(Response):
    """A stored file to whoever asks for it. Made in a thread: it may wait for a disk.

    `file` is the stored one, opened already; it is closed in any case. Raises
    BlobNotFound and StorageUnavailable, when made or before anything is sent.
    """

    def __init__(
        self,
        request: Request,
        blobs: BlobStore,
        offer: Offer,
        *,
        file: FileIO | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        decision = decide(request.method, _joined(request), offer, now=now(), boundary=token_hex(13))
        self.status_code = decision.status
        self.background = None
        self.raw_headers = [
            (name.encode("ascii"), value.encode("latin-1")) for name, value in decision.headers.items()
        ]
        self._content: Content | None = None
        if decision.body and request.method != "HEAD":
            self._content = open_content(blobs, offer.blob, decision.body, file=file)
        elif file is not None:
            file.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; the client's going ends it."""
        start: Message = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        if self._content is None:
            await send(start)
            await send({"type": "http.response.body", "body": b""})
        else:
            await send_content(self._content, start, scope, receive, send)


def _always(offer: Offer, stored: Version) -> dict[str, str]:
    return {
        "accept-ranges": "bytes",
        "cache-control": offer.cache_control,
        # Were a browser to show it as a page, that page could do nothing.
        "content-security-policy": "sandbox",
        "etag": f'"{stored.etag}"',
        "last-modified": _http_date(stored.second),
        # The address may hold a signature.
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        **(offer.extra or {}),
    }


@lru_cache(maxsize=1000)
def _http_date(second: datetime) -> str:
    return format_datetime(second, usegmt=True)


def _of_length(headers: Mapping[str, str], body: tuple[bytes | Span, ...]) -> dict[str, str]:
    length = sum(len(part) if isinstance(part, bytes) else part.length for part in body)
    return {**headers, "content-length": str(length)}


def _content_range(span: Span, blob: Blob) -> str:
    return f"bytes {span.start}-{span.stop - 1}/{blob.bytes}"


def _multipart(asked: tuple[Span, ...], blob: Blob, media: str, boundary: str) -> tuple[bytes | Span, ...]:
    parts: list[bytes | Span] = []
    for span in asked:
        head = f"--{boundary}\r\ncontent-type: {media}\r\ncontent-range: {_content_range(span, blob)}\r\n\r\n"
        parts += [(head if not parts else f"\r\n{head}").encode("ascii"), span]
    return (*parts, f"\r\n--{boundary}--\r\n".encode("ascii"))


def _joined(request: Request) -> dict[str, str]:
    """Headers by name; those sent in several lines are one list (section 5.3)."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
