"""Parts of uploads into the local store, by signed address: what an S3-compatible store does itself."""

import hashlib
import hmac
from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framemill.api.dependencies import TheApp
from framemill.api.inflow import received
from framemill.api.problems import respond
from framemill.errors import InvalidUpload, LimitExceeded
from framemill.services.uploads import exactly
from framemill.storage.blobs import Part
from framemill.storage.doors import PARTS
from framemill.storage.signing import Grant

router = APIRouter(include_in_schema=False)

_BELOW = f"/storage/{PARTS}/"
_PATH = f"{_BELOW}{{key:path}}"
_OPEN = {
    # The signature in the address is all that counts here; no cookie and no key is looked at.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_ASKED_BEFORE = {
    "Access-Control-Allow-Methods": "PUT",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


class OpenToPages:
    """Lets pages of any site send parts, as stores do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not scope["path"].startswith(_BELOW):
            await self._app(scope, receive, send)
            return

        async def opened(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_OPEN)
            await send(message)

        await self._app(scope, receive, opened)


@router.options(_PATH)
async def ask_before(key: str) -> Response:  # noqa: ARG001 - whatever it is
    """What browsers ask before they send a part from a page of another site."""
    return Response(status_code=204, headers=_ASKED_BEFORE)


@router.put(_PATH)
async def put(key: str, request: Request, app: TheApp) -> Response:
    """Take one part, of exactly the length that was signed."""
    grant = app.signer.check_query(request.query_params.multi_items(), scope=PARTS, method="PUT", key=key)
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        return _refused(request, 411, "the request says not how long the part is")
    if int(length) != grant.bytes:
        status = 413 if int(length) > grant.bytes else 400
        return _refused(request, status, f"this part has {grant.bytes} bytes, and {length} are announced")

    def store(pieces: Iterator[bytes]) -> Part:
        return app.blobs.put_part(grant.key, grant.upload, grant.part, _checked(pieces, grant))

    part = await received(request, store)
    return Response(headers={"ETag": f'"{part.etag}"'})


def _checked(pieces: Iterator[bytes], grant: Grant) -> Iterator[bytes]:
    """The pieces; InvalidUpload where they are not what was signed."""
    total = hashlib.sha256()
    for piece in exactly(pieces, grant.bytes):
        if grant.sha256:
            total.update(piece)
        yield piece
    if grant.sha256 and not hmac.compare_digest(total.hexdigest(), grant.sha256):
        raise InvalidUpload(f"part {grant.part} has another sha256 than announced", hint="send it again")


def _refused(request: Request, status: int, detail: str) -> Response:
    code = LimitExceeded.code if status == 413 else InvalidUpload.code
    hint = "send the part as it was cut, with its Content-Length"
    return respond(
        request, status=status, code=code, detail=detail, hint=hint, headers={"Connection": "close"}
    )
