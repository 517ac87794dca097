"""Webhooks against a real receiver: nothing is lost, nobody is reached who may not be, and all is signed."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from framemill.domain.states import JobState
from framemill.domain.webhooks import DeliveryState, Outcome
from framemill.errors import AddressRefused, IllegalTransition
from framemill.services.webhooks import OVERLAP
from framemill.store.database import open_database
from framemill.store.webhook_tables import Webhook
from tests.engines import Clock
from tests.servers.receiver import Receiver, Says
from tests.telling import Office, told

both = pytest.mark.databases("memory", "postgres")


@pytest.fixture(name="receiver")
def _receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(name="office")
def _office(database_url: str, receiver: Receiver) -> Iterator[Office]:
    clock = Clock()
    database = open_database(database_url, clock=clock)
    yield Office(database, clock, allow=[receiver.allow])
    database.close()


@both
def test_what_becomes_of_a_job_is_told_in_order_and_signed(office: Office, receiver: Receiver) -> None:
    new = office.hook(receiver)
    job = office.job(state=JobState.RUNNING)
    office.change(job, state=JobState.FAILED, error={"code": "disk_full", "message": "no room in /srv/films/x"})
    office.deliver()

    assert sorted(told(receiver)) == [("job.failed", job), ("job.started", job), ("job.submitted", job)]
    for one in receiver.told:
        Verifier(new.secret).verify(one.body, dict(one.headers))
        assert one.headers["content-type"] == "application/json"
    (failed,) = [one for one in map(json.loads, (t.body for t in receiver.told)) if one["type"] == "job.failed"]
    assert failed["data"] | {"event_id": 0, "submitted_at": ""} == {
        "event_id": 0,
        "job_id": job,
        "workspace_id": office.workspace,
        "workspace": "here",
        "state": "failed",
        "operation": "proxy",
        "video_id": None,
        "batch_id": None,
        "priority": 5,
        "submitted_at": "",
        "error": {"code": "disk_full", "message": "no room in x", "hint": None},
    }


def test_a_changed_message_and_another_secret_are_noticed(office: Office, receiver: Receiver) -> None:
    new, other = office.hook(receiver, events=["job.submitted"]), office.webhooks.create(office.workspace, receiver.url)
    office.job()
    office.deliver()

    (one,) = receiver.told
    with pytest.raises(WebhookVerificationError):
        Verifier(new.secret).verify(one.body + b" ", dict(one.headers))
    with pytest.raises(WebhookVerificationError):
        Verifier(other.secret).verify(one.body, dict(one.headers))


@both
def test_only_the_own_workspace_and_only_what_was_asked_for_is_told(office: Office, receiver: Receiver) -> None:
    office.job(state=JobState.COMPLETED)
    office.hook(receiver, events=["job.completed"])
    elsewhere = Office(office.database, office.clock, name="elsewhere")
    office.job(state=JobState.COMPLETED, workspace=elsewhere.workspace)
    mine = office.job(state=JobState.COMPLETED)
    office.deliver()

    assert told(receiver) == [("job.completed", mine)]
