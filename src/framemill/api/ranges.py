"""Stored files over HTTP, to RFC 9110: whole or in ranges, with conditions, for GET and HEAD.

One pure decision (`decide`) and the response that carries it out. Who may
have the file was decided before; how its bytes move, `sending` knows.
"""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from secrets import token_hex

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from framemill.api.byte_ranges import Span, asked_spans
from framemill.api.media_types import disposition, media_type
from framemill.api.preconditions import Verdict, Version, range_counts, verdict
from framemill.api.sending import opened, stream, while_connected
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
    if (saved := disposition(media, offer.filename)) is not None:
        described["content-disposition"] = saved
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
    """A stored file to whoever asks for it; BlobNotFound, StorageUnavailable before anything is sent."""

    def __init__(
        self,
        blobs: BlobStore,
        offer: Offer,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.status_code = 200
        self.background = None
        self._blobs = blobs
        self._offer = offer
        self._now = now
        self.init_headers({})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide, then send; the client's going ends it."""
        decision = decide(
            scope["method"], _joined(scope), self._offer, now=self._now(), boundary=token_hex(13)
        )
        # What middleware and cookies added stays; what the file says wins.
        self.headers.update(decision.headers)
        self.status_code = decision.status
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        if scope["method"] == "HEAD" or not decision.body:
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        async with (
            opened(self._blobs, self._offer.blob) as source,
            aclosing(stream(source, decision.body)) as pieces,
        ):
            # Whatever can fail has its chance before the status is sent.
            first = await anext(pieces)

            async def move() -> None:
                await send(start)
                await send({"type": "http.response.body", "body": first, "more_body": True})
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b""})

            await while_connected(receive, move)


def _always(offer: Offer, stored: Version) -> dict[str, str]:
    return {
        "accept-ranges": "bytes",
        "cache-control": offer.cache_control,
        # Were a browser to show it as a page, that page could do nothing.
        "content-security-policy": "sandbox",
        "etag": f'"{stored.etag}"',
        "last-modified": format_datetime(stored.second, usegmt=True),
        # The address may hold a signature.
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        **(offer.extra or {}),
    }


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


def _joined(scope: Scope) -> dict[str, str]:
    """Headers by name; those sent in several lines are one list (section 5.3)."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
