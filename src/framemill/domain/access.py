"""Who may do what: scopes, callers, and the one table of what each action needs.

Who a caller is, `services.access` finds out.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from framemill.errors import Forbidden, FramemillError


class Scope(StrEnum):
    """How much a caller may do; each includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def includes(self, other: "Scope") -> bool:
        """True where whoever has this has the other too."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


class Action(StrEnum):
    """What can be asked for, by resource."""

    CATALOGUE_READ = "catalogue.read"  # operations, profiles, pipelines: the same for everybody
    PLANS_MAKE = "plans.make"
    JOBS_READ = "jobs.read"
    JOBS_SUBMIT = "jobs.submit"
    JOBS_CONTROL = "jobs.control"  # cancel, retry, pause, resume
    JOBS_PRIORITISE = "jobs.prioritise"
    WORKSPACES_READ = "workspaces.read"
    WORKSPACES_MANAGE = "workspaces.manage"
    COLLECTIONS_READ = "collections.read"
    COLLECTIONS_WRITE = "collections.write"
    VIDEOS_READ = "videos.read"
    VIDEOS_WRITE = "videos.write"
    VIDEOS_DELETE = "videos.delete"
    VIDEOS_PLAY = "videos.play"
    UPLOADS_READ = "uploads.read"
    UPLOADS_WRITE = "uploads.write"
    DOWNLOADS_WRITE = "downloads.write"
    SELF_READ = "self.read"
    KEYS_MANAGE = "keys.manage"
    HEALTH_READ = "health.read"
    METRICS_READ = "metrics.read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an action needs."""

    scope: Scope
    everywhere: bool = False  # no caller that is bound to one workspace may do it
    in_person: bool = False  # only whoever is signed in with a browser, and no key


RULES: Final[dict[Action, Rule]] = {
    Action.CATALOGUE_READ: Rule(scope=Scope.READ),
    # It runs programs.
    Action.PLANS_MAKE: Rule(scope=Scope.WRITE),
    Action.JOBS_READ: Rule(scope=Scope.READ),
    Action.JOBS_SUBMIT: Rule(scope=Scope.WRITE),
    Action.JOBS_CONTROL: Rule(scope=Scope.WRITE),
    # It pushes others' jobs back.
    Action.JOBS_PRIORITISE: Rule(scope=Scope.ADMIN),
    Action.WORKSPACES_READ: Rule(scope=Scope.READ),
    Action.WORKSPACES_MANAGE: Rule(scope=Scope.ADMIN, everywhere=True),
    Action.COLLECTIONS_READ: Rule(scope=Scope.READ),
    Action.COLLECTIONS_WRITE: Rule(scope=Scope.WRITE),
    Action.VIDEOS_READ: Rule(scope=Scope.READ),
    Action.VIDEOS_WRITE: Rule(scope=Scope.WRITE),
    Action.VIDEOS_DELETE: Rule(scope=Scope.WRITE),
    Action.VIDEOS_PLAY: Rule(scope=Scope.READ),
    Action.UPLOADS_READ: Rule(scope=Scope.READ),
    Action.UPLOADS_WRITE: Rule(scope=Scope.WRITE),
    Action.DOWNLOADS_WRITE: Rule(scope=Scope.WRITE),
    Action.SELF_READ: Rule(scope=Scope.READ),
    # A stolen key must not be able to make itself permanent.
    Action.KEYS_MANAGE: Rule(scope=Scope.ADMIN, everywhere=True, in_person=True),
    Action.HEALTH_READ: Rule(scope=Scope.READ),
    # Figures of all workspaces.
    Action.METRICS_READ: Rule(scope=Scope.ADMIN, everywhere=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: a key, or a person with a session in a browser."""

    id: str  # the key's or the session's
    name: str  # for people and records: at most 64 characters
    scope: Scope
    workspace_id: str | None = None  # the only one that exists for it; None: all do
    in_person: bool = False

    def sees(self, workspace_id: str | None) -> bool:
        """True where what belongs to this workspace exists for the caller; None: what belongs to none."""
        return self.workspace_id is None or self.workspace_id == workspace_id

    def must_see(self, workspace_id: str | None, *, else_: FramemillError) -> None:
        """Raise `else_`, the same not-found error as for what is not there, where the caller may not know."""
        if not self.sees(workspace_id):
            raise else_

    def may(self, action: Action) -> bool:
        """True where the caller's rights include the action, in the workspaces that it sees."""
        rule = RULES[action]
        return (
            self.scope.includes(rule.scope)
            and not (rule.everywhere and self.workspace_id is not None)
            and (self.in_person or not rule.in_person)
        )

    def must_be_allowed(self, action: Action) -> None:
        """Raise Forbidden where `may` says no."""
        if self.may(action):
            return
        rule = RULES[action]
        if rule.in_person and not self.in_person:
            raise Forbidden("no key may do this", hint="use the login link, or the command line")
        if not self.scope.includes(rule.scope):
            raise Forbidden(
                f"this needs the scope {rule.scope}, and the caller has {self.scope}",
                hint=f"use a key with the scope {rule.scope}",
            )
        raise Forbidden("this is not for keys of one workspace", hint="use a key for all workspaces")
