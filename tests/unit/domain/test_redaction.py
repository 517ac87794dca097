import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.domain.redaction import (
    discreet,
    hides,
    learn,
    redacted,
    without_paths,
    without_secrets,
)

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
KEY = "fm_3kXq0V9aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"
TOKEN = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"the key {KEY} was used", "the key *** was used"),
        (f"Authorization: Bearer {KEY}", "Authorization: ***"),
        ("authorization='Basic YWRtaW46YWRtaW4='", "authorization='***'"),
        (f"with bearer {TOKEN}", "with bearer ***"),
        ("with Basic YWRtaW46aHVudGVyMg==", "with Basic ***"),
        (f"no session {JWT}!", "no session ***!"),
        ("Cookie: framemill_session=abc; theme=dark", "Cookie: ***"),
        ("Set-Cookie: a=b; HttpOnly", "Set-Cookie: ***"),
        ('{"password": "correct horse"}', '{"password": "***"}'),
        ("{'secret_key': 'of 16 characters'}", "{'secret_key': '***'}"),
        ("password=hunter2&user=me", "password=***&user=me"),
        ("PGPASSWORD=hunter2", "PGPASSWORD=***"),
        ("aws_secret_access_key = abc/def", "aws_secret_access_key = ***"),
        ("key AKIAIOSFODNN7EXAMPLE", "key ***"),
        (f"GET /media/{TOKEN}/hls/master.m3u8", "GET /media/***/hls/master.m3u8"),
        ("/storage/files/a?expires=1&signature=abc&kid=1", "/storage/files/a?expires=1&signature=***&kid=1"),
        ("x?X-Amz-Credential=abc&X-Amz-Signature=def", "x?X-Amz-Credential=***&X-Amz-Signature=***"),
        ("/watch?v=1&sig=abc", "/watch?v=1&sig=***"),
        ("/login?token=abc", "/login?token=***"),
        ("postgresql://mill:hunter2@db/mill refused", "postgresql://***@db/mill refused"),
        ("postgresql+psycopg://mill:hun@ter/2@db/mill", "postgresql+psycopg://***@db/mill"),
        ("redis://:hunter2@cache:6379/0", "redis://***@cache:6379/0"),
        ("amqps://u:p@rabbit//", "amqps://***@rabbit//"),
        ("https://me:hunter2@example.com/a.mp4", "https://***@example.com/a.mp4"),
        ("https://example.com/a.mp4?st=abc&e=1 failed", "https://example.com/a.mp4?*** failed"),
        ("https://example.com/cb#access_token=abc", "https://example.com/cb#***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- x", "*** x"),
    ],
)  # fmt: skip
def test_secrets_are_known_by_their_form(text: str, kept: str) -> None:
    assert without_secrets(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "task 1 is no longer held by token 5",
        "setting 'secret_key': at least 16 characters",
        "use the login link, or a key from elsewhere",
        "https://www.youtube.com/@somebody/videos",
        "https://example.com/films/a.mp4",
        "see https://example.com/docs#storage",
        "the basic profile",
        "a bearer of news",
        "/media/token/hls/master.m3u8",
        "encode 720p: 30000/1001 frames",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("cannot read /home/alice", "cannot read ~"),
        ("cannot read /home/alice/films/a.mp4", "cannot read a.mp4"),
        ("in /Users/alice: denied", "in ~: denied"),
        ('File "/srv/venv/lib/framemill/app.py", line 3', 'File "app.py", line 3'),
        ("/root", "~"),
    ],
)
def test_of_paths_and_homes_only_names_stay(text: str, kept: str) -> None:
    assert without_paths(text) == kept


def test_what_an_installation_knows_to_be_secret_is_found_anywhere() -> None:
    learn("q7-Horse", "short", "framemill", "12345678")

    assert discreet("it said q7-Horse; short framemill 12345678") == "it said ***; short framemill 12345678"


def test_fields_are_hidden_by_their_names_and_paths_by_their_kind() -> None:
    event = {
        "password": "x",
        "lease_token": 5,
        "nested": {"api_key": "y", "said": [f"with {KEY}", Path("/srv/films/a.mp4")]},
        "size": 7,
        "done": True,
    }

    assert redacted(event) == {
        "password": "***",
        "lease_token": 5,
        "nested": {"api_key": "***", "said": ["with ***", "a.mp4"]},
        "size": 7,
        "done": True,
    }
    assert redacted({"path": "/srv/films/a.mp4"}, paths=False) == {"path": "/srv/films/a.mp4"}
    assert hides("FRAMEMILL_DATABASE_URL")
    assert not hides("worker")


@pytest.mark.parametrize(
    "unit", ["a", "/a", "password", "token=", "x-amz-", "a://", "cookie:", "basic ", "'/", "eyJ.", "https://a?"]
)  # fmt: skip
def test_a_hostile_text_costs_no_more_than_its_length(unit: str) -> None:
    begun = time.process_time()

    discreet(unit * (20_000 // len(unit)))

    assert time.process_time() - begun < 2


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=60),
    st.sampled_from(["{} {}", "{}: '{}'", "({}={})"]),
)
def test_a_key_is_found_whatever_stands_around_it(around: str, frame: str) -> None:
    assert KEY not in without_secrets(frame.format(around, KEY))
