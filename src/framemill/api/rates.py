"""How often a caller may ask: so many reads and so many writes in each minute.

Callers are who they proved to be; whoever has proved nothing yet is the
address that they come from. Counted in this process, or in Redis where
several serve. Media and parts of files have limits of their own kind, and
health is asked by machines: none of them counts.
"""

import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final, Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framemill.api.dependencies import CALLER, COOKIE
from framemill.api.problems import respond

if TYPE_CHECKING:
    from limits.aio.storage import RedisStorage

log = logging.getLogger(__name__)

_WINDOW_S: Final = 60
_FREE: Final = ("/health", "/metrics", "/media/", "/storage/")
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_KNOWN: Final = 10_000
_REDIS_S: Final = 0.25  # nobody waits longer for a number
_RESTS_S: Final = 5.0


class Tally(Protocol):
    """Who asked how often."""

    async def add(self, name: str, window: int) -> int:
        """Count one more under `name` in the minute with this number; returns how many there are."""


class OwnTally:
    """In this process."""

    def __init__(self) -> None:
        self._window = 0
        self._counts: Counter[str] = Counter()

    async def add(self, name: str, window: int) -> int:
        """As the port says."""
        if window != self._window:
            self._window, self._counts = window, Counter()
        self._counts[name] += 1
        return self._counts[name]


class SharedTally:
    """In Redis, for all processes that serve; in this one while Redis does not answer."""

    def __init__(self, url: str, *, prefix: str) -> None:
        self._url = url
        self._prefix = prefix
        self._own = OwnTally()
        self._rests_until = 0.0
        self._storage: RedisStorage | None = None

    async def add(self, name: str, window: int) -> int:
        """As the port says."""
        if time.monotonic() < self._rests_until:
            return await self._own.add(name, window)
        if self._storage is None:
            from limits.aio.storage import RedisStorage

            self._storage = RedisStorage(
                f"async+{self._url}",
                wrap_exceptions=True,
                implementation="redispy",
                key_prefix=f"{self._prefix}-rates",
                socket_timeout=_REDIS_S,
                socket_connect_timeout=_REDIS_S,
            )
        from limits.errors import StorageError

        try:
            return await self._storage.incr(f"{window}/{name}", 2 * _WINDOW_S)
        except StorageError:
            log.warning("rates.unshared")
            self._rests_until = time.monotonic() + _RESTS_S
            return await self._own.add(name, window)

    async def close(self) -> None:
        """Let go of Redis; the loop that used it has to run still."""
        if self._storage is not None:
            bridge: Any = self._storage.bridge  # Any: the library types what all bridges have
            await bridge.get_connection().aclose()
            self._storage = None


class Rated:
    """Refuses who asks too often, and tells everybody how much is left."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        reads: int,
        writes: int,
        tally: Tally,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._most = {"reads": reads, "writes": writes}  # in a minute; 0: any number
        self._tally = tally
        self._now = now
        # Who proved to be whom, by the digest of what they proved it with; the last to ask is the last.
        self._known: OrderedDict[bytes, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        kind = "reads" if scope["method"] in _READS else "writes"
        most = self._most[kind]
        if not most:
            await self._app(scope, receive, send)
            return
        proof = _proof(scope)
        caller = self._known.get(proof) if proof else None
        now = self._now()
        window, passed = divmod(int(now), _WINDOW_S)
        count = await self._tally.add(f"{kind}/{caller or _address(scope)}", window)
        left_s = _WINDOW_S - passed
        headers = {
            "RateLimit-Policy": f'"{kind}";q={most};w={_WINDOW_S}',
            "RateLimit": f'"{kind}";r={max(0, most - count)};t={left_s}',
        }
        if count > most:
            await self._refuse(scope, receive, send, {**headers, "Retry-After": str(left_s)})
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
                self._learn(proof, scope["state"].get(CALLER))
            await send(message)

        await self._app(scope, receive, told)

    def _learn(self, proof: bytes | None, caller: str | None) -> None:
        """Remember who a proof proved; forget what is none any more."""
        if proof is None:
            return
        if caller is None:
            # Where nobody asked for it either; the next request that does says it again.
            self._known.pop(proof, None)
            return
        self._known[proof] = caller
        self._known.move_to_end(proof)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str]) -> None:
        refusal = respond(
            Request(scope),
            status=429,
            code="rate_limited",
            title="That is too many requests.",
            detail="more was asked for than one caller may ask in a minute",
            hint=f"wait {headers['Retry-After']} seconds",
            headers=headers,
        )
        await refusal(scope, receive, send)


def _proof(scope: Scope) -> bytes | None:
    """The digest of what a request proves its sender with; None where it has nothing."""
    headers = Headers(scope=scope)
    if given := headers.get("authorization"):
        return sha256(given.encode("utf-8", "surrogatepass")).digest()
    if session := cookie_parser(headers.get("cookie", "")).get(COOKIE):
        return sha256(session.encode("utf-8", "surrogatepass")).digest()
    return None


def _address(scope: Scope) -> str:
    """Where a request comes from; of IPv6 the network, as a sender has all of its addresses."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return "nowhere"
    return str(address if address.version == 4 else ip_network(f"{address}/64", strict=False))
