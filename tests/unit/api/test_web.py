"""The web UI's files: which form of them goes out, which addresses are pages, and what pages may do."""

import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from framemill.api.application import create_app
from framemill.api.web import WebUi
from framemill.app import App

_PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def _beneath(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"beneath: {request.url.path}")


def _client(built: Path, *origins: str) -> TestClient:
    beneath = Starlette(routes=[Route("/{path:path}", _beneath)])
    return TestClient(WebUi(beneath, built=built, origins=lambda: origins))


@pytest.fixture(name="built")
def _built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<meta property="csp-nonce" nonce="__NONCE__">')
    (tmp_path / "assets/app-1a2b.js").write_text("plain")
    (tmp_path / "assets/app-1a2b.js.br").write_bytes(b"as brotli")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / ".sources").write_text("secret")
    return tmp_path


@pytest.mark.parametrize("path", ["/", "/videos", "/videos/0198-x", "/login"])
def test_every_address_of_a_page_gets_the_page(built: Path, path: str) -> None:
    answer = _client(built).get(path, headers=_PAGE)

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "csp-nonce" in answer.text


@pytest.mark.parametrize(
    "path", ["/api/v1/jobs", "/docs", "/media/x.m3u8", "/ws/jobs", "/login?token=abc", "/health"]
)
def test_what_is_not_of_the_ui_is_passed_on_to_whoever_it_is_of(built: Path, path: str) -> None:
    assert _client(built).get(path, headers=_PAGE).text == f"beneath: {path.partition('?')[0]}"


def test_a_program_gets_no_page_for_an_address_that_is_none(built: Path) -> None:
    assert _client(built).get("/videos", headers={"accept": "application/json"}).text.startswith("beneath")
    assert _client(built).post("/videos", headers=_PAGE).status_code == 405


def test_each_page_has_a_nonce_of_its_own_that_its_policy_names(built: Path) -> None:
    client = _client(built, "https://store.example.com")

    nonces = []
    for _ in range(2):
        answer = client.get("/", headers=_PAGE)
        policy = answer.headers["content-security-policy"]
        found = re.search(r'nonce="([^"]+)"', answer.text)
        assert found is not None
        assert f"style-src 'self' 'nonce-{found[1]}'" in policy
        assert "connect-src 'self' https://store.example.com" in policy
        assert "unsafe-inline" not in policy
        nonces.append(found[1])
    assert nonces[0] != nonces[1]


@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [
        ("br, gzip", "br", "as brotli"),
        ("gzip;q=1, br; q=0", None, "plain"),
        ("gzip", None, "plain"),
        ("", None, "plain"),
    ],
)
def test_a_file_goes_out_in_the_smallest_form_that_is_taken(
    built: Path, accepted: str, encoding: str | None, content: str
) -> None:
    with _client(built).stream("GET", "/assets/app-1a2b.js", headers={"accept-encoding": accepted}) as answer:
        raw = b"".join(answer.iter_raw())

    assert (answer.headers.get("content-encoding"), raw.decode()) == (encoding, content)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/.sources", "/assets/../.sources", "/assets/app-1a2b.js.br", "/index.html"]
)
def test_nothing_else_in_the_folder_can_be_fetched(built: Path, path: str) -> None:
    assert _client(built).get(path).text.startswith("beneath")


def test_without_a_ui_the_first_page_says_how_to_build_one(tmp_path: Path) -> None:
    client = _client(tmp_path)

    assert "make web" in client.get("/", headers=_PAGE).text
    assert client.get("/videos", headers=_PAGE).text.startswith("beneath")


def test_the_description_that_the_ui_is_generated_from_is_this_ones(app: App) -> None:
    kept = Path(__file__).parents[3] / "web/openapi.json"

    # `framemill serve --openapi > web/openapi.json` writes it anew.
    assert json.loads(kept.read_text()) == json.loads(json.dumps(create_app(app).openapi()))
