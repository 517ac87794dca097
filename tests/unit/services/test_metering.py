from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from framemill.domain.states import JobState, TaskState
from framemill.services.metering import Metering
from framemill.store.jobs import new_id
from framemill.store.tables import Job, Task, Worker
from framemill.store.video_tables import Workspace
from framemill.store.webhook_tables import Delivery, DeliveryAttempt, Webhook
from framemill.telemetry.exposition import rendered
from framemill.telemetry.families import FAMILIES, Distribution
from tests.engines import Bench

pytestmark = pytest.mark.databases("memory", "postgres")
_A = "01990000-0000-7000-8000-00000000000a"


class Ticks:
    """Seconds of a clock that the test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="ticks")
def _ticks() -> Ticks:
    return Ticks()


@pytest.fixture(name="metering")
def _metering(bench: Bench, ticks: Ticks, tmp_path: Path) -> Metering:
    return Metering(
        bench.database,
        operations=("trim", "publish"),
        stuck_after=timedelta(hours=4),
        worker_ttl=timedelta(minutes=1),
        disks={"data": tmp_path / "not made yet"},
        monotonic=ticks,
    )


def _job(bench: Bench, *tasks: Task, **changes: object) -> str:
    with bench.database.write() as session:
        now = bench.database.now(session)
        row = Job(
            id=new_id(),
            kind="trim",
            specs=[],
            inputs={"input": {"path": "/srv/a.mp4", "size": 700}},
            destination={},
            state=JobState.QUEUED,
            priority=5,
            max_attempts=3,
            created_at=now,
            updated_at=now,
        )
        for name, value in changes.items():
            setattr(row, name, value)
        session.add(row)
        session.flush()
        for number, task in enumerate(tasks):
            task.id, task.job_id, task.key, task.position = new_id(), row.id, str(number), number
            task.updated_at = now
            session.add(task)
        return row.id


def _task(kind: str = "step", *, operation: str | None = None, **changes: object) -> Task:
    task = Task(kind=kind, title="x", needs=[], state=TaskState.DONE, rank=5, resource="cpu", attempt=1)
    task.step = None if operation is None else {"operation": operation, "key": "x"}
    for name, value in changes.items():
        setattr(task, name, value)
    return task


def _ended(bench: Bench, *tasks: Task, state: JobState = JobState.COMPLETED, **changes: object) -> None:
    with bench.database.read() as session:
        now = bench.database.now(session)
    given = {"processing_ms": 30_000, "actual": {"output_bytes": 200}, **changes}
    _job(bench, *tasks, state=state, finished_at=now, **given)


def _later(bench: Bench, ticks: Ticks, seconds: float = 10) -> None:
    bench.clock.pass_by(seconds)
    ticks.now += seconds


def test_jobs_are_counted_once_when_they_end(bench: Bench, metering: Metering, ticks: Ticks) -> None:
    _later(bench, ticks)
    _ended(bench)
    _ended(bench, state=JobState.FAILED, kind="/home/me/mine.yaml")
    _ended(bench, kind="download", processing_ms=2000)
    _later(bench, ticks)
    first = metering.read()
    _ended(bench)
    _later(bench, ticks)

    assert first["framemill_jobs_ended_total"] == {
        ("completed", "trim"): 1,
        ("failed", "other"): 1,
        ("completed", "download"): 1,
    }
    assert first["framemill_downloads_total"] == {("completed",): 1}
    assert first["framemill_job_output_bytes_total"][("trim",)] == 200
    assert first["framemill_job_input_bytes_total"][("trim",)] == 700
    again = metering.read()
    assert again["framemill_jobs_ended_total"][("completed", "trim")] == 2
    took = again["framemill_job_seconds"][("trim",)]
    assert isinstance(took, Distribution)
    assert (took.total, sum(took.counts)) == (60.0, 2)


def test_what_ended_before_this_process_began_is_not_counted(
    bench: Bench, metering: Metering, ticks: Ticks
) -> None:
    _ended(bench)
    bench.clock.pass_by(3600)
    ticks.now += 60

    assert metering.read().get("framemill_jobs_ended_total", {}) == {}


def test_counters_lose_nothing_when_old_records_go(bench: Bench, metering: Metering, ticks: Ticks) -> None:
    _later(bench, ticks)
    _ended(bench)
    _later(bench, ticks)
    metering.read()
    with bench.database.write() as session:
        session.execute(text("DELETE FROM jobs"))
    _later(bench, ticks)

    assert metering.read()["framemill_jobs_ended_total"] == {("completed", "trim"): 1}


def test_tasks_are_summed_by_what_they_do(bench: Bench, metering: Metering, ticks: Ticks) -> None:
    _later(bench, ticks)
    _ended(
        bench,
        _task("plan", attempt=1),
        _task(operation="trim+publish", wall_ms=1500, cpu_ms=4000, attempt=3),
        _task(operation="trim", wall_ms=500, cpu_ms=0),
        _task(operation="unheard of", wall_ms=100),
    )
    _later(bench, ticks)

    found = metering.read()

    assert found["framemill_task_seconds_total"] == {("plan",): 0, ("trim",): 2.0, ("other",): 0.1}
    assert found["framemill_task_cpu_seconds_total"][("trim",)] == 4.0
    assert found["framemill_tasks_ended_total"] == {("plan",): 1, ("trim",): 2, ("other",): 1}
    assert found["framemill_task_retries_total"] == {("plan",): 0, ("trim",): 2, ("other",): 0}


def test_the_queue_and_the_workers_are_as_they_are_now(
    bench: Bench, metering: Metering, ticks: Ticks
) -> None:
    _job(bench, priority=10)
    _job(bench, priority=10, kind="mine")
    encoding = _task(operation="trim", state=TaskState.LEASED, lease_worker="a:1:1", speed=3.0)
    _job(bench, encoding, state=JobState.RUNNING)
    _job(bench, _task(state=TaskState.READY))
    with bench.database.write() as session:
        now = bench.database.now(session)
        for name, state, seen in (
            ("a:1:1", "active", now),
            ("a:2:1", "active", now),
            ("a:3:1", "draining", now),
            ("a:4:1", "active", now - timedelta(hours=1)),
        ):
            session.add(
                Worker(
                    id=name,
                    host="a",
                    pid=1,
                    version="1",
                    engine="pool",
                    resources=[],
                    capabilities={},
                    state=state,
                    started_at=seen,
                    seen_at=seen,
                )
            )
    _later(bench, ticks, 30)

    found = metering.read()

    assert found["framemill_queue_depth"][("10",)] == 2
    assert found["framemill_queue_oldest_seconds"][("10",)] == 30
    assert found["framemill_queue_depth"][("1",)] == 0
    jobs = {labels: count for labels, count in found["framemill_jobs"].items() if count}
    assert jobs == {("queued", "trim"): 2, ("queued", "other"): 1, ("running", "trim"): 1}
    assert found["framemill_tasks"] == {("ready",): 1, ("leased",): 1}
    assert found["framemill_worker_slots"] == {("busy",): 1, ("free",): 1, ("draining",): 1}
    assert found["framemill_encode_speed_ratio"] == {(): 3.0}
    assert found["framemill_jobs_stuck"] == {(): 0}
    assert found["framemill_disk_total_bytes"][("data",)] != 0


def test_a_job_that_says_nothing_for_long_is_stuck(bench: Bench, metering: Metering, ticks: Ticks) -> None:
    _job(bench, _task(state=TaskState.LEASED, lease_worker="a:1:1"), state=JobState.RUNNING)
    _later(bench, ticks, 5 * 3600)

    assert metering.read()["framemill_jobs_stuck"] == {(): 1}


def test_a_look_is_kept_for_a_few_seconds(bench: Bench, metering: Metering, ticks: Ticks) -> None:
    metering.read()
    _job(bench, priority=10)
    ticks.now += 4

    assert metering.read()["framemill_queue_depth"][("10",)] == 0
    ticks.now += 2
    assert metering.read()["framemill_queue_depth"][("10",)] == 1


def test_without_the_database_the_rest_is_told(
    bench: Bench, metering: Metering, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    from framemill.errors import DatabaseUnavailable

    def away() -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr(bench.database, "read", away)

    found = metering.read()

    assert found["framemill_database_up"] == {(): 0}
    assert ("data",) in found["framemill_disk_free_bytes"]


@pytest.mark.parametrize("query", ["ready_tasks", "leases"])
@pytest.mark.databases("memory")
def test_waiting_and_running_tasks_come_from_their_own_small_index(
    bench: Bench, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import event

    from framemill.store import metering

    said: list[str] = []
    event.listen(bench.database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    with bench.database.read() as session:
        getattr(metering, query)(session)
        asked = next(one for one in said if "FROM tasks" in one)
        plan = session.execute(text(f"EXPLAIN QUERY PLAN {asked}")).all()

    assert f"ix_tasks_{'ready' if query == 'ready_tasks' else 'leased'}" in str(plan)


def test_everything_that_is_read_is_a_family_and_is_rendered(
    bench: Bench, metering: Metering, ticks: Ticks
) -> None:
    _later(bench, ticks)
    _ended(bench, _task(operation="trim"))
    _later(bench, ticks)

    found = metering.read()
    page = rendered(found).decode()

    assert set(found) <= {family.name for family in FAMILIES}
    assert 'framemill_jobs_ended_total{operation="trim",state="completed"} 1.0' in page
    assert 'framemill_job_seconds_bucket{le="60",operation="trim"} 1.0' in page
    for family in FAMILIES:
        assert f"# TYPE {family.name} {family.kind}" in page


def test_attempts_at_webhooks_are_counted_once_each(bench: Bench, metering: Metering, ticks: Ticks) -> None:
    with bench.database.write() as session:
        now = bench.database.now(session)
        times = {"created_at": now, "updated_at": now}
        session.add(Workspace(id=_A, name="here", title="Here", **times))
        session.flush()
        session.add(Webhook(id=_A, workspace_id=_A, url="", events=[], note="", secret="", cursor=0, **times))
        session.flush()
        waits = {"state": "pending", "next_at": now, "created_at": now, "tried_since": now}
        session.add(Delivery(id=_A, webhook_id=_A, type="job.failed", body="", **waits))
    for outcome in ("refused", "delivered"):
        _later(bench, ticks)
        with bench.database.write() as session:
            now = bench.database.now(session)
            session.add(DeliveryAttempt(delivery_id=_A, at=now, outcome=outcome, latency_ms=1, excerpt=""))
        _later(bench, ticks)
        metering.read()

    found = metering.read()
    assert found["framemill_webhook_attempts_total"] == {("refused",): 1, ("delivered",): 1}
    assert found["framemill_webhooks"] == {("on",): 1, ("failing",): 0, ("off",): 0}
    assert found["framemill_webhook_waiting"] == {(): 1}
    assert found["framemill_webhook_oldest_seconds"] == {(): 40.0}
