"""Counting requests, of this process: plain numbers, so that a request pays next to nothing for it."""

import threading
from typing import Final

from framemill.telemetry.families import REQUEST_BUCKETS, Distribution, Labels, Readings

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"


class Requests:
    """What was asked and answered so far; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[Labels, int] = {}
        self._times: dict[Labels, Distribution] = {}
        self._received = self._sent = 0

    def count(
        self, *, method: str, route: str, status: int, seconds: float, received: int, sent: int
    ) -> None:
        """One more. `route` is a template, never an address; bytes are of bodies."""
        known = method if method in _METHODS else OTHER
        asked, answered = (known, route), (known, route, str(status))
        with self._lock:
            self._answers[answered] = self._answers.get(answered, 0) + 1
            times = self._times.get(asked)
            if times is None:
                times = self._times[asked] = Distribution(REQUEST_BUCKETS)
            times.add(seconds)
            self._received += received
            self._sent += sent

    def read(self) -> Readings:
        """Everything so far."""
        with self._lock:
            return {
                "framemill_http_requests_total": dict(self._answers),
                "framemill_http_request_seconds": {
                    labels: Distribution(times.buckets, list(times.counts), times.total)
                    for labels, times in self._times.items()
                },
                "framemill_http_received_bytes_total": {(): self._received},
                "framemill_http_sent_bytes_total": {(): self._sent},
            }
