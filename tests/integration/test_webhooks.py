"""Webhooks against a real receiver: nothing is lost, nobody is reached who may not be, and all is signed."""

import json
import threading
from collections.abc import Iterator
from copy import copy
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from framemill.domain.states import JobState
from framemill.domain.videos import VideoState
from framemill.domain.webhooks import DeliveryState, Outcome
from framemill.errors import AddressRefused, IllegalTransition
from framemill.services.webhooks import OVERLAP
from framemill.store.database import open_database
from framemill.store.video_tables import Video
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
    office.change(
        job, state=JobState.FAILED, error={"code": "disk_full", "message": "no room in /srv/films/x"}
    )
    office.deliver()

    assert sorted(told(receiver)) == [("job.failed", job), ("job.started", job), ("job.submitted", job)]
    for one in receiver.told:
        Verifier(new.secret).verify(one.body, dict(one.headers))
        assert one.headers["content-type"] == "application/json"
    (failed,) = [
        one for one in map(json.loads, (t.body for t in receiver.told)) if one["type"] == "job.failed"
    ]
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


@both
def test_what_becomes_of_a_video_is_told_and_signed(office: Office, receiver: Receiver) -> None:
    new = office.hook(receiver, events=["video.ready", "video.failed", "video.deleted"])
    ready, failed = office.video(), office.video()
    office.change_video(ready, state=VideoState.READY, sha256="ab" * 32)
    error = {"code": "disk_full", "message": "no room in /srv/films/x", "hint": None, "tail": ["secret"]}
    office.change_video(failed, state=VideoState.FAILED, error=error)
    office.change_video(failed, state=VideoState.UPLOADING, error=None)  # it is brought once more
    office.change_video(ready, title="At night")
    office.change_video(ready, state=VideoState.DELETING)
    with office.database.write() as session:
        session.delete(session.get_one(Video, failed))
    office.deliver()

    bodies = {body["type"]: body for one in receiver.told for body in [json.loads(one.body)]}
    for one in receiver.told:
        Verifier(new.secret).verify(one.body, dict(one.headers))
    assert sorted(bodies) == ["video.deleted", "video.failed", "video.ready"]
    assert bodies["video.ready"]["timestamp"] == office.clock().isoformat().replace("+00:00", "Z")
    assert bodies["video.ready"]["data"] | {"event_id": 0} == {
        "event_id": 0,
        "video_id": ready,
        "workspace_id": office.workspace,
        "workspace": "here",
        "state": "ready",
        "collection_id": office.collection,
        "title": "At night",
        "filename": "film.mp4",
        "bytes": 5,
        "sha256": "ab" * 32,
        "uploader": "ann",
        "error": None,
    }
    gone = bodies["video.failed"]["data"]
    assert (gone["video_id"], gone["filename"]) == (failed, None)
    assert gone["error"] == {"code": "disk_full", "message": "no room in x", "hint": None}
    assert (bodies["video.deleted"]["data"]["video_id"], bodies["video.deleted"]["data"]["state"]) == (
        ready,
        "deleting",
    )


@both
def test_who_asks_for_jobs_hears_of_no_video(office: Office, receiver: Receiver) -> None:
    office.hook(receiver, events=["job.submitted", "job.failed"])
    video = office.video()
    office.change_video(video, state=VideoState.FAILED, error={"code": "disk_full", "message": "full"})
    job = office.job()
    office.deliver()

    assert told(receiver) == [("job.submitted", job)]


def test_a_changed_message_and_another_secret_are_noticed(office: Office, receiver: Receiver) -> None:
    new, other = (
        office.hook(receiver, events=["job.submitted"]),
        office.webhooks.create(office.workspace, receiver.url),
    )
    office.job()
    office.deliver()

    (one,) = receiver.told
    with pytest.raises(WebhookVerificationError):
        Verifier(new.secret).verify(one.body + b" ", dict(one.headers))
    with pytest.raises(WebhookVerificationError):
        Verifier(other.secret).verify(one.body, dict(one.headers))


@both
def test_only_the_own_workspace_and_only_what_was_asked_for_is_told(
    office: Office, receiver: Receiver
) -> None:
    office.job(state=JobState.COMPLETED)
    office.hook(receiver, events=["job.completed"])
    elsewhere = Office(office.database, office.clock, name="elsewhere")
    office.job(state=JobState.COMPLETED, workspace=elsewhere.workspace)
    mine = office.job(state=JobState.COMPLETED)
    office.deliver()

    assert told(receiver) == [("job.completed", mine)]


@both
def test_a_receiver_that_was_away_gets_the_same_message_later(office: Office, receiver: Receiver) -> None:
    new = office.hook(receiver, events=["job.submitted"])
    receiver.says = Says(status=503, body=b"not \x1b[31mnow")
    job = office.job()
    office.deliver()
    receiver.says = Says(status=200, body=b"thanks")
    office.later(seconds=4)
    office.deliver()
    assert len(receiver.told) == 1

    office.later(seconds=2)
    office.deliver()

    first, second = receiver.told
    assert told(receiver) == [("job.submitted", job)] * 2
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    Verifier(new.secret).verify(second.body, dict(second.headers))
    (one,) = office.log(new)
    assert (one.state, one.next_at) == (DeliveryState.DELIVERED, None)
    assert [(tried.outcome, tried.status, tried.excerpt) for tried in one.attempts] == [
        (Outcome.REFUSED, 503, "not  [31mnow"),
        (Outcome.DELIVERED, 200, "thanks"),
    ]
    assert office.webhooks.get(new.webhook.id).failing_since is None


@pytest.mark.databases("file")
def test_nothing_is_lost_when_the_sender_dies_while_it_waits_for_the_answer(
    database_url: str, receiver: Receiver
) -> None:
    clock = Clock()
    first = open_database(database_url, clock=clock)
    office = Office(first, clock, allow=[receiver.allow])
    new = office.hook(receiver, events=["job.submitted"])
    receiver.says = Says(hold=threading.Event())
    dying = office.courier()
    job = office.job()
    dying.round()
    while not receiver.told:
        dying.awake.wait(0.01)
    unnoticed = office.job()  # it happens while nobody looks
    receiver.says = Says()

    again = open_database(database_url, clock=clock)
    restarted = copy(office)
    restarted.database = again
    restarted.deliver()
    assert told(receiver) == [("job.submitted", job), ("job.submitted", unnoticed)]
    restarted.later(minutes=3)
    restarted.deliver()

    assert told(receiver)[2:] == [("job.submitted", job)]
    assert receiver.told[0].headers["webhook-id"] == receiver.told[2].headers["webhook-id"]
    assert [one.state for one in office.log(new)] == [DeliveryState.DELIVERED] * 2
    dying.close()
    first.close()
    again.close()


@both
def test_two_couriers_write_down_and_send_everything_once(office: Office, receiver: Receiver) -> None:
    office.hook(receiver, events=["job.submitted"])
    jobs = [office.job() for _ in range(12)]
    couriers = [office.courier() for _ in range(2)]

    def work(courier: int) -> None:
        for _ in range(8):
            office.deliver(couriers[courier])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for courier in couriers:
        courier.close()

    assert sorted(told(receiver)) == sorted(("job.submitted", job) for job in jobs)


def test_a_message_is_given_up_after_a_day_and_can_be_sent_again(office: Office, receiver: Receiver) -> None:
    new = office.hook(receiver, events=["job.submitted"])
    receiver.says = Says(status=500)
    office.job()
    for _ in range(40):
        office.deliver()
        office.later(hours=1)
    (one,) = office.log(new)
    assert one.state is DeliveryState.FAILED
    assert 8 < len(one.attempts) < 20
    assert one.attempts[-1].at - one.attempts[0].at <= timedelta(hours=24)

    receiver.says = Says()
    office.webhooks.redeliver(one.id)
    office.deliver()

    (one,) = office.log(new)
    assert one.state is DeliveryState.DELIVERED
    assert len({told.headers["webhook-id"] for told in receiver.told}) == 1


def test_a_webhook_that_fails_for_days_is_turned_off_and_hears_nothing_of_the_time_between(
    office: Office, receiver: Receiver
) -> None:
    new = office.hook(receiver, events=["job.submitted"])
    receiver.says = Says(status=500)
    for _ in range(4):
        office.job()
        office.deliver()
        office.later(days=1)
    assert office.webhooks.get(new.webhook.id).disabled_because
    assert {one.state for one in office.log(new)} == {DeliveryState.FAILED}

    receiver.says, receiver.told = Says(), []
    office.job()
    office.deliver()
    with pytest.raises(IllegalTransition):
        office.webhooks.redeliver(office.log(new)[0].id)
    office.webhooks.edit(new.webhook.id, {"enabled": True})
    later = office.job()
    office.deliver()

    assert told(receiver) == [("job.submitted", later)]


def test_a_receiver_that_says_it_is_gone_is_told_nothing_more(office: Office, receiver: Receiver) -> None:
    new = office.hook(receiver)
    receiver.says = Says(status=410)
    office.job()
    office.deliver()
    office.job()
    office.deliver()

    assert len(receiver.told) == 1
    assert not office.webhooks.get(new.webhook.id).enabled


def test_one_webhook_that_hangs_keeps_no_other_waiting(office: Office, receiver: Receiver) -> None:
    with Receiver() as slow:
        office.allow = [receiver.allow, slow.allow]
        slow.says = Says(hold=threading.Event())
        office.hook(slow, events=["job.submitted"])
        office.hook(receiver, events=["job.submitted"])
        courier = office.courier()
        for _ in range(6):
            office.job()
        while len(receiver.told) < 6:
            courier.round()
            courier.awake.wait(0.02)

        assert len(slow.told) <= 4
        courier.close()


def test_a_rotated_secret_signs_beside_the_old_one_for_a_day(office: Office, receiver: Receiver) -> None:
    old = office.hook(receiver, events=["job.submitted"])
    new = office.webhooks.rotate(old.webhook.id)
    office.job()
    office.deliver()
    office.later(seconds=OVERLAP.total_seconds() + 1)
    office.job()
    office.deliver()

    both_sign, one_signs = receiver.told
    for secret in (old.secret, new.secret):
        Verifier(secret).verify(both_sign.body, dict(both_sign.headers))
    assert len(one_signs.headers["webhook-signature"].split()) == 1


def test_redirects_are_not_followed(office: Office, receiver: Receiver) -> None:
    with Receiver() as canary:
        office.allow = [receiver.allow, canary.allow]
        receiver.says = Says(status=307, headers={"Location": canary.url})
        new = office.hook(receiver, events=["job.submitted"])
        office.job()
        office.deliver()

        assert canary.told == []
    (one,) = office.log(new)
    assert [(tried.outcome, tried.status) for tried in one.attempts] == [(Outcome.REFUSED, 307)]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:10.0.0.1]/",
        "https://user:word@hooks.example.com/",
        "https://hooks.example.com:8443/",
        "ftp://hooks.example.com/",
    ],
)
def test_what_may_not_be_reached_is_no_webhook(office: Office, receiver: Receiver, url: str) -> None:
    with pytest.raises(AddressRefused):
        office.webhooks.create(office.workspace, url)


def test_a_name_that_leads_inside_is_not_connected_to(office: Office, receiver: Receiver) -> None:
    url = receiver.url.replace("127.0.0.1", "localhost")
    office.allow = [receiver.allow.replace("127.0.0.1", "localhost")]
    new = office.webhooks.create(office.workspace, url, events=["job.submitted"])
    office.allow = ["other.example:" + receiver.allow.partition(":")[2]]
    office.job()
    office.deliver()

    assert receiver.told == []
    (one,) = office.log(new)
    assert [(tried.outcome, tried.status) for tried in one.attempts] == [(Outcome.FORBIDDEN, None)]
    assert "FRAMEMILL_WEBHOOK_ALLOW" in (one.attempts[0].error or "")


def test_a_receiver_that_never_answers_is_left_after_the_time_that_is_set(
    office: Office, receiver: Receiver
) -> None:
    office.timeout_s = 0.3
    receiver.says = Says(hold=threading.Event())
    new = office.hook(receiver, events=["job.submitted"])
    office.job()
    office.deliver()

    (one,) = office.log(new)
    assert [(tried.outcome, tried.status) for tried in one.attempts] == [(Outcome.UNREACHABLE, None)]


def test_an_endless_answer_is_read_to_its_beginning_only(office: Office, receiver: Receiver) -> None:
    receiver.says = Says(status=200, body=b"x" * 10_000_000)
    new = office.hook(receiver, events=["job.submitted"])
    office.job()
    office.deliver()

    (one,) = office.log(new)
    assert (one.state, one.attempts[0].excerpt) == (DeliveryState.DELIVERED, "x" * 500)


def test_a_test_is_sent_once_and_at_once_even_where_it_fails(office: Office, receiver: Receiver) -> None:
    new = office.hook(receiver)
    receiver.says = Says(status=500)

    tried = office.webhooks.test(new.webhook.id)
    office.later(days=1)
    office.deliver()

    assert (tried.state, tried.next_at) == (DeliveryState.FAILED, None)
    assert [json.loads(one.body)["type"] for one in receiver.told] == ["webhook.test"]


def test_the_database_holds_no_secret_in_the_clear(office: Office, receiver: Receiver) -> None:
    new = office.hook(receiver)
    with office.database.read() as session:
        kept = session.get_one(Webhook, new.webhook.id)

    assert new.secret not in kept.secret
    assert new.secret.removeprefix("whsec_") not in kept.secret


@both
def test_old_messages_are_forgotten_and_waiting_ones_are_not(office: Office, receiver: Receiver) -> None:
    new = office.hook(receiver, events=["job.submitted"])
    office.job()
    office.deliver()
    receiver.says = Says(status=500)
    office.later(days=15)
    office.job()
    office.deliver()

    assert office.webhooks.forget() == 1
    assert [one.state for one in office.log(new)] == [DeliveryState.PENDING]
