"""The job service as an AsyncAPI 3 document, made from its messages: docs/asyncapi.yaml is this."""

import re
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from framemill.api.doorkeeper import Close
from framemill.api.process import PATH
from framemill.api.process_frames import MOST_CHUNK, MOST_HEADER
from framemill.api.process_messages import BINARY, CLIENT, SERVER
from framemill.api.sockets import PROTOCOL

Json = dict[str, Any]  # Any: JSON

_CODES = {
    Close.ENDED: "The client ended it.",
    Close.FAULT: "A defect of the server, which its log has.",
    Close.BAD_MESSAGE: "Several messages could not be understood.",
    Close.UNAUTHENTICATED: "The key or session is not valid, or no more.",
    Close.FORBIDDEN: "The caller may not submit jobs, or no more.",
    Close.TIMEOUT: "Idle, open for too long, or messages were not read; the reason's first word says which.",
    Close.TOO_LARGE: "A message, or all that came, was too large.",
    Close.TOO_MANY: "The caller has too many connections.",
    Close.UNAVAILABLE: "The server goes down, or has no place.",
}
_ABOUT = (
    "Media comes in and results go out over one WebSocket. Text frames hold a message in JSON. Binary frames "
    f"hold four bytes with the length of a header, the most significant first; the header in JSON, at most "
    f"{MOST_HEADER} bytes; and a payload, at most {MOST_CHUNK} bytes. docs/websocket.md shows each flow."
)


def description() -> Json:
    """The document."""
    kinds = (*CLIENT, *SERVER)
    _, schema = models_json_schema(
        [(kind, "serialization" if kind in SERVER else "validation") for kind in kinds],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Framemill job service",
            "version": version("framemill"),
            "description": _ABOUT,
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1:8000",
                "protocol": "ws",
                "security": [{"$ref": "#/components/securitySchemes/key"}],
            }
        },
        "channels": {
            "process": {
                "address": PATH,
                "messages": {_name(kind): {"$ref": f"#/components/messages/{_name(kind)}"} for kind in kinds},
                "bindings": {"ws": {"method": "GET"}},
                "x-subprotocol": PROTOCOL,
                "x-close-codes": {str(int(code)): text for code, text in _CODES.items()},
            }
        },
        # As the server sees it.
        "operations": {
            "hear": {"action": "receive", **_operation(CLIENT)},
            "say": {"action": "send", **_operation(SERVER)},
        },
        "components": {
            "messages": {_name(kind): _message(kind) for kind in kinds},
            "schemas": schema["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def as_yaml() -> str:
    """The document as a file."""
    import yaml

    return yaml.safe_dump(description(), sort_keys=False, width=110, allow_unicode=True)


def _operation(kinds: tuple[type[Any], ...]) -> Json:  # Any: the messages' base is theirs
    return {
        "channel": {"$ref": "#/channels/process"},
        "messages": [{"$ref": f"#/channels/process/messages/{_name(kind)}"} for kind in kinds],
    }


def _message(kind: type[Any]) -> Json:  # Any: as above
    binary = {"contentType": "application/octet-stream", "x-frame": "binary"} if kind in BINARY else {}
    return {
        "name": _name(kind),
        "summary": (kind.__doc__ or "").partition("\n")[0],
        **binary,
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
    }


def _name(kind: type[Any]) -> str:  # Any: as above
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
