"""How often somebody may try to sign in: by account, and by address.

Limits of other requests are not here.
"""

import logging
import time
from ipaddress import ip_address, ip_network

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from framemill.errors import TooManyAttempts

log = logging.getLogger(__name__)

BY_ACCOUNT = RateLimitItemPerMinute(10, 15, namespace="framemill-login-account")
BY_ADDRESS = RateLimitItemPerMinute(60, 15, namespace="framemill-login-address")
_PATIENCE_S = 1.0  # with Redis: nobody should wait for it to sign in


class LoginThrottle:
    """Counts attempts, in Redis where several processes share one, else in this process."""

    def __init__(self, redis_url: str | None = None) -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = None if redis_url is None else MovingWindowRateLimiter(_redis(redis_url))

    def attempt(self, *, account: str, address: str) -> None:
        """Count one; TooManyAttempts where there were too many. Those that get through count too."""
        for item, whose in ((BY_ACCOUNT, account.strip().lower()), (BY_ADDRESS, network_of(address))):
            if (wait_s := self._hit(item, whose)) is not None:
                log.warning("login.throttled by=%s", item.namespace)
                raise TooManyAttempts(wait_s=wait_s)

    def succeeded(self, *, account: str) -> None:
        """Forget the account's attempts: its owner was there."""
        key = account.strip().lower()
        self._own.clear(BY_ACCOUNT, key)
        if self._shared is not None:
            try:
                self._shared.clear(BY_ACCOUNT, key)
            except StorageError:
                log.warning("login.throttle_unshared")

    def _hit(self, item: RateLimitItem, whose: str) -> int | None:
        """Seconds to wait; None where there is nothing to wait for."""
        if self._shared is not None:
            try:
                return _hit(self._shared, item, whose)
            except StorageError:
                # Better counted by each process than not at all.
                log.warning("login.throttle_unshared")
        return _hit(self._own, item, whose)


def network_of(address: str) -> str:
    """What is counted as one place: an IPv4 address, or the IPv6 network that one customer has."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found if found.version == 4 else ip_network((found, 64), strict=False))


def _hit(limiter: MovingWindowRateLimiter, item: RateLimitItem, whose: str) -> int | None:
    if limiter.hit(item, whose):
        return None
    return max(1, round(limiter.get_window_stats(item, whose).reset_time - time.time()))


def _redis(url: str) -> Storage:
    options = {"socket_timeout": _PATIENCE_S, "socket_connect_timeout": _PATIENCE_S}
    storage = storage_from_string(url, wrap_exceptions=True, **options)
    assert isinstance(storage, Storage)
    return storage
