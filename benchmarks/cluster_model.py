"""How a cluster grows: a discrete-event model of workers, database, broker and storage.

Run as `python -m benchmarks.cluster_model`; writes docs/cluster-model.md. What a
task, a transaction and a transfer cost is given here, measured or assumed, as
`Costs`; the model only says how these add up, and which of them is full first.

Jobs arrive at random (Poisson) and are equal: a plan, an encode in chunks with
the sound beside it, packaging, stills, and publication. Every task costs a
claim and a finish in the database, reads its input from storage and writes its
output there. Heartbeats of running tasks load the database all the time.
"""

import heapq
import random
import statistics
from dataclasses import dataclass, replace
from pathlib import Path

_DAY_S = 86_400
_PAGE = Path(__file__).resolve().parent.parent / "docs" / "cluster-model.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What one of each costs: encoding and transactions as benchmarks found them, the rest assumed."""

    plan_s: float = 0.4  # a worker's time for planning one job, probe included
    encode_s: float = 105.0  # CPU seconds to encode a minute of 1080p to three renditions, one thread
    chunks: int = 4
    sound_s: float = 1.0
    package_s: float = 1.5
    stills_s: float = 2.0
    publish_s: float = 0.3
    source_mb: float = 50.0
    result_mb: float = 42.0
    transaction_ms: float = (
        11.8  # PostgreSQL, of each of 8 connections at once: 340 claims and finishes a second
    )
    beat_ms: float = 0.6  # a heartbeat that saves progress
    beats_per_s: float = 2.0  # of one running task: progress is saved twice a second
    lanes: int = 8  # transactions that the database runs side by side
    wake_ms: float = 5.0  # from a commit until a sleeping worker asks for the task
    storage_mb_s: float = 1100.0  # one 10 Gbit/s port


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a cluster did."""

    workers: int
    jobs_per_day: float
    p50_s: float
    p95_s: float
    workers_busy: float  # shares of what there is
    database_busy: float
    storage_busy: float

    @property
    def fullest(self) -> str:
        """What has the least room left."""
        shares = {
            "workers": self.workers_busy,
            "database": self.database_busy,
            "storage": self.storage_busy,
        }
        return max(shares, key=lambda name: shares[name])


@dataclass(slots=True)
class _Job:
    began: float
    waiting_for: int = 0  # tasks of the current stage that are not done


class _Cluster:
    """One run of the model."""

    def __init__(self, costs: Costs, *, workers: int, jobs_per_day: float, jobs: int, seed: int) -> None:
        self._costs = costs
        self._stages = _stages(costs)
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._rate = jobs_per_day / _DAY_S
        self._wanted = jobs
        self._idle = workers
        self._workers = workers
        self._events: list[tuple[float, int, str, _Job, int]] = []
        self._count = 0
        self._queue: list[tuple[float, int, _Job]] = []
        # Heartbeats take their share of each lane before any claim is served.
        running = min(workers, self._rate * sum(work for stage in self._stages for work, _, _ in stage))
        self._beats = running * costs.beats_per_s * costs.beat_ms / 1000 / costs.lanes
        self._lanes = [0.0] * costs.lanes
        self._link = 0.0
        self._used = {"workers": 0.0, "database": 0.0, "storage": 0.0}
        self._done: list[tuple[float, float]] = []

    def run(self) -> Outcome:
        at = 0.0
        for _ in range(self._wanted):
            at += self._random.expovariate(self._rate)
            self._at(at, "submit", _Job(at), 0)
        now = 0.0
        while self._events:
            now, _, kind, job, stage = heapq.heappop(self._events)
            getattr(self, f"_{kind}")(now, job, stage)
        # The first fifth fills the cluster, the last drains it: neither is how it runs.
        settled = sorted(self._done)[len(self._done) // 5 : -len(self._done) // 5]
        waits = [end - began for began, end in settled]
        lasting = max(at, now)
        return Outcome(
            workers=self._workers,
            jobs_per_day=self._rate * _DAY_S,
            p50_s=statistics.median(waits),
            p95_s=statistics.quantiles(waits, n=20)[18],
            workers_busy=self._used["workers"] / lasting / self._workers,
            database_busy=min(1.0, self._beats + self._used["database"] / lasting / self._costs.lanes),
            storage_busy=self._used["storage"] / lasting,
        )

    def _submit(self, now: float, job: _Job, _stage: int) -> None:
        self._open(self._transaction(now), job, 0)

    def _open(self, now: float, job: _Job, stage: int) -> None:
        """The tasks of a stage become ready."""
        tasks = self._stages[stage]
        job.waiting_for = len(tasks)
        for number in range(len(tasks)):
            self._at(now + self._costs.wake_ms / 1000, "wait", job, stage * 100 + number)

    def _wait(self, now: float, job: _Job, task: int) -> None:
        """A ready task gets a worker, or stands in the queue: the oldest job goes first."""
        heapq.heappush(self._queue, (job.began, task, job))
        self._serve(now)

    def _serve(self, now: float) -> None:
        while self._idle and self._queue:
            _, task, job = heapq.heappop(self._queue)
            self._idle -= 1
            self._used["workers"] -= now
            self._at(self._transaction(now), "read", job, task)

    def _read(self, now: float, job: _Job, task: int) -> None:
        self._at(self._transfer(now, self._of(task)[1]), "work", job, task)

    def _work(self, now: float, job: _Job, task: int) -> None:
        self._at(now + self._of(task)[0], "write", job, task)

    def _write(self, now: float, job: _Job, task: int) -> None:
        self._at(self._transfer(now, self._of(task)[2]), "commit", job, task)

    def _commit(self, now: float, job: _Job, task: int) -> None:
        self._at(self._transaction(now), "finish", job, task)

    def _of(self, task: int) -> tuple[float, float, float]:
        return self._stages[task // 100][task % 100]

    def _finish(self, now: float, job: _Job, task: int) -> None:
        self._used["workers"] += now
        self._idle += 1
        job.waiting_for -= 1
        if job.waiting_for == 0:
            if task // 100 + 1 == len(self._stages):
                self._done.append((job.began, now))
            else:
                self._open(now, job, task // 100 + 1)
        self._serve(now)

    def _at(self, when: float, kind: str, job: _Job, number: int) -> None:
        self._count += 1
        heapq.heappush(self._events, (when, self._count, kind, job, number))

    def _transaction(self, now: float) -> float:
        """When a transaction that is asked for now is committed."""
        free = heapq.heappop(self._lanes)
        takes = self._costs.transaction_ms / 1000
        # What the heartbeats leave of a lane.
        end = max(now, free) + takes / max(0.02, 1 - self._beats)
        heapq.heappush(self._lanes, end)
        self._used["database"] += takes
        return end

    def _transfer(self, now: float, megabytes: float) -> float:
        takes = megabytes / self._costs.storage_mb_s
        self._link = max(now, self._link) + takes
        self._used["storage"] += takes
        return self._link


def _stages(c: Costs) -> list[list[tuple[float, float, float]]]:
    """Of each stage its tasks: seconds of work, MB read, MB written."""
    chunk = (c.encode_s / c.chunks, c.source_mb / c.chunks, c.result_mb / c.chunks)
    return [
        [(c.plan_s, 2.0, 0.0)],
        [*([chunk] * c.chunks), (c.sound_s, c.source_mb / 10, 1.0), (c.stills_s, c.source_mb / 10, 1.0)],
        [(c.package_s, c.result_mb, c.result_mb)],
        [(c.publish_s, 0.0, 0.0)],
    ]


def simulate(costs: Costs, *, workers: int, jobs_per_day: float, jobs: int = 3000, seed: int = 1) -> Outcome:
    """How `workers` cope with so many equal jobs a day."""
    return _Cluster(costs, workers=workers, jobs_per_day=jobs_per_day, jobs=jobs, seed=seed).run()


def capacity(costs: Costs, *, workers: int, share: float = 0.7) -> float:
    """Jobs a day that would keep workers busy to `share`, if nothing else were in the way."""
    work = sum(seconds for stage in _stages(costs) for seconds, _, _ in stage)
    return share * workers / work * _DAY_S


# One after the other, each on top of those before it: what is done about a bottleneck.
_REMEDIES: tuple[tuple[str, dict[str, float]], ...] = (
    ("as it is", {}),
    ("progress saved every five seconds instead of twice a second", {"beats_per_s": 0.2}),
    ("storage on four ports instead of one", {"storage_mb_s": 4400.0}),
    ("a database of 32 lanes instead of 8", {"lanes": 32}),
)


def page(costs: Costs) -> str:
    """The whole report."""
    lines = [
        _HEAD.format(costs=_assumed(costs)),
        "| workers | jobs a day | p50 s | p95 s | workers | database | storage |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row(simulate(costs, workers=n, jobs_per_day=capacity(costs, workers=n))) for n in _SIZES]
    lines.append(_MILLION)
    lines.append("| what is done | p50 s | p95 s | workers | database | storage | fullest |")
    lines.append("|---|---|---|---|---|---|---|")
    now = costs
    for title, change in _REMEDIES:
        now = replace(now, **change)  # type: ignore[arg-type]  # names and types are those of Costs
        out = simulate(now, workers=_MANY, jobs_per_day=1_000_000)
        lines.append(f"| {title} | {out.p50_s:.0f} | {out.p95_s:.0f} | {_shares(out)} | {out.fullest} |")
    lines += ["", _SAYS.rstrip("\n")]
    return "\n".join(lines) + "\n"


def _row(out: Outcome) -> str:
    latency = f"{out.p50_s:.0f} | {out.p95_s:.0f}"
    return f"| {out.workers:,} | {out.jobs_per_day:,.0f} | {latency} | {_shares(out)} |"


def _shares(out: Outcome) -> str:
    shares = (out.workers_busy, out.database_busy, out.storage_busy)
    return " | ".join(f"{100 * share:.0f} %" for share in shares)


_SIZES = (2, 10, 50, 100, 250, 500, 1000)
_MANY = 2000
_HEAD = """# How a cluster grows

Written by `python -m benchmarks.cluster_model`; do not edit. A model, not a measurement: jobs that each
publish a minute of 1080p arrive at random; workers, database and storage serve them in order. What one
task, one transaction and one transfer cost goes in:

{costs}

The workers are kept 70 % busy, if nothing else is in the way. Shares say how full each part is; latency is
from submit to the published stream.
"""
_MILLION = """
## A million jobs a day

2,000 workers of one core, and what is done about each bottleneck in turn:
"""


_SAYS = """## What it says

1. **Storage is full first.** Every chunk reads its part of the source and writes its part of the result
   through one port: at half a million jobs a day 10 Gbit/s are nearly used up, and latency doubles. More
   ports, or storage of several machines, move this away; so would workers that keep what they fetched.
2. **Workers are next**: work is what it is, and only more of them, or faster settings, help.
3. **The database comes third**: half of its load are claims and finishes, half is progress, which each
   running task saves twice a second. Saving it every five seconds halves the load. What a transaction costs
   was measured on two cores that the server shared with its clients; a server of its own will do better.

What the model leaves out: the broker (it only rings), vacuuming and growth of tables (a million jobs a day
are ten million rows of tasks, so records must be cleaned within days), and uneven jobs.
"""


def _assumed(costs: Costs) -> str:
    words = {
        "encode_s": "CPU seconds of encoding, in {chunks} chunks",
        "transaction_ms": "ms of a claim or a finish",
        "beat_ms": "ms of a heartbeat that saves progress (assumed)",
        "beats_per_s": "heartbeats a second of a running task",
        "lanes": "transactions side by side",
        "storage_mb_s": "MB/s to and from storage (assumed: one port of 10 Gbit/s)",
        "source_mb": "MB of source",
        "result_mb": "MB of results",
    }
    return "\n".join(
        f"- {getattr(costs, name):g} {text.format(chunks=costs.chunks)}" for name, text in words.items()
    )


if __name__ == "__main__":
    text = page(Costs())
    _PAGE.write_text(text)
    print(text)
