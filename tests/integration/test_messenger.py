"""The thread that tells others: it begins with the process and ends with it, whatever is on its way."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from framemill.app import open_app
from framemill.domain.webhooks import DeliveryState
from framemill.settings import Settings
from framemill.store.jobs import new_id
from framemill.worker.messenger import messenger
from tests.servers.receiver import Receiver, Says
from tests.telling import told
from tests.unit.store.rows import add_job


def _wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_happens_is_told_while_it_runs_and_what_was_cut_off_by_the_next(tmp_path: Path) -> None:
    with Receiver() as receiver:
        settings = Settings(data_dir=tmp_path, webhook_allow=receiver.allow)
        app = open_app(settings)
        place = app.workspaces.get("default").id
        new = app.webhooks.create(place, receiver.url, events=["job.submitted"])
        receiver.says = Says(hold=threading.Event())
        with messenger(app):
            job = add_job(app.database, id=new_id(), workspace_id=place)
            _wait_for(lambda: len(receiver.told) == 1)
        receiver.says = Says()
        assert [one.state for one in app.webhooks.deliveries(new.webhook.id)] == ["pending"]
        app.close()

        again = open_app(settings)
        with messenger(again):
            _wait_for(lambda: again.webhooks.count(new.webhook.id, state=DeliveryState.DELIVERED) == 1)
        again.close()

    assert told(receiver) == [("job.submitted", job)] * 2
