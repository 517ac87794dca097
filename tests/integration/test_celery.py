"""The Celery engine, on a real Redis, with the worker processes that users start."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
import redis

from framemill.domain.states import TaskState
from framemill.engine.broker import Broker
from framemill.engine.dispatch import wakes
from framemill.store.jobs import tasks_of
from framemill.store.tables import Task
from framemill.tools.programs import Programs
from tests.integration.brokers import a_redis
from tests.integration.cluster import Cluster, all_is_well, start_command

pytestmark = [pytest.mark.integration, pytest.mark.databases("postgres")]


@pytest.fixture(name="cluster")
def _cluster(
    tmp_path: Path, film: Path, programs: Programs, database_url: str, redis_url: str, redis_prefix: str
) -> Iterator[Cluster]:
    cluster = Cluster(
        folder=tmp_path,
        film=film,
        ffmpeg=programs.ffmpeg,
        database_url=database_url,
        broker_url=redis_url,
        prefix=redis_prefix.strip("-"),
    )
    yield cluster
    cluster.close()


def _tasks(cluster: Cluster) -> list[Task]:
    """Every task that a message could name."""
    with cluster.app.database.read() as session:
        return [task for job in cluster.app.jobs.list() for task in tasks_of(session, job.id)]


def _messages(cluster: Cluster) -> list[bytes]:
    """The broker's lists of this cluster."""
    with redis.Redis.from_url(cluster.broker_url) as client:
        return list(client.scan_iter(f"{cluster.prefix}.*"))


def _states(cluster: Cluster, job: str) -> dict[str, TaskState]:
    return {task.key: task.state for task in cluster.app.jobs.show(job).tasks}


def _cpu_s(process: "subprocess.Popen[bytes]", *, over_s: float) -> float:
    """CPU time that a program and all below it take in a while."""
    first = psutil.Process(process.pid)
    family = [first, *first.children(recursive=True)]
    before = sum(sum(one.cpu_times()[:2]) for one in family)
    time.sleep(over_s)
    return sum(sum(one.cpu_times()[:2]) for one in family) - before


@pytest.mark.databases("file", "postgres")
def test_jobs_complete_however_often_each_message_comes(cluster: Cluster) -> None:
    with cluster.running(workers=2) as process:
        jobs = [cluster.submit() for _ in range(4)]
        echo = cluster.broker()
        while not all(cluster.app.jobs.get(job).state.ended for job in jobs):
            echo.nudge(wakes(_tasks(cluster)))
            time.sleep(0.05)

        assert all_is_well(cluster.ended(*jobs))
        assert {task.attempt for job in jobs for task in cluster.app.jobs.show(job).tasks} == {1}
        here = cluster.workers()
        # With nothing to do they do nothing: under a twentieth of a processor, looking every second.
        cluster.until(lambda: _cpu_s(process, over_s=2) < 0.1)
    assert {(w.engine, tuple(w.resources)) for w in here} == {("celery", ("cpu", "gpu", "io"))}
    assert cluster.workers() == []  # they said goodbye


def test_messages_that_were_lost_are_sent_again(cluster: Cluster) -> None:
    jobs = [cluster.submit(announced=False), cluster.submit()]
    with redis.Redis.from_url(cluster.broker_url) as client:
        client.delete(*_messages(cluster))

    with cluster.running():
        assert all_is_well(cluster.ended(*jobs))


def test_the_most_urgent_job_is_begun_first_in_whatever_order_messages_come(cluster: Cluster) -> None:
    jobs = {priority: cluster.submit(priority=priority) for priority in (1, 10, 5)}
    cluster.broker().nudge(wakes(reversed(_tasks(cluster))))
    # Redis takes from the list with the smallest number first; the first has none.
    assert sorted(_messages(cluster)) == [
        f"{cluster.prefix}.io{end}".encode() for end in ("", "\x06\x165", "\x06\x169")
    ]

    with cluster.running():
        cluster.ended(*jobs.values())

    begun = {priority: cluster.app.jobs.get(job).started_at for priority, job in jobs.items()}
    assert sorted(begun, key=lambda priority: str(begun[priority])) == [10, 5, 1]


@pytest.mark.databases("file", "postgres")
def test_a_worker_killed_in_the_middle_of_a_task_loses_nothing(cluster: Cluster) -> None:
    cluster.gate.touch()
    with cluster.running():
        job = cluster.submit()
        cluster.until(lambda: cluster.begun == 1)
        (victim,) = cluster.workers()
        tools = psutil.Process(victim.pid).children(recursive=True)

        os.kill(victim.pid, signal.SIGKILL)
        cluster.until(lambda: cluster.begun == 2)
        cluster.gate.unlink()

        (done,) = cluster.ended(job)
    assert all_is_well([done])
    assert {task.key: task.attempt for task in done.tasks} == {"plan": 1, "thumbnails": 2, "publish": 1}
    assert tools
    assert psutil.wait_procs(tools, timeout=10)[1] == []


def test_told_to_stop_a_worker_finishes_what_it_runs_and_told_again_hands_it_back(cluster: Cluster) -> None:
    cluster.gate.touch()
    with cluster.running() as first:
        finished = cluster.submit()
        cluster.until(lambda: cluster.begun == 1)
        first.send_signal(signal.SIGTERM)
        cluster.until(lambda: b"Warm shutdown" in (cluster.folder / "log").read_bytes())
        left = cluster.submit()
        cluster.gate.unlink()
        assert first.wait(timeout=60) == 0
    made = _states(cluster, finished)
    cluster.gate.touch()
    with cluster.running() as second:
        cluster.until(lambda: cluster.begun >= 2)
        second.send_signal(signal.SIGTERM)
        cluster.until(lambda: (cluster.folder / "log").read_bytes().count(b"Warm shutdown") == 2)
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=60) == 0

    assert made["thumbnails"] == TaskState.DONE
    (task,) = [task for task in cluster.app.jobs.show(left).tasks if task.kind == "step"]
    assert (task.state, task.attempt) == ("ready", 0)


def test_a_worker_that_drains_can_be_told_to_go_on_until_it_has_ended(cluster: Cluster) -> None:
    cluster.settings["FRAMEMILL_HEARTBEAT"] = "PT0.2S"
    cluster.gate.touch()

    def states() -> set[str]:
        return {worker.state for worker in cluster.workers()}

    with cluster.running(workers=2) as process:
        everyone = [worker.id for worker in cluster.workers()]
        first = cluster.submit()
        cluster.until(lambda: cluster.begun == 1)
        cluster.app.workers.drain(everyone)
        cluster.until(lambda: states() == {"draining"})
        second = cluster.submit()  # the idle one hears of it, and leaves it
        assert sorted(cluster.app.workers.undrain(everyone)) == sorted(everyone)
        cluster.until(lambda: cluster.begun == 2)
        cluster.gate.unlink()
        made = cluster.ended(first, second)

        cluster.app.workers.drain(everyone)
        assert process.wait(timeout=60) == 0

    assert [detail.job.state for detail in made] == ["completed"] * 2
    assert cluster.workers() == []


def test_a_broker_that_dies_and_comes_back_empty_costs_no_job(cluster: Cluster) -> None:
    with a_redis() as broker, closing(replace(cluster, broker_url=broker.url)) as cluster:
        cluster.gate.touch()
        with cluster.running():
            running = cluster.submit()
            cluster.until(lambda: cluster.begun == 1)

            broker.kill()
            began = time.monotonic()
            submitted = cluster.submit()
            took = time.monotonic() - began
            cluster.gate.unlink()  # what runs ends without a broker
            cluster.until(lambda: _states(cluster, running)["thumbnails"] == TaskState.DONE)
            broker.start()

            assert all_is_well(cluster.ended(running, submitted))
            assert took < 10  # and not as long as the broker is away


def test_nobody_waits_for_a_broker_that_says_nothing(cluster: Cluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        broker = Broker(silent_url, prefix=cluster.prefix)
        cluster.submit(announced=False)
        broker.nudge([])  # loads what there is to load

        began = time.monotonic()
        for _ in range(50):
            broker.nudge(wakes(_tasks(cluster)))
        took = time.monotonic() - began

    assert took < 10  # once a second, then not at all for a while


def test_a_reminder_is_not_sent_while_messages_wait(cluster: Cluster) -> None:
    job = cluster.submit()
    (key,) = _messages(cluster)
    reaper = replace(cluster.app.reaper, unheard=timedelta())
    with redis.Redis.from_url(cluster.broker_url) as client:
        rung, before = reaper.ring_again(), client.llen(key)
        client.delete(key)
        again, after = reaper.ring_again(), client.llen(key)

    assert (rung, before) == (1, 1)
    assert (again, after) == (1, 1)
    cluster.app.jobs.cancel(job)


def test_celerys_own_commands_work_too(cluster: Cluster) -> None:
    celery = (sys.executable, "-m", "celery", "-A", "framemill.worker.celery_app")
    queues = f"{cluster.prefix}.cpu,{cluster.prefix}.io"

    with cluster.running(*celery, "worker", "-Q", queues, "-c", "1"), cluster.started(*celery, "beat"):
        heard, unheard = cluster.submit(), cluster.submit(announced=False)

        assert all_is_well(cluster.ended(heard, unheard))
        assert [worker.resources for worker in cluster.workers()] == [["cpu", "io"]]


def test_without_a_broker_a_worker_says_what_is_missing(cluster: Cluster) -> None:
    environment = {k: v for k, v in cluster.environment.items() if k != "FRAMEMILL_BROKER_URL"}

    done = subprocess.run(
        start_command(1),
        check=False,
        env=environment,
        cwd=cluster.folder,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 2
    first, then = done.stderr.splitlines()
    assert first == "error: the engine is celery, and no broker is set (code: invalid_settings)"
    assert then.startswith("  try: set FRAMEMILL_BROKER_URL")
