"""Passwords: which are good enough, how they are kept, and whether one is right."""

import secrets
from functools import cached_property
from threading import BoundedSemaphore
from typing import Final

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from framemill.errors import InvalidSpec, WeakPassword

LEAST: Final = 12  # characters
MOST: Final = 500
_LEAST_DIFFERENT = 5
# Each takes 64 MiB for a moment.
_AT_ONCE = 4


class Passwords:
    """Argon2id, with the second of the settings that RFC 9106 recommends unless others are given."""

    def __init__(self, *, rounds: int = 3, memory_kib: int = 64 * 1024) -> None:
        self._hasher = PasswordHash((Argon2Hasher(time_cost=rounds, memory_cost=memory_kib),))
        self._turn = BoundedSemaphore(_AT_ONCE)

    def hash(self, password: str, *, user: str) -> str:
        """What is kept of a user's new password. InvalidSpec, WeakPassword."""
        check_password(password, user=user)
        with self._turn:
            return self._hasher.hash(password)

    def fits(self, password: str, kept: str | None) -> bool:
        """True where it is the password; takes as long where nothing is `kept`."""
        # Made by whoever comes first, whether it is needed or not: times tell nothing.
        nobodys = self._nobodys
        with self._turn:
            try:
                right = self._hasher.verify(password[: MOST + 1], kept or nobodys)
            except UnknownHashError:
                right = False
        return right and kept is not None

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(16))


def check_password(password: str, *, user: str) -> None:
    """Raise InvalidSpec where it is too short or too long, WeakPassword where it is easily guessed."""
    hint = "several words that do not belong together are easy to keep in mind and hard to guess"
    if not LEAST <= len(password) <= MOST:
        raise InvalidSpec(f"a password has {LEAST} to {MOST} characters", hint=hint)
    if len(set(password)) < _LEAST_DIFFERENT:
        raise WeakPassword("the password is the same few characters again and again", hint=hint)
    if user.casefold() in password.casefold() and len(password) - len(user) < LEAST:
        raise WeakPassword("the password is little more than the user's name", hint=hint)
