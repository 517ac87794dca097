"""Who may do what: roles, scopes, callers, and the one table of what each action needs.

Who a caller is, `services.access` finds out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from framemill.errors import Forbidden, FramemillError


class _Ordered(StrEnum):
    def includes(self, other: "_Ordered") -> bool:
        """True where whoever has this has the other too."""
        order = list(type(self))
        return order.index(self) >= order.index(other)


class Scope(_Ordered):
    """How much of what its owner may do a key may do; each includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class Role(_Ordered):
    """What a member may do in a workspace; each includes those before it."""

    VIEWER = "viewer"  # watches
    OPERATOR = "operator"  # uploads, and runs jobs
    MANAGER = "manager"  # members, deleting, how long things are kept


class Action(StrEnum):
    """What can be asked for, by resource."""

    CATALOGUE_READ = "catalogue.read"  # operations, profiles, pipelines: the same for everybody
    PLANS_MAKE = "plans.make"
    JOBS_READ = "jobs.read"
    JOBS_SUBMIT = "jobs.submit"
    JOBS_CONTROL = "jobs.control"  # cancel, retry, pause, resume
    JOBS_PRIORITISE = "jobs.prioritise"
    WORKSPACES_READ = "workspaces.read"
    WORKSPACES_EDIT = "workspaces.edit"  # its title, what new videos get, how long they are kept
    WORKSPACES_MANAGE = "workspaces.manage"  # which there are, their names and quotas
    COLLECTIONS_READ = "collections.read"
    COLLECTIONS_WRITE = "collections.write"
    COLLECTIONS_DELETE = "collections.delete"
    VIDEOS_READ = "videos.read"
    VIDEOS_WRITE = "videos.write"
    VIDEOS_DELETE = "videos.delete"
    VIDEOS_PLAY = "videos.play"
    UPLOADS_READ = "uploads.read"
    UPLOADS_WRITE = "uploads.write"
    DOWNLOADS_WRITE = "downloads.write"
    SELF_READ = "self.read"
    SELF_MANAGE = "self.manage"  # one's own password and sessions
    KEYS_MANAGE = "keys.manage"  # one's own
    MEMBERS_MANAGE = "members.manage"
    WEBHOOKS_MANAGE = "webhooks.manage"
    USERS_MANAGE = "users.manage"
    HEALTH_READ = "health.read"
    STATS_READ = "stats.read"
    ADMIN_READ = "admin.read"  # the queue, workers, storage, settings, the audit trail
    METRICS_READ = "metrics.read"
    ADMIN_ACT = "admin.act"  # drain, reset, clean, retention


_ROLE_OF_SCOPE: Final[Mapping[Scope, Role | None]] = {
    Scope.READ: Role.VIEWER,
    Scope.WRITE: Role.OPERATOR,
    Scope.ADMIN: None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an action needs: a scope of the key, and a role of whoever has it."""

    scope: Scope
    role: Role | None = None  # in the resource's workspace; None: as the scope says
    anybody: bool = False  # it concerns no workspace: whoever is in may do it
    in_person: bool = False  # only people who signed in, and no key

    @property
    def least(self) -> Role | None:
        """The least role in the resource's workspace; None: it is for admins only."""
        return self.role or _ROLE_OF_SCOPE[self.scope]


RULES: Final[dict[Action, Rule]] = {
    Action.CATALOGUE_READ: Rule(scope=Scope.READ, anybody=True),
    # It runs programs.
    Action.PLANS_MAKE: Rule(scope=Scope.WRITE),
    Action.JOBS_READ: Rule(scope=Scope.READ),
    Action.JOBS_SUBMIT: Rule(scope=Scope.WRITE),
    Action.JOBS_CONTROL: Rule(scope=Scope.WRITE),
    # It pushes others' jobs back.
    Action.JOBS_PRIORITISE: Rule(scope=Scope.ADMIN),
    Action.WORKSPACES_READ: Rule(scope=Scope.READ),
    Action.WORKSPACES_EDIT: Rule(scope=Scope.ADMIN, role=Role.MANAGER),
    Action.WORKSPACES_MANAGE: Rule(scope=Scope.ADMIN),
    Action.COLLECTIONS_READ: Rule(scope=Scope.READ),
    Action.COLLECTIONS_WRITE: Rule(scope=Scope.WRITE),
    Action.COLLECTIONS_DELETE: Rule(scope=Scope.WRITE, role=Role.MANAGER),
    Action.VIDEOS_READ: Rule(scope=Scope.READ),
    Action.VIDEOS_WRITE: Rule(scope=Scope.WRITE),
    Action.VIDEOS_DELETE: Rule(scope=Scope.WRITE, role=Role.MANAGER),
    Action.VIDEOS_PLAY: Rule(scope=Scope.READ),
    Action.UPLOADS_READ: Rule(scope=Scope.READ),
    Action.UPLOADS_WRITE: Rule(scope=Scope.WRITE),
    Action.DOWNLOADS_WRITE: Rule(scope=Scope.WRITE),
    Action.SELF_READ: Rule(scope=Scope.READ, anybody=True),
    # A stolen key must not be able to make itself permanent, whichever way.
    Action.SELF_MANAGE: Rule(scope=Scope.ADMIN, anybody=True, in_person=True),
    Action.KEYS_MANAGE: Rule(scope=Scope.ADMIN, anybody=True, in_person=True),
    Action.MEMBERS_MANAGE: Rule(scope=Scope.ADMIN, role=Role.MANAGER, in_person=True),
    # They send what happens in the workspace elsewhere, and show how receivers answer.
    Action.WEBHOOKS_MANAGE: Rule(scope=Scope.ADMIN, role=Role.MANAGER),
    Action.USERS_MANAGE: Rule(scope=Scope.ADMIN, in_person=True),
    Action.HEALTH_READ: Rule(scope=Scope.READ, anybody=True),
    Action.STATS_READ: Rule(scope=Scope.READ),
    Action.ADMIN_READ: Rule(scope=Scope.ADMIN),
    Action.ADMIN_ACT: Rule(scope=Scope.ADMIN),
    # Figures of all workspaces.
    Action.METRICS_READ: Rule(scope=Scope.ADMIN),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: a person who signed in, or a key, which can never do more than its owner."""

    id: str  # the key's or the session's
    name: str  # for people and records: at most 64 characters
    scope: Scope
    admin: bool = False  # of the installation: sees all, and is a manager everywhere
    roles: Mapping[str, Role] = field(default_factory=dict, hash=False)  # by workspaces' ids
    in_person: bool = False
    user_id: str | None = None  # None: a key of the installation's own
    version: int = 0  # of the user's rights, as `services.access` counts them
    asking: Action | None = None  # what the endpoint is for

    @property
    def visible(self) -> frozenset[str] | None:
        """The ids of the workspaces that exist for the caller; None: all do, and what belongs to none."""
        return None if self.admin else frozenset(self.roles)

    def role_in(self, workspace_id: str | None) -> Role | None:
        """The caller's role there; None where the workspace does not exist for it."""
        if self.admin:
            return Role.MANAGER
        return None if workspace_id is None else self.roles.get(workspace_id)

    def sees(self, workspace_id: str | None) -> bool:
        """True where what belongs to this workspace exists for the caller; None: what belongs to none."""
        return self.role_in(workspace_id) is not None

    def must_see(self, workspace_id: str | None, *, else_: FramemillError) -> None:
        """Raise `else_`, the same not-found error as for what is not there, where the caller may not know.

        Raises Forbidden where it may know, and its role in the workspace is
        too small for what the endpoint is for.
        """
        if not self.sees(workspace_id):
            raise else_
        if self.asking is not None:
            self.must_be_allowed_in(workspace_id, self.asking)

    def may(self, action: Action, workspace_id: str | None) -> bool:
        """True where the caller's rights include the action on what belongs to this workspace."""
        rule, role = RULES[action], self.role_in(workspace_id)
        if not self.could(action):
            return False
        return rule.anybody or rule.least is None or (role is not None and role.includes(rule.least))

    def could(self, action: Action) -> bool:
        """True where `may` says yes for some workspace that there might be."""
        rule = RULES[action]
        return (
            self.scope.includes(rule.scope)
            and (self.in_person or not rule.in_person)
            and (self.admin or rule.anybody or rule.least is not None)
        )

    def asks(self, action: Action) -> "Caller":
        """The same caller, about to do this; Forbidden where no workspace could allow it."""
        self.must_be_allowed(action)
        return replace(self, asking=action)

    def must_be_allowed(self, action: Action) -> None:
        """Raise Forbidden where `could` says no."""
        if self.could(action):
            return
        rule = RULES[action]
        if rule.in_person and not self.in_person:
            raise Forbidden("no key may do this", hint="sign in, or use the command line")
        if not self.scope.includes(rule.scope):
            raise Forbidden(
                f"this needs the scope {rule.scope}, and the caller has {self.scope}",
                hint=f"use a key with the scope {rule.scope}",
            )
        raise Forbidden("this is for admins of the installation", hint="ask one of them")

    def must_be_allowed_in(self, workspace_id: str | None, action: Action) -> None:
        """Raise Forbidden where `may` says no."""
        self.must_be_allowed(action)
        if not self.may(action, workspace_id):
            raise Forbidden(
                f"this needs the role {RULES[action].least} in the workspace",
                hint="ask a manager of the workspace",
            )
