"""Members of workspaces: who may come in, and as what."""

from dataclasses import dataclass
from datetime import datetime

from framemill.domain.access import Role
from framemill.errors import UserNotFound
from framemill.store.access_tables import Membership, User
from framemill.store.accounts import find_user, members_of
from framemill.store.database import Database
from framemill.store.shelves import find_workspace
from framemill.store.workers import audit


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecord:
    """Somebody who may come into a workspace."""

    user_id: str
    name: str
    role: Role
    since: datetime

    @classmethod
    def of(cls, user: User, membership: Membership) -> "MemberRecord":
        """The rows as a value."""
        return cls(user_id=user.id, name=user.name, role=Role(membership.role), since=membership.created_at)


class Members:
    """The use cases around members."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, workspace: str) -> tuple[MemberRecord, ...]:
        """A workspace's members by name; WorkspaceNotFound."""
        with self._database.read() as session:
            place = find_workspace(session, workspace)
            return tuple(MemberRecord.of(*found) for found in members_of(session, place.id))

    def put(self, workspace: str, user: str, role: Role, *, actor: str = "") -> MemberRecord:
        """Let a user in, or with another role. WorkspaceNotFound, UserNotFound.

        Where it is another role the user's access tokens end; new ones say nothing of it either.
        """
        with self._database.write(durable=True) as session:
            place, now = find_workspace(session, workspace), self._database.now(session)
            person = find_user(session, user, lock=True)
            row = session.get(Membership, (person.id, place.id))
            if row is None:
                row = Membership(user_id=person.id, workspace_id=place.id, created_at=now)
                session.add(row)
            elif row.role == role:
                return MemberRecord.of(person, row)
            row.role = role
            person.token_version += 1
            data = {"user": person.name, "role": str(role)}
            subject = f"workspace:{place.id}"
            audit(session, at=now, actor=actor, action="member.put", subject=subject, data=data)
            return MemberRecord.of(person, row)

    def remove(self, workspace: str, user: str, *, actor: str = "") -> None:
        """Let a user in no more. WorkspaceNotFound, and UserNotFound where they are no member."""
        with self._database.write(durable=True) as session:
            place, now = find_workspace(session, workspace), self._database.now(session)
            person = find_user(session, user, lock=True)
            row = session.get(Membership, (person.id, place.id))
            if row is None:
                raise UserNotFound(user)
            session.delete(row)
            person.token_version += 1
            subject, data = f"workspace:{place.id}", {"user": person.name}
            audit(session, at=now, actor=actor, action="member.removed", subject=subject, data=data)
