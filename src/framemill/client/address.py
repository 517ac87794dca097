"""Where a server is, and the key that is shown to it: what may be used at all."""

import ipaddress
import os
import stat
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from framemill.errors import AddressRefused, InvalidSettings

_LONGEST_KEY = 4096
_FOR_OWNERS = stat.S_IRWXG | stat.S_IRWXO


def checked_address(url: str) -> str:
    """The base URL of a server; AddressRefused for what is none, and where the key would go in the clear."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise AddressRefused("that is no address of a server", hint="write it as https://mill.example.com")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(
            "the address of the server holds a name or a password",
            hint="leave it away; the key comes from a file: --api-key-file",
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise AddressRefused(
            f"{host} is another machine, and with http:// everybody between could read the key",
            hint="use https://, or a tunnel: `ssh -L 8000:localhost:8000 HOST`, then http://localhost:8000",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    """True for this machine itself, by its number or as `localhost`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_key(path: Path) -> str:
    """The key in a file that nobody but its owner may read; InvalidSettings."""
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise InvalidSettings(f"the key's file {str(path)!r} is not a regular file")
            if about.st_mode & _FOR_OWNERS:
                raise InvalidSettings(
                    f"others may read the key's file {str(path)!r}", hint=f"`chmod 600 {path}`"
                )
            text = file.read(_LONGEST_KEY + 1)
    except OSError as error:
        raise InvalidSettings(
            f"the key's file {str(path)!r} cannot be read: {error.strerror}",
            hint="`framemill keys create NAME` on the server prints a key; write it into the file",
        ) from error
    return checked_key(text.decode("utf-8", "replace"), place=f"the file {str(path)!r}")


def checked_key(text: str, *, place: str) -> str:
    """A key as it may stand in a header; InvalidSettings."""
    key = text.strip()
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidSettings(f"{place} holds no key", hint="it holds the key alone, on one line")
    return key
