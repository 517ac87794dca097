"""What docs/webhooks.md says is so: its example knows our messages, and it names what there is."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from framemill.domain.webhooks import EVENTS, next_try
from framemill.services.webhook_secrets import new_secret, signed
from tests.docs.pages import DOCS

_PAGE = (DOCS / "webhooks.md").read_text()


@pytest.fixture(name="verified", scope="module")
def _verified() -> Callable[[str, dict[str, str], bytes], bool]:
    (example,) = re.findall(r"```python\n(.*?)```", _PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - our own page
    found: Callable[[str, dict[str, str], bytes], bool] = names["verified"]
    return found


def test_the_example_knows_our_messages_and_no_others(
    verified: Callable[[str, dict[str, str], bytes], bool],
) -> None:
    old, new, body = new_secret(), new_secret(), '{"type":"job.completed"}'
    now = datetime.now(UTC)
    headers = signed([new, old], message_id="msg_1", body=body, now=now)

    assert verified(new, headers, body.encode())
    assert verified(old, headers, body.encode())
    assert not verified(new_secret(), headers, body.encode())
    assert not verified(new, headers, body.encode() + b" ")
    assert not verified(new, {**headers, "webhook-id": "msg_2"}, body.encode())
    late = signed([new], message_id="msg_1", body=body, now=now - timedelta(minutes=6))
    assert not verified(new, late, body.encode())


def test_the_page_names_every_event() -> None:
    assert set(re.findall(r"`((?:job|video)\.\w+)`", _PAGE)) == set(EVENTS)


def test_the_page_says_when_messages_are_sent_again() -> None:
    waits = [next_try(n, age=timedelta(), spread=lambda: 0.0) for n in range(1, 8)]

    assert [wait and round(wait.total_seconds()) for wait in waits] == [5, 20, 80, 320, 1280, 5120, 14400]
    assert "5 s, 20 s, 80 s, 5 min, 21 min, 85 min and then every 4 hours" in " ".join(_PAGE.split())
