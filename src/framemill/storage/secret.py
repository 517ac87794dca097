"""The secret of an installation where none is set: made once, kept in a file that only its owner reads."""

import contextlib
import os
import secrets
from pathlib import Path

from framemill.errors import InvalidSettings


def kept_secret(file: Path) -> str:
    """What is in `file`. Of processes that begin at the same time, all get the one that was first."""
    try:
        if not file.exists():
            _make(file)
        found = file.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise InvalidSettings(
            f"the secret in {str(file)!r} cannot be read or made: {error}", hint="or set FRAMEMILL_SECRET_KEY"
        ) from error
    if not found:
        raise InvalidSettings(f"{str(file)!r} is empty", hint="remove it, or set FRAMEMILL_SECRET_KEY")
    return found


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}-{secrets.token_hex(8)}")
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(fd, "w", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(48) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        # Unlike a rename, a link replaces nothing.
        with contextlib.suppress(FileExistsError):
            os.link(beside, file)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        beside.unlink(missing_ok=True)
