"""Addresses that lead to the API, which reads and writes the store for whoever has them."""

from datetime import timedelta
from typing import Final
from urllib.parse import quote, urlencode

from framemill.storage.blobs import check_key
from framemill.storage.signing import Grant, Signer

FILES: Final = "files"  # scopes of signatures, and the doors of the API that take them
PARTS: Final = "parts"


class Doors:
    """Makes such addresses below `public_url`."""

    def __init__(self, signer: Signer, public_url: str) -> None:
        self._signer = signer
        self._public_url = public_url.rstrip("/")

    def reading(self, key: str, *, lifetime: timedelta, filename: str | None) -> str:
        """A URL that reads a file."""
        return self._url(
            Grant(
                scope=FILES,
                method="GET",
                key=check_key(key),
                expires=self._signer.after(lifetime),
                filename=filename or "",
            )
        )

    def part(
        self, key: str, upload: str, number: int, *, size: int, lifetime: timedelta, sha256: str | None
    ) -> str:
        """A URL that takes one part of just this size, and with `sha256` of just these bytes."""
        return self._url(
            Grant(
                scope=PARTS,
                method="PUT",
                key=check_key(key),
                expires=self._signer.after(lifetime),
                upload=upload,
                part=number,
                bytes=size,
                sha256=sha256 or "",
            )
        )

    def _url(self, grant: Grant) -> str:
        query = urlencode(self._signer.query(grant))
        return f"{self._public_url}/storage/{grant.scope}/{quote(grant.key)}?{query}"
