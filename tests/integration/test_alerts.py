"""Alerts through the real Apprise to a receiver on loopback: told once, by however many processes."""

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from framemill.domain.alerts import Manner
from framemill.domain.states import JobState
from framemill.errors import AlertNotSent, InvalidSettings
from framemill.services.alerts import Alerts
from framemill.services.conditions import Conditions
from framemill.store.database import Database, open_database
from framemill.store.jobs import get_job
from framemill.store.workers import audit
from framemill.telemetry.apprised import Apprised
from tests.engines import Clock
from tests.servers.receiver import Receiver, Says
from tests.unit.store.rows import add_job

both = pytest.mark.databases("memory", "postgres")


@pytest.fixture(name="slack")
def _slack() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="database")
def _database(database_url: str, clock: Clock) -> Iterator[Database]:
    database = open_database(database_url, clock=clock)
    yield database
    database.close()


def _alerts(
    database: Database,
    slack: Receiver | None,
    *,
    disks: Mapping[str, Path] = MappingProxyType({}),
    most_full: int = 80,
) -> Alerts:
    conditions = Conditions(
        database,
        disks=disks,
        most_waiting=3,
        most_failed=5,
        most_full=most_full,
        stuck_after=timedelta(hours=4),
    )
    return Alerts(
        database,
        look=conditions.look,
        tell=None if slack is None else Apprised(slack.url.replace("http", "json", 1)).tell,
        manner=Manner(steady=timedelta(minutes=5), quiet=timedelta(hours=1)),
    )


def _said(slack: Receiver) -> list[str]:
    return [line for one in slack.told for line in json.loads(one.body)["message"].splitlines()]


def _wait(database: Database, jobs: int) -> list[str]:
    return [add_job(database) for _ in range(jobs)]


@both
def test_a_long_queue_is_told_once_by_several_processes_and_once_that_it_is_over(
    database: Database, clock: Clock, slack: Receiver
) -> None:
    processes = [_alerts(database, slack) for _ in range(4)]
    ids = _wait(database, 4)

    def rounds() -> None:
        threads = [threading.Thread(target=alerts.round) for alerts in processes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    for _ in range(12):
        rounds()
        clock.pass_by(60)
    firing = [line for line in _said(slack) if "wait for a worker" in line]
    assert firing == ["ALERT: 4 jobs wait for a worker (more than 3)"]
    assert [one.key for one in processes[0].list()] == ["no workers", "queue"]

    with database.write() as session:
        for job_id in ids:
            get_job(session, job_id, lock=True).state = JobState.CANCELLED
    for _ in range(12):
        rounds()
        clock.pass_by(60)

    assert sorted(_said(slack))[2:] == [
        "OVER: 4 jobs wait for a worker (more than 3)",
        "OVER: 4 jobs wait, and no worker is there",
    ]
    assert len(slack.told) <= 4
    assert processes[0].list() == ()


def test_failures_lost_workers_and_full_disks_are_told_in_one_message(
    database: Database, clock: Clock, slack: Receiver, tmp_path: Path
) -> None:
    alerts = _alerts(database, slack, most_full=1, disks={"data": tmp_path, "work": tmp_path / "not yet"})
    for state in [JobState.COMPLETED] * 9 + [JobState.FAILED]:
        add_job(database, state=state, finished_at=clock())
    with database.write() as session:
        audit(session, at=clock(), actor="reaper", action="worker.gone", subject="worker:x")
        audit(session, at=clock(), actor="janitor", action="job.unstuck", subject="job:x")
    for _ in range(6):
        alerts.round()
        clock.pass_by(60)

    (told,) = slack.told
    assert json.loads(told.body)["type"] == "failure"
    disk, failures, stuck, lost = _said(slack)
    assert disk.startswith("ALERT: the disk of data, work at ")
    assert failures == "ALERT: 1 of the 10 jobs that ended within 15 minutes failed (more than 5 %)"
    assert stuck == "ALERT: 1 running jobs said nothing for 4:00:00"
    assert lost == "ALERT: 1 workers went away without a word in the last 15 minutes"


def test_what_nobody_took_is_told_when_somebody_listens_again(
    database: Database, clock: Clock, slack: Receiver
) -> None:
    alerts = _alerts(database, slack)
    _wait(database, 4)
    slack.says = Says(status=500)
    for _ in range(8):
        alerts.round()
        clock.pass_by(60)
    unheard = len(slack.told)
    slack.says, slack.told = Says(status=200), []
    for _ in range(12):
        alerts.round()
        clock.pass_by(60)

    assert 1 <= unheard <= 4
    assert len(slack.told) == 1


def test_a_test_says_so_or_what_is_wrong(database: Database, slack: Receiver) -> None:
    _alerts(database, slack).test()
    assert json.loads(slack.told[0].body)["message"] == "This is a test; nothing is wrong."

    slack.says = Says(status=404)
    with pytest.raises(AlertNotSent):
        _alerts(database, slack).test()
    with pytest.raises(InvalidSettings):
        _alerts(database, None).test()


@pytest.mark.parametrize("urls", ["nothing://at-all", "slack://wrong/words", "words"])
def test_addresses_that_are_none_are_told_without_being_shown(urls: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        Apprised(urls).check()

    assert urls not in str(refused.value)


def test_where_nobody_is_told_nobody_looks(database: Database) -> None:
    alerts = _alerts(database, None)
    _wait(database, 9)
    alerts.round()

    assert (alerts.on, alerts.list()) == (False, ())
