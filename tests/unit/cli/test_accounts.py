"""`framemill users` and `framemill members`: passwords come from stdin, never from a command's words."""

import io
import json
from pathlib import Path

import pytest

from framemill.app import open_app
from framemill.cli import members, users
from framemill.errors import InvalidSpec, Unauthenticated
from framemill.services import passwords

FIRST, SECOND = "five words that fit nowhere", "five others that fit nowhere"


@pytest.fixture(autouse=True)
def _installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEMILL_DATA_DIR", str(tmp_path))
    # Real hashes at a thousandth of the cost.
    monkeypatch.setattr(passwords.Passwords.__init__, "__kwdefaults__", {"rounds": 1, "memory_kib": 64})


def _typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def _signs_in(name: str, password: str) -> bool:
    app = open_app()
    try:
        app.sign_in.with_tokens(name, password)
    except Unauthenticated:
        return False
    finally:
        app.close()
    return True


def test_a_user_is_made_let_in_and_let_in_no_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _typed(monkeypatch, f"{FIRST}\r\nwhat follows is nothing\n")
    users.create("Ann", as_json=True)
    made = json.loads(capsys.readouterr().out)
    members.add("default", "ann", role="operator")
    members.list_members("default", as_json=True)
    _said, listed = capsys.readouterr().out.split("\n", 1)

    assert (made["name"], made["admin"], made["has_password"]) == ("ann", False, True)
    assert [(one["name"], one["role"]) for one in json.loads(listed)] == [("ann", "operator")]
    assert _signs_in("ann", FIRST)

    _typed(monkeypatch, SECOND)
    users.passwd("ann")
    assert (_signs_in("ann", FIRST), _signs_in("ann", SECOND)) == (False, True)
    users.disable("ann")
    assert not _signs_in("ann", SECOND)
    users.enable("ann")
    assert _signs_in("ann", SECOND)
    members.remove("default", "ann")
    capsys.readouterr()
    users.list_users()
    members.list_members("default")
    seen = capsys.readouterr()
    assert "ann" in seen.out
    assert "no members" in seen.err


@pytest.mark.parametrize("password", ["", "short", "a" * 20, "ann-ann-2026", "x" * 600])
def test_what_is_easily_guessed_is_no_password(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    _typed(monkeypatch, password)

    with pytest.raises(InvalidSpec):
        users.create("ann")


@pytest.mark.parametrize("name", ["", "-x", "a b", "ann/../x", "ä", "a" * 61, "key:ci"])
def test_what_is_no_name_is_no_user(name: str) -> None:
    with pytest.raises(InvalidSpec):
        users.create(name, no_password=True)
