import json

import httpx2
import pytest

from framemill.client.following import events, follow
from framemill.domain.states import JobState, TaskState
from framemill.engine.events import Event, JobChanged, Progress, TaskChanged
from framemill.errors import JobNotFound, ServerUnavailable
from tests.unit.client.conftest import Answer, Door

JOB = "01990000-0000-7000-8000-000000000000"


def _told(name: str, number: int | None = None, **data: object) -> str:
    head = "" if number is None else f"id: {number}\n"
    return f"event: {name}\n{head}data: {json.dumps(data)}\n\n"


def _progress(percent: float, step: str) -> str:
    return _told("progress", state="running", percent=percent, step=step, speed=2.0, fps=60, eta_ms=1000)


def _answers(*streams: str | Exception | httpx2.Response) -> tuple[Answer, list[str | None]]:
    left, cursors = iter(streams), list[str | None]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        cursors.append(request.headers.get("last-event-id"))
        given = next(left)
        if isinstance(given, Exception):
            raise given
        return given if isinstance(given, httpx2.Response) else httpx2.Response(200, text=given)

    return answer, cursors


def test_a_job_is_told_as_one_that_runs_here(door: Door) -> None:
    answer, _ = _answers(
        _told("job", 1, state="running")
        + ": still here\n\n"
        + _progress(10, "one")
        + _progress(60, "two")
        + _told("state", 2, state="completed")
    )
    heard: list[Event] = []

    follow(door(answer), JOB, heard.append)

    one, two = (
        Progress(job_id=JOB, task=t, title=t, percent=p, job_percent=p, speed=2.0, fps=60.0, eta_ms=1000)
        for t, p in (("one", 10.0), ("two", 60.0))
    )
    assert heard == [
        JobChanged(job_id=JOB, state=JobState.RUNNING),
        TaskChanged(job_id=JOB, task="one", title="one", state=TaskState.LEASED),
        one,
        TaskChanged(job_id=JOB, task="one", title="one", state=TaskState.DONE),
        TaskChanged(job_id=JOB, task="two", title="two", state=TaskState.LEASED),
        two,
        JobChanged(job_id=JOB, state=JobState.COMPLETED),
    ]


def test_after_a_break_it_goes_on_from_the_last_event(door: Door) -> None:
    answer, cursors = _answers(
        _told("job", 4, state="queued") + _told("state", 5, state="running"),
        httpx2.ConnectError("refused"),
        httpx2.Response(502, text="bad gateway"),
        _told("closed", code=1012, reason="goes down"),
        _told("state", 6, state="failed"),
    )
    lost: list[ServerUnavailable] = []
    heard: list[Event] = []

    follow(door(answer), JOB, heard.append, lost=lost.append)

    assert cursors == [None, "5", "5", "5", "5"]
    assert len(lost) == 4
    assert heard[-1] == JobChanged(job_id=JOB, state=JobState.FAILED)


def test_a_job_that_has_ended_meanwhile_has_nothing_more_to_tell(door: Door) -> None:
    answer, _ = _answers(_told("job", 4, state="running"), httpx2.Response(204))

    follow(door(answer), JOB, lambda _: None)


def test_a_server_that_stays_away_is_given_up_in_the_end(door: Door) -> None:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    with pytest.raises(ServerUnavailable):
        follow(door(answer), JOB, lambda _: None)

    assert 600 < door.waits.now() < 700


def test_a_job_that_is_gone_is_told(door: Door) -> None:
    answer, _ = _answers(httpx2.Response(404, json={"code": "job_not_found", "detail": "no"}))

    with pytest.raises(JobNotFound):
        follow(door(answer), JOB, lambda _: None)


@pytest.mark.parametrize("text", [_told("state", 1, state="dreaming"), "event: progress\ndata: {\n\n"])
def test_events_that_make_no_sense_are_no_news(door: Door, text: str) -> None:
    answer, _ = _answers(text, _told("state", 2, state="cancelled"))

    follow(door(answer), JOB, lambda _: None)


def test_nothing_that_a_terminal_would_obey_is_told(door: Door) -> None:
    answer, _ = _answers(_progress(1, "a\x1b[31mb") + _told("state", 2, state="completed"))
    heard: list[Event] = []

    follow(door(answer), JOB, heard.append)

    assert {event.title for event in heard if isinstance(event, Progress)} == {"a[31mb"}


def test_events_are_read_as_their_standard_says() -> None:
    text = ":hello\n\nevent: a\nid:1\ndata: x\ndata:y\n\ndata: z\n\nevent: nothing\n\n"

    assert list(events(text.splitlines())) == [("a", "1", "x\ny"), ("message", None, "z")]
