"""How messages lie in frames: JSON in text frames; in binary ones a length, a JSON header, and bytes.

The length of the header is four bytes, the most significant first.
"""

import json
from contextlib import suppress
from typing import Final

from pydantic import ValidationError

from framemill.api.process_messages import (
    CLIENT_TEXT,
    Attach,
    CancelJob,
    Ping,
    Release,
    ResultAck,
    ResultChunk,
    StartJob,
    UploadChunk,
)
from framemill.errors import MalformedMessage

MOST_HEADER: Final = 4096
MOST_CHUNK: Final = 256 * 1024  # bytes of a payload
LARGEST: Final = 4 + MOST_HEADER + MOST_CHUNK  # of a frame

Said = StartJob | CancelJob | Attach | ResultAck | Release | Ping
_PREFIX = 4
_LONGEST_NAME = 64


def read_text(text: str) -> Said:
    """What a text frame says; MalformedMessage."""
    try:
        return CLIENT_TEXT.validate_json(text)
    except ValidationError as error:
        raise _malformed(error) from error


def read_binary(frame: bytes) -> tuple[UploadChunk, memoryview]:
    """The header of a binary frame, and its payload; MalformedMessage."""
    size = int.from_bytes(frame[:_PREFIX], "big")
    if len(frame) < _PREFIX or not 2 <= size <= MOST_HEADER or _PREFIX + size > len(frame):
        raise MalformedMessage(
            f"a binary frame begins with the length of its header, 2 to {MOST_HEADER} and within the frame",
            hint="four bytes, the most significant first, then the header in JSON, then the bytes",
        )
    payload = memoryview(frame)[_PREFIX + size :]
    if len(payload) > MOST_CHUNK:
        raise MalformedMessage(f"a chunk has more than {MOST_CHUNK} bytes", hint="cut the file finer")
    try:
        return UploadChunk.model_validate_json(frame[_PREFIX : _PREFIX + size]), payload
    except ValidationError as error:
        raise _malformed(error) from error


def result_frame(header: ResultChunk, payload: bytes) -> bytes:
    """A piece of a result as a binary frame."""
    text = header.model_dump_json().encode()
    return b"".join((len(text).to_bytes(_PREFIX, "big"), text, payload))


def names_in(message: str | bytes) -> dict[str, str]:
    """The request and the job that a message names which cannot be understood otherwise."""
    with suppress(ValueError, RecursionError):
        said = json.loads(message) if isinstance(message, str) else None
        if isinstance(said, dict):
            named = ((name, said.get(name)) for name in ("request_id", "job_id"))
            return {name: one for name, one in named if isinstance(one, str) and len(one) <= _LONGEST_NAME}
    return {}


def _malformed(error: ValidationError) -> MalformedMessage:
    issue = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part)[:80] for part in issue["loc"])
    said = str(issue["msg"]).removeprefix("Value error, ")[:300]
    return MalformedMessage(
        f"{where}: {said}" if where else said, hint="docs/websocket.md shows each message"
    )
