"""The web UI: the built files and, for every address of a page, the page that shows it. No data of its own.

`scripts/build_web.py` builds it into the package. Each page gets a nonce, which
the styles that Mantine writes at run time carry; nothing else inline is allowed.
"""

import re
import secrets
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

BUILT: Final = Path(__file__).resolve().parent.parent / "web_ui"
_NONCE: Final = "__NONCE__"
# What is none of the UI's, whatever a browser says that it wants of it.
_OTHERS: Final = re.compile(r"/(?:api|docs|health|media|metrics|storage|ws)(?:/|$)")
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_FOREVER: Final = "public, max-age=31536000, immutable"
_BRIEFLY: Final = "public, max-age=300"
_UNBUILT: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Framemill</title></head><body><main>'
    "<p>The web UI is not built: run <code>make web</code> in Framemill's folder and start the server again; "
    '<a href="/docs">the API</a> is there.</p></main></body></html>'
)


class WebUi:
    """Answers what a browser asks for as a page or a file of the UI, and passes everything else on.

    `origins`: where else than here pages may read and send media, such as an S3 store; asked for once.
    """

    def __init__(
        self, app: ASGIApp, *, built: Path = BUILT, origins: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self._app = app
        self._built = built
        self._asked = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        answer = self._answer(scope) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        path: str = scope["path"]
        if scope["method"] not in {"GET", "HEAD"} or _OTHERS.match(path):
            return None
        headers = Headers(scope=scope)
        if path in self._files:
            return self._file(path, headers)
        # The link that signs in is the API's; the page that asks for a password is here.
        of_link = path == "/login" and b"token=" in scope["query_string"]
        if of_link or not (path == "/" or "text/html" in headers.get("accept", "")):
            return None
        return self._page(path)

    @cached_property
    def _origins(self) -> str:
        return " ".join(sorted(set(self._asked())))

    @cached_property
    def _index(self) -> str | None:
        index = self._built / "index.html"
        return index.read_text("utf-8") if index.is_file() else None

    @cached_property
    def _files(self) -> dict[str, Path]:
        """What was built, by its address."""
        return {
            f"/{file.relative_to(self._built).as_posix()}": file
            for file in (self._built.rglob("*") if self._index is not None else ())
            if file.suffix in _TYPES and not file.relative_to(self._built).parts[0].startswith(".")
        }

    def _page(self, path: str) -> Response | None:
        if self._index is None:
            return HTMLResponse(_UNBUILT) if path == "/" else None
        nonce = secrets.token_urlsafe(16)
        policy = self._policy(f"style-src 'self' 'nonce-{nonce}'", "script-src 'self' 'wasm-unsafe-eval'")
        return HTMLResponse(
            self._index.replace(_NONCE, nonce),
            headers={"Content-Security-Policy": policy, "Cross-Origin-Opener-Policy": "same-origin"},
        )

    def _file(self, path: str, headers: Headers) -> Response:
        file, encoding = self._encoded(self._files[path], headers.get("accept-encoding", ""))
        said = {
            "Cache-Control": _FOREVER if path.startswith("/assets/") else _BRIEFLY,
            "Vary": "Accept-Encoding",
            # For a worker: its own script's policy is the one that holds for it.
            "Content-Security-Policy": self._policy("script-src 'self' 'wasm-unsafe-eval'"),
        }
        if encoding is not None:
            said["Content-Encoding"] = encoding
        return FileResponse(file, media_type=_TYPES[Path(path).suffix], headers=said)

    def _encoded(self, file: Path, accepted: str) -> tuple[Path, str | None]:
        """The smallest form of it that the client takes."""
        offers = (one.replace(" ", "").split(";") for one in accepted.split(","))
        taken = {name for name, *rest in offers if "q=0" not in rest}
        for encoding, suffix in _ENCODINGS:
            smaller = file.with_name(file.name + suffix)
            if encoding in taken and smaller.is_file():
                return smaller, encoding
        return file, None

    def _policy(self, *rules: str) -> str:
        elsewhere = f" {self._origins}" if self._origins else ""
        return "; ".join(
            (
                "default-src 'none'",
                *rules,
                f"connect-src 'self'{elsewhere}",
                f"img-src 'self' blob:{elsewhere}",
                # hls.js feeds a player from memory, and begins captions with an empty file in an address.
                f"media-src 'self' blob: data:{elsewhere}",
                "worker-src 'self'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        )
