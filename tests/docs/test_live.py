"""The page on live events names all that can be heard, and every reason for being sent away."""

from typing import get_args

import pytest
from pydantic import BaseModel

from framemill.api import live_views
from framemill.api.doorkeeper import Close
from framemill.domain.happenings import Happening
from tests.docs.pages import DOCS

_PAGE = (DOCS / "live.md").read_text()


@pytest.mark.parametrize("code", Close)
def test_every_code_is_explained(code: Close) -> None:
    assert any(str(int(code)) in line.split("|")[1] for line in _PAGE.splitlines() if line.startswith("| "))


@pytest.mark.parametrize("change", Happening)
def test_every_change_is_named(change: Happening) -> None:
    assert f"`{change}`" in _PAGE


def test_every_type_of_message_is_named() -> None:
    models: list[type[BaseModel]] = [
        *(
            live_views.Subscribe,
            live_views.Unsubscribe,
            live_views.Ping,
            live_views.Welcome,
            live_views.Subscribed,
        ),
        *(live_views.StateView, live_views.LogLine, live_views.Gap, live_views.Pong, live_views.Mistake),
    ]
    types = [name for model in models for name in get_args(model.model_fields["type"].annotation)]

    assert [name for name in types if f"`{name}`" not in _PAGE and f'"{name}"' not in _PAGE] == []
