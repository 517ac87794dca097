from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from framemill.domain.access import Scope
from framemill.errors import (
    InvalidSpec,
    KeyNotFound,
    NameTaken,
    NotSupported,
    Unauthenticated,
    WorkspaceNotFound,
)
from framemill.services.access import Access
from framemill.services.access_tokens import AccessTokens
from framemill.store.database import Database, open_database
from framemill.store.jobs import new_id
from framemill.store.video_tables import Workspace
from tests.engines import Clock


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock(datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture(name="database")
def _database(clock: Clock) -> Iterator[Database]:
    database = open_database("sqlite://", clock=clock)
    yield database
    database.close()


@pytest.fixture(name="access")
def _access(database: Database) -> Access:
    return Access(database, tokens=lambda: AccessTokens(["a secret of tests"]))


def test_a_key_tells_who_it_is(access: Access, database: Database) -> None:
    with database.write() as session:
        now = database.now(session)
        place = Workspace(id=new_id(), name="main", title="Main", created_at=now, updated_at=now)
        session.add(place)

    caller = access.caller_of_key(access.create_key("ci", scope=Scope.WRITE, workspace="main").secret)

    assert (caller.name, caller.scope, caller.visible) == ("key:ci", Scope.WRITE, frozenset({place.id}))


def test_two_keys_never_look_alike(access: Access) -> None:
    one, two = (access.create_key(name, scope=Scope.READ) for name in ("a", "b"))

    assert one.secret != two.secret
    assert len(one.secret) >= 46  # 256 bits
    assert one.secret.startswith(one.key.prefix)


def test_a_name_is_free_again_when_its_key_is_revoked(access: Access) -> None:
    access.create_key("ci", scope=Scope.READ)
    with pytest.raises(NameTaken):
        access.create_key("ci", scope=Scope.READ)

    access.revoke_key("ci")

    access.create_key("ci", scope=Scope.READ)
    assert [key.name for key in access.list_keys()] == ["ci"]
    assert len(access.list_keys(revoked=True)) == 2


@pytest.mark.parametrize("how", ["name", "id", "prefix"])
def test_a_key_is_revoked_by_whatever_names_it(access: Access, how: str) -> None:
    new = access.create_key("ci", scope=Scope.READ)

    access.revoke_key(getattr(new.key, how))

    with pytest.raises(Unauthenticated):
        access.caller_of_key(new.secret)


def test_a_key_that_is_not_there_is_not_revoked(access: Access) -> None:
    with pytest.raises(KeyNotFound):
        access.revoke_key("ci")


def test_a_key_expires(access: Access, clock: Clock) -> None:
    new = access.create_key("ci", scope=Scope.READ, lifetime=timedelta(days=1))
    access.caller_of_key(new.secret)

    clock.pass_by(86_400)

    with pytest.raises(Unauthenticated, match="expired"):
        access.caller_of_key(new.secret)


def test_use_is_written_down_at_most_once_a_minute(access: Access, clock: Clock) -> None:
    new = access.create_key("ci", scope=Scope.READ)
    used = []
    for pause in (0, 59, 1):
        clock.pass_by(pause)
        access.caller_of_key(new.secret)
        used.append(access.list_keys()[0].used_at)

    assert used[0] == used[1]
    assert used[2] == clock()


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 61])
def test_a_name_is_one_line(access: Access, name: str) -> None:
    with pytest.raises(InvalidSpec):
        access.create_key(name, scope=Scope.READ)


def test_an_admin_key_has_no_workspace(access: Access) -> None:
    with pytest.raises(NotSupported):
        access.create_key("ci", scope=Scope.ADMIN, workspace="main")
    with pytest.raises(WorkspaceNotFound):
        access.create_key("ci", scope=Scope.WRITE, workspace="main")
