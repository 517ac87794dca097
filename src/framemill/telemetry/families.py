"""The metrics that there are: names, labels and what they say. What they are at, others find out.

Labels take their values from short lists (operations, states, routes), so the
number of series does not grow with use.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

Labels = tuple[str, ...]
# How much there is of a family, by the values of its labels.
Samples = Mapping[Labels, "float | Distribution"]
Readings = Mapping[str, Samples]

REQUEST_BUCKETS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
JOB_BUCKETS: Final = (1.0, 5.0, 15.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric with its labels."""

    name: str  # of a counter with `_total`
    kind: Literal["counter", "gauge", "histogram"]
    labels: Labels
    said: str
    buckets: tuple[float, ...] = ()  # upper bounds, of a histogram


@dataclass(slots=True)
class Distribution:
    """Values counted by how large they are."""

    buckets: Sequence[float]
    counts: list[int] = field(default_factory=list)  # one for each bucket, and one for what is above all
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.buckets) + 1)

    def add(self, value: float) -> None:
        """Count one more."""
        self.counts[bisect_left(self.buckets, value)] += 1
        self.total += value


def _counter(name: str, said: str, *labels: str) -> Family:
    return Family(name=name, kind="counter", labels=labels, said=said)


def _gauge(name: str, said: str, *labels: str) -> Family:
    return Family(name=name, kind="gauge", labels=labels, said=said)


FAMILIES: Final = (
    _gauge("framemill_build_info", "1; the label says which version this is.", "version"),
    _gauge("framemill_uptime_seconds", "How long this process has been serving."),
    _counter(
        "framemill_http_requests_total",
        "Requests that this process answered.",
        *("method", "route", "status"),
    ),
    Family(
        name="framemill_http_request_seconds",
        kind="histogram",
        labels=("method", "route"),
        said="How long requests took to their last byte.",
        buckets=REQUEST_BUCKETS,
    ),
    _counter("framemill_http_received_bytes_total", "Bytes of requests' bodies."),
    _counter("framemill_http_sent_bytes_total", "Bytes of answers' bodies."),
    _gauge("framemill_jobs", "Jobs that have not ended, now.", "state", "operation"),
    _counter("framemill_jobs_ended_total", "Jobs that ended since this process began.", "state", "operation"),
    Family(
        name="framemill_job_seconds",
        kind="histogram",
        labels=("operation",),
        said="How long completed jobs took from their start, without pauses.",
        buckets=JOB_BUCKETS,
    ),
    _counter("framemill_job_input_bytes_total", "Bytes of the inputs of jobs that ended.", "operation"),
    _counter("framemill_job_output_bytes_total", "Bytes that jobs published.", "operation"),
    _counter("framemill_downloads_total", "Downloads that ended.", "state"),
    _gauge("framemill_queue_depth", "Jobs that wait, by priority; 10 is the most urgent.", "priority"),
    _gauge("framemill_queue_oldest_seconds", "How long the oldest of them has waited.", "priority"),
    _gauge("framemill_tasks", "Tasks that wait for a worker (ready) or have one (leased).", "state"),
    _counter("framemill_tasks_ended_total", "Tasks of jobs that ended.", "step"),
    _counter("framemill_task_seconds_total", "Seconds that they took.", "step"),
    _counter("framemill_task_cpu_seconds_total", "Seconds of processors that they used.", "step"),
    _counter("framemill_task_retries_total", "How often they were tried again.", "step"),
    _gauge("framemill_encode_speed_ratio", "Times real time, the mean of what is being encoded now."),
    _gauge("framemill_worker_slots", "Processes that take tasks: busy, free, draining.", "state"),
    _gauge("framemill_jobs_stuck", "Running jobs of which nothing was heard for too long."),
    _gauge("framemill_webhooks", "Webhooks: on, failing, off.", "state"),
    _gauge("framemill_webhook_waiting", "Messages that webhooks are still to be sent."),
    _gauge("framemill_webhook_oldest_seconds", "How long the oldest of them has waited."),
    _counter("framemill_webhook_attempts_total", "Messages that were sent, by how that went.", "outcome"),
    _gauge("framemill_storage_bytes", "Bytes of stored videos with all that was made from them."),
    _gauge("framemill_videos", "Stored videos."),
    _gauge("framemill_disk_total_bytes", "Size of the disk of a place: data, storage, work.", "place"),
    _gauge("framemill_disk_free_bytes", "What is free there.", "place"),
    _gauge("framemill_database_up", "1 where the figures about jobs could be read, 0 where not."),
)
