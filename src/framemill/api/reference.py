"""`/docs`: the API's description as one plain page, without a script and without anything from elsewhere."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1d2129;
background:#fff}code{font-size:.95em}dt{margin-top:.75rem}dd{margin:0;color:#4a5160}h2{margin-top:2rem}
@media(prefers-color-scheme:dark){body{color:#e6e8ec;background:#14161a}dd{color:#a7adb8}a{color:#8ab4ff}}
"""
_ALLOWED = b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_ALLOWED}'; frame-ancestors 'none'"


@router.get("/docs")
def reference(request: Request) -> HTMLResponse:
    """Every endpoint in a line or two."""
    schema: dict[str, Any] = request.app.openapi()  # Any: JSON
    about = {tag["name"]: tag["description"] for tag in schema["tags"]}
    found: dict[str, list[str]] = {name: [] for name in about}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            said = escape(operation["summary"])
            line = f"<dt><code>{method.upper()} {escape(path)}</code></dt><dd>{said}</dd>"
            found.setdefault(operation.get("tags", ["other"])[0], []).append(line)
    parts = [
        f"<h2>{escape(name)}</h2><p>{escape(about.get(name, ''))}</p><dl>{''.join(lines)}</dl>"
        for name, lines in found.items()
        if lines
    ]
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Framemill API</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>Framemill API</h1>"
        f"<p>{escape(schema['info']['summary'])} Programs read "
        f'<a href="{escape(request.app.openapi_url)}">the whole description</a> (OpenAPI 3.1).</p>'
        f"{''.join(parts)}</body></html>"
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})
