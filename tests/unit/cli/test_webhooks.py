"""`framemill webhooks` and `framemill alerts`, with a receiver on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from framemill.cli import alerts, webhooks
from framemill.cli.exit_codes import FAILED, OK
from framemill.errors import InvalidSettings, WebhookNotFound
from tests.servers.receiver import Receiver, Says


@pytest.fixture(name="receiver")
def _receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("FRAMEMILL_DATA_DIR", str(tmp_path))
    with Receiver() as receiver:
        monkeypatch.setenv("FRAMEMILL_WEBHOOK_ALLOW", receiver.allow)
        yield receiver


def test_a_webhook_is_made_tested_looked_at_and_removed(
    receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    webhooks.add("default", receiver.url, events=["job.failed"], as_json=True)
    made = json.loads(capsys.readouterr().out)
    assert (made["events"], made["secret"][:6]) == (["job.failed"], "whsec_")

    receiver.says = Says(status=500, body=b"no \x1b[2J")
    assert webhooks.send_test(made["id"]) == FAILED
    receiver.says = Says(status=200)
    assert webhooks.send_test(made["id"]) == OK
    assert len(receiver.told) == 2
    capsys.readouterr()

    webhooks.deliveries(made["id"], state="failed", as_json=True)
    (failed,) = json.loads(capsys.readouterr().out)
    assert failed["attempts"][0]["status"] == 500
    webhooks.deliveries(made["id"])
    shown = capsys.readouterr().out
    assert "HTTP 500 no" in shown
    assert "\x1b" not in shown
    webhooks.redeliver([failed["id"]])
    webhooks.rotate(made["id"], as_json=True)
    said, rotated = capsys.readouterr().out.split("\n", 1)
    assert said == f"{failed['id']} is sent again"
    assert json.loads(rotated)["secret"] != made["secret"]

    webhooks.disable(made["id"])
    webhooks.list_webhooks("default")
    assert "off: it was turned off" in capsys.readouterr().out
    webhooks.enable(made["id"])
    webhooks.remove(made["id"])
    webhooks.list_webhooks(as_json=True)
    assert json.loads(capsys.readouterr().out.split("\n", 2)[2]) == []
    with pytest.raises(WebhookNotFound):
        webhooks.remove(made["id"])


def test_alerts_are_tried_and_listed(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidSettings):
        alerts.send_test()
    alerts.list_alerts()
    assert "FRAMEMILL_ALERT_URLS" in capsys.readouterr().err

    monkeypatch.setenv("FRAMEMILL_ALERT_URLS", receiver.url.replace("http", "json", 1))
    alerts.send_test()
    alerts.list_alerts(as_json=True)

    assert len(receiver.told) == 1
    assert capsys.readouterr().out == "sent\n[]\n"
