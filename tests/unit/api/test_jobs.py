"""Jobs over the API: asking, listing, steering, following; and what of this machine is not told."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from framemill.app import App
from framemill.domain.states import JobState
from framemill.services import video_plans
from framemill.store.jobs import add_log
from framemill.store.video_tables import Video
from tests.conftest import Clip
from tests.unit.api.conftest import Place, a_job, bearer

JOBS, PLANS = "/api/v1/jobs", "/api/v1/plans"


def _trim(place: Place, **more: object) -> dict[str, Any]:
    return {"video": place.video, "operation": {"op": "trim", "start": 1, "end": 2}, **more}


def test_a_job_on_a_video_is_accepted(client: TestClient, here: Place) -> None:
    response = client.post(JOBS, json=_trim(here), headers=bearer(here.write))

    job = response.json()
    assert response.status_code == 202
    assert response.headers["location"] == f"{JOBS}/{job['id']}"
    assert (job["kind"], job["state"], job["owner"]) == ("trim", "queued", "key:here-write")
    assert (job["workspace_id"], job["video_id"]) == (here.workspace, here.video)
    assert client.get(response.headers["location"], headers=bearer(here.read)).json()["id"] == job["id"]


def test_a_pipeline_takes_settings(client: TestClient, here: Place) -> None:
    wish = {"video": here.video, "pipeline": "publish", "settings": {"ladder.crf": 30}}

    job = client.post(JOBS, json=wish, headers=bearer(here.write)).json()
    detail = client.get(f"{JOBS}/{job['id']}", headers=bearer(here.write)).json()

    assert job["kind"] == "publish"
    assert [spec["crf"] for spec in detail["specs"] if spec["op"] == "ladder"] == [30]


def test_the_same_key_gives_the_same_job(client: TestClient, here: Place) -> None:
    headers = bearer(here.write) | {"Idempotency-Key": "one"}

    first = client.post(JOBS, json=_trim(here), headers=headers).json()
    again = client.post(JOBS, json=_trim(here), headers=headers).json()
    other = client.post(
        JOBS,
        json={"video": here.video, "operation": {"op": "trim", "start": 1, "end": 3}},
        headers=headers,
    )

    assert again["id"] == first["id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"operation": {"op": "trim", "start": "soon"}}, None),
        ({"operation": {"op": "burn"}}, None),
        ({"operation": {"op": "trim", "start": 1, "end": 2}, "pipeline": "publish"}, "body"),
        ({}, "body"),
        ({"operations": []}, "body.operations"),
        ({"operation": {"op": "trim", "start": 1, "end": 2}, "path": "/etc/passwd"}, "body.path"),
    ],
)
def test_what_cannot_be_understood_is_said(
    client: TestClient, here: Place, wish: dict[str, Any], field: str | None
) -> None:
    response = client.post(JOBS, json={"video": here.video, **wish}, headers=bearer(here.write))

    assert (response.status_code, response.json()["code"]) == (422, "invalid_spec")
    assert [fault["field"] for fault in response.json()["errors"]] == ([field] if field else [])


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.yaml", "mine.yaml", "~/mine.yaml"])
def test_a_pipeline_is_never_a_file_of_the_server(
    client: TestClient, here: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("steps: [{op: trim, start: 1, end: 2}]")

    job = client.post(JOBS, json={"video": here.video, "pipeline": name}, headers=bearer(here.write))
    shown = client.get(f"/api/v1/pipelines/{name}", headers=bearer(here.write))

    assert (job.status_code, job.json()["code"]) == (422, "invalid_spec")
    assert shown.status_code in {404, 422}


@pytest.mark.parametrize(
    "spec",
    [
        {"op": "concat", "sources": ["input", "/etc/passwd"]},
        {"op": "replace_audio", "audio": "/etc/passwd"},
        {"op": "subtitles", "action": "add", "files": ["/etc/passwd"]},
        {"op": "trim", "source": "/etc/passwd", "start": 1, "end": 2},
    ],
)
def test_a_spec_never_names_a_file_of_the_server(
    app: App, client: TestClient, here: Place, film: Path, spec: dict[str, Any]
) -> None:
    _keep(app, here, film)

    response = client.post(PLANS, json={"video": here.video, "operation": spec}, headers=bearer(here.write))

    assert response.status_code == 422, response.text
    assert response.json()["code"] == "invalid_spec"


def test_inputs_are_videos_that_the_caller_sees(
    client: TestClient, here: Place, elsewhere: Place, admin: str
) -> None:
    join = {
        "video": here.video,
        "operation": {"op": "concat", "sources": ["input", "second"]},
        "inputs": {"second": elsewhere.video},
    }

    assert client.post(JOBS, json=join, headers=bearer(here.write)).status_code == 404
    # The admin sees both, but a workspace's results hold nothing of another.
    assert client.post(JOBS, json=join, headers=bearer(admin)).status_code == 404


def test_the_input_of_a_job_is_its_own_video_and_nothing_is_learned_of_others(
    client: TestClient, here: Place, elsewhere: Place
) -> None:
    other = {**_trim(elsewhere), "inputs": {"input": here.video}}

    answers = [
        client.post(JOBS, json=wish, headers=bearer(here.write))
        for wish in (other, {**other, "video": "01990000-0000-7000-8000-000000000000"})
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


def test_hurrying_is_for_admins(client: TestClient, here: Place, admin: str) -> None:
    wish = _trim(here, priority=9)

    assert client.post(JOBS, json=wish, headers=bearer(here.write)).status_code == 403
    assert client.post(JOBS, json=wish, headers=bearer(admin)).json()["priority"] == 9


def test_a_plan_shows_the_commands_and_does_nothing(
    app: App, client: TestClient, here: Place, film: Path
) -> None:
    _keep(app, here, film)

    answer = client.post(PLANS, json=_trim(here), headers=bearer(here.write))

    assert answer.status_code == 200, answer.text
    plan = answer.json()
    assert plan["estimate"]["output_bytes"] > 0
    assert plan["plan"]["steps"][0]["commands"][0]["tool"] == "ffmpeg"
    assert str(app.settings.data_dir) not in answer.text
    assert len(app.jobs.list()) == 1  # the one that was there
    assert list((app.settings.data_dir / "work").iterdir()) == []


def test_a_plan_that_takes_too_long_is_given_up(
    app: App, client: TestClient, here: Place, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = clip(
        "large.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=8"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
    )
    _keep(app, here, large)
    monkeypatch.setattr(video_plans, "_LONGEST_S", -1.0)

    # It encodes samples to know, which takes its time.
    wish = {"video": here.video, "operation": {"op": "compress", "target_vmaf": 90}}
    answer = client.post(PLANS, json=wish, headers=bearer(here.write))

    assert (answer.status_code, answer.json()["code"]) == (504, "timeout")


def test_pages_hold_every_job_once(app: App, client: TestClient, here: Place) -> None:
    made = {a_job(app, workspace=here.workspace) for _ in range(7)} | {here.job}
    found: list[str] = []
    cursor = None
    while True:
        query = {"limit": "3", "total": "true"} | ({"cursor": cursor} if cursor else {})
        page = client.get(JOBS, params=query, headers=bearer(here.read)).json()
        found += [job["id"] for job in page["items"]]
        cursor = page["next_cursor"]
        assert page["total"] == 8
        if cursor is None:
            break

    assert sorted(found) == sorted(made)
    assert found == sorted(found, reverse=True)


def test_filters_are_for_what_they_say(app: App, client: TestClient, here: Place, admin: str) -> None:
    done = a_job(app, workspace=here.workspace, state=JobState.COMPLETED, kind="publish")
    plain = a_job(app)

    def ids(**query: str) -> set[str]:
        page = client.get(JOBS, params=query | {"total": "true"}, headers=bearer(admin)).json()
        assert page["total"] == len(page["items"])
        return {job["id"] for job in page["items"]}

    assert ids(state="completed") == {done}
    assert ids(kind="publish") == {done}
    assert ids(video=here.video) == {here.job}
    assert ids(workspace=here.workspace) == {here.job, done}
    assert ids(workspace=here.workspace, kind="trim") == {here.job}
    assert plain in ids()
    sought = client.get(JOBS, params={"text": "PUBL"}, headers=bearer(admin)).json()["items"]
    assert [job["id"] for job in sought] == [done]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "' OR 1=1 --", "é", "A" * 22 + "=", "A" * 64])
def test_a_cursor_that_is_none_is_refused(client: TestClient, admin: str, cursor: str) -> None:
    response = client.get(JOBS, params={"cursor": cursor}, headers=bearer(admin))

    assert (response.status_code, response.json()["code"]) == (422, "invalid_spec")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many"])
def test_a_page_has_a_largest_size(client: TestClient, admin: str, limit: str) -> None:
    assert client.get(JOBS, params={"limit": limit}, headers=bearer(admin)).status_code == 422


def test_steering_changes_the_job(client: TestClient, here: Place, admin: str) -> None:
    def does(what: str, **body: int) -> str:
        method = "PUT" if what == "priority" else "POST"
        answer = client.request(
            method, f"{JOBS}/{here.job}/{what}", json=body or None, headers=bearer(admin)
        ).json()
        return str(answer.get("state") or answer["code"])

    assert does("pause") == "paused"
    assert does("resume") == "queued"
    assert does("priority", priority=9) == "queued"
    assert does("cancel") == "cancelled"
    assert does("cancel") == "cancelled"
    assert does("priority", priority=1) == "illegal_transition"


def test_what_lies_where_is_not_told(app: App, client: TestClient, here: Place) -> None:
    error = {
        "code": "tool_failed",
        "message": "ffmpeg ended with code 1: /srv/films/film.mp4: no such file",
        "hint": "look into '/srv/my films/of x.mp4'",
        "command": "ffmpeg -i /srv/films/film.mp4",
        "tail": ["/srv/films"],
    }
    plan = {"warnings": ["file:/srv/films/film.mp4 is long"], "notes": [], "dropped": []}
    job = a_job(app, workspace=here.workspace, state=JobState.FAILED, error=error, plan=plan)
    with app.database.write() as session:
        add_log(session, job_id=job, at=app.database.now(session), message="cannot read /srv/films/film.mp4")

    shown = client.get(f"{JOBS}/{job}", headers=bearer(here.read))
    logs = client.get(f"{JOBS}/{job}/logs", headers=bearer(here.read))

    assert "/srv" not in shown.text
    assert "/srv" not in logs.text
    assert shown.json()["error"]["message"] == "ffmpeg ended with code 1: film.mp4: no such file"
    assert shown.json()["inputs"] == {"input": "film.mp4"}


def test_events_of_nothing_are_a_problem(client: TestClient, here: Place, api: FastAPI) -> None:
    response = client.get(f"{JOBS}/01990000-0000-7000-8000-000000000000/events", headers=bearer(here.read))

    assert (response.status_code, response.json()["code"]) == (404, "job_not_found")


def _keep(app: App, place: Place, film: Path) -> None:
    """Let the place's video be this film."""
    with app.database.write() as session:
        video = session.get_one(Video, place.video)
        assert video.key is not None
        app.blobs.put(video.key, film)
        video.bytes = film.stat().st_size
