"""How long a page's thread computes at a stretch, by the browser's own trace."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from playwright.sync_api import Browser, Page

_CATEGORIES = ["toplevel", "blink.user_timing"]


def busiest(browser: Browser, page: Page, steps: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Takes the steps; of each, the longest task of the page's thread, in ms of processor time.

    Not of time that passed: a machine that is busy with other tests takes longer for the same work.
    """
    browser.start_tracing(page=page, categories=_CATEGORIES)
    for name, step in steps.items():
        page.evaluate("name => performance.mark(name)", name)
        step()
    page.evaluate("performance.mark('end')")
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]  # Any: of many kinds
    marks = {event["name"]: event for event in events if event["cat"] == "blink.user_timing"}
    tasks = [
        event
        for event in events
        if event["name"] == "ThreadControllerImpl::RunTask"
        and "tdur" in event  # the last one has no end
        and all(event[one] == marks["end"][one] for one in ("pid", "tid"))
    ]
    bounds = [marks[name]["ts"] for name in (*steps, "end")]
    return {
        name: max((task["tdur"] / 1000 for task in tasks if since <= task["ts"] < until), default=0)
        for name, since, until in zip(steps, bounds, bounds[1:], strict=False)
    }
