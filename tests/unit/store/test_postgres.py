import pytest
from sqlalchemy.engine import make_url

from framemill.errors import InvalidSettings
from framemill.store.database import open_database
from framemill.store.postgres import make_engine, place_of


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter2@host:hunter2/mill",
        "postgresql://u:hunter2@3@host/mill",
        "postgresql://u:hunter2",
        "hunter2",
        "mysql://u:hunter2@host/mill",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidSettings, match=r"cannot be understood|not 'mysql'") as caught:
        open_database(url)

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg"]
)
def test_every_usual_spelling_of_the_scheme_means_the_one_driver(scheme: str) -> None:
    engine = make_engine(make_url(f"{scheme}://u:p@host:6000/mill?sslmode=require"))

    assert (engine.driver, engine.url.host, engine.url.query["sslmode"]) == ("psycopg", "host", "require")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:hunter2@db.example:6000/mill?password=hunter2", "db.example:6000/mill"),
        ("postgresql://u:hunter2@/mill", "this host:5432/mill"),
        ("postgresql://u:hunter2@/mill?host=/run/postgresql", "/run/postgresql:5432/mill"),
        ("postgresql://u:hunter2@/mill?host=a&host=b", "a,b:5432/mill"),
    ],
)
def test_a_place_is_named_without_who_and_how(url: str, place: str) -> None:
    assert place_of(make_url(url)) == place


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)

    with pytest.raises(InvalidSettings, match=r"framemill\[postgres\]"):
        open_database("postgresql://u:hunter2@host/mill")
