"""Adapters become services, those about people: who may come in, and where they belong."""

from functools import cached_property
from typing import TYPE_CHECKING

from framemill.app.adapters import Adapters

if TYPE_CHECKING:
    from framemill.services.access import Access
    from framemill.services.access_tokens import AccessTokens
    from framemill.services.members import Members
    from framemill.services.passwords import Passwords
    from framemill.services.signing_in import SignIn
    from framemill.services.users import Users


class People(Adapters):
    """The services around accounts, each made when it is first asked for."""

    @cached_property
    def access(self) -> "Access":
        """Who may come in."""
        from framemill.services.access import Access

        return Access(self.database, tokens=lambda: self._access_tokens)

    @cached_property
    def sign_in(self) -> "SignIn":
        """The use cases around sessions."""
        from framemill.services.signing_in import SignIn

        return SignIn(self.database, passwords=self._passwords, tokens=lambda: self._access_tokens)

    @cached_property
    def users(self) -> "Users":
        """The use cases around users."""
        from framemill.services.users import Users

        return Users(self.database, passwords=self._passwords)

    @cached_property
    def members(self) -> "Members":
        """The use cases around members of workspaces."""
        from framemill.services.members import Members

        return Members(self.database)

    @cached_property
    def _passwords(self) -> "Passwords":
        from framemill.services.passwords import Passwords

        return Passwords()

    @cached_property
    def _access_tokens(self) -> "AccessTokens":
        from framemill.services.access_tokens import AccessTokens

        return AccessTokens(self.secrets)
