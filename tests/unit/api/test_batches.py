"""Many jobs at once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from starlette.testclient import TestClient

from framemill.app import App
from framemill.domain.states import JobState
from framemill.store.jobs import new_id
from framemill.store.repeat_tables import KeyedRequest
from framemill.store.tables import Batch, Job
from framemill.store.video_tables import Video
from tests.unit.api.conftest import Place, a_job, bearer

BATCH = "/api/v1/jobs/batch"
BATCHES = "/api/v1/batches"
TRIM: dict[str, Any] = {"operation": {"op": "trim", "start": 1, "end": 2}}
NOBODYS = "01990000-0000-7000-8000-000000000000"


def _video(app: App, place: Place, **changes: object) -> str:
    """Another video of the place."""
    with app.database.write() as session:
        old = session.get_one(Video, place.video)
        values = {c.key: getattr(old, c.key) for c in Video.__mapper__.column_attrs} | changes
        new = Video(**{**values, "id": NOBODYS.replace("0199", "0198")})
        session.add(new)
        return new.id


def _jobs(app: App) -> int:
    with app.database.read() as session:
        return session.scalar(select(func.count()).select_from(Job)) or 0


def test_one_work_is_done_on_many_videos(app: App, client: TestClient, here: Place) -> None:
    second = _video(app, here)

    answer = client.post(
        BATCH, json={"title": "Monday", "videos": [here.video, second], **TRIM}, headers=bearer(here.write)
    )
    batch = answer.json()
    shown = client.get(answer.headers["location"], headers=bearer(here.read)).json()
    listed = client.get("/api/v1/jobs", params={"batch": batch["id"]}, headers=bearer(here.read)).json()

    assert answer.status_code == 202
    assert [item["video_id"] for item in batch["items"]] == [here.video, second]
    assert {job["id"] for job in listed["items"]} == {item["job_id"] for item in batch["items"]}
    assert (shown["title"], shown["total"], shown["counts"]) == ("Monday", 2, {"queued": 2})
    assert shown == {name: value for name, value in batch.items() if name != "items"}


def test_jobs_of_many_kinds_are_one_batch(client: TestClient, here: Place) -> None:
    wish = {
        "jobs": [{"video": here.video, **TRIM}, {"video": here.video, "pipeline": "proxy", "priority": 2}]
    }

    batch = client.post(BATCH, json=wish, headers=bearer(here.write)).json()
    jobs = [
        client.get(f"/api/v1/jobs/{item['job_id']}", headers=bearer(here.write)).json()
        for item in batch["items"]
    ]

    assert [(job["kind"], job["priority"]) for job in jobs] == [("trim", 5), ("proxy", 2)]


def test_what_cannot_be_accepted_is_told_in_its_place(
    client: TestClient, here: Place, elsewhere: Place
) -> None:
    videos = [NOBODYS, here.video, elsewhere.video, "no id"]

    answer = client.post(BATCH, json={"videos": videos, **TRIM}, headers=bearer(here.write))

    items = answer.json()["items"]
    assert answer.status_code == 202
    assert [item["job_id"] is None for item in items] == [True, False, True, True]
    assert [item["error"] and item["error"]["code"] for item in items] == [
        "video_not_found",
        None,
        "video_not_found",
        "video_not_found",
    ]
    # What is elsewhere is told as what is nowhere.
    told = [items[n]["error"]["message"].replace(videos[n], "") for n in (0, 2)]
    assert told[0] == told[1]


def test_where_nothing_can_be_accepted_there_is_no_batch(app: App, client: TestClient, here: Place) -> None:
    answer = client.post(BATCH, json={"videos": [NOBODYS], **TRIM}, headers=bearer(here.write))

    assert (answer.status_code, answer.json()["code"]) == (404, "video_not_found")
    with app.database.read() as session:
        assert session.scalars(select(Batch.id)).all() == [here.batch]


@pytest.mark.parametrize(
    "wish",
    [
        {"videos": [NOBODYS]},
        {"videos": [], **TRIM},
        {"videos": [NOBODYS], "jobs": [{"video": NOBODYS, **TRIM}], **TRIM},
        {"jobs": [{"video": NOBODYS}]},
        {"jobs": [{"video": NOBODYS, **TRIM}], "priority": 3},
        {"jobs": [{"video": NOBODYS, "operation": {"op": "burn"}}]},
        {"videos": [NOBODYS] * 501, **TRIM},
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(
    app: App, client: TestClient, here: Place, wish: dict[str, Any]
) -> None:
    before = _jobs(app)

    answer = client.post(BATCH, json=wish, headers=bearer(here.write))

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_spec")
    assert _jobs(app) == before


def test_urgent_jobs_need_the_right_to_push_others_back(client: TestClient, here: Place) -> None:
    wish = {"jobs": [{"video": here.video, **TRIM, "priority": 9}]}

    assert client.post(BATCH, json=wish, headers=bearer(here.write)).status_code == 403


def test_a_batch_is_found_again_when_its_answer_was_lost(app: App, client: TestClient, here: Place) -> None:
    headers = bearer(here.write) | {"Idempotency-Key": "monday"}
    first = client.post(BATCH, json={"videos": [here.video], **TRIM}, headers=headers).json()
    with app.database.write() as session:
        session.execute(delete(KeyedRequest))
    app.videos.delete(here.video)

    again = client.post(BATCH, json={"videos": [here.video], **TRIM}, headers=headers).json()

    assert (again["id"], again["items"]) == (first["id"], first["items"])


def test_a_batch_is_ended_as_one(app: App, client: TestClient, here: Place) -> None:
    path = f"/api/v1/batches/{here.batch}/cancel"

    answers = [client.post(path, headers=bearer(here.write)) for _ in range(2)]

    assert [(one.status_code, one.json()["counts"]) for one in answers] == [(200, {"cancelled": 1})] * 2


def test_a_batch_with_something_elsewhere_is_not_shown(
    app: App, client: TestClient, here: Place, elsewhere: Place, admin: str
) -> None:
    path = f"/api/v1/batches/{here.batch}"
    a_job(app, workspace=elsewhere.workspace, batch_id=here.batch)

    assert client.get(path, headers=bearer(here.read)).status_code == 404
    assert client.get(path, headers=bearer(admin)).json()["total"] == 2
    assert client.get("/api/v1/batches/none", headers=bearer(admin)).status_code == 404


def _batches(app: App, *places: Place | None, state: JobState = JobState.QUEUED) -> list[str]:
    """A batch for each place, a second after the one before, with a job in it."""
    made = []
    for number, place in enumerate(places, start=1):
        with app.database.write() as session:
            at = app.database.now(session) + timedelta(seconds=number)
            # As batches of a folder have them: in no order of time.
            batch = Batch(id=new_id().replace("0", "f", 1), title=f"{number}", owner="ann", created_at=at)
            session.add(batch)
            made.append(batch.id)
        a_job(app, workspace=None if place is None else place.workspace, batch_id=made[-1], state=state)
    return made


def test_batches_are_listed_page_by_page(app: App, client: TestClient, here: Place) -> None:
    made = [here.batch, *_batches(app, *[here] * 4)]

    def listed(**sought: str) -> list[str]:
        found, cursor = [], None
        while True:
            asked = {**sought, "limit": "2", **({"cursor": cursor} if cursor else {})}
            page = client.get(BATCHES, params=asked, headers=bearer(here.read)).json()
            assert len(page["items"]) <= 2
            found += [one["id"] for one in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    assert listed() == made[::-1]
    assert listed(sort="oldest") == made
    assert listed(owner="ann") == made[:0:-1]
    first = client.get(BATCHES, params={"limit": 1, "total": True}, headers=bearer(here.read)).json()
    assert (first["total"], first["items"][0]["counts"]) == (5, {"queued": 1})
    assert first["items"][0] == client.get(f"{BATCHES}/{made[-1]}", headers=bearer(here.read)).json()


def test_batches_are_found_by_the_state_and_the_workspace_of_their_jobs(
    app: App, client: TestClient, here: Place, elsewhere: Place, admin: str
) -> None:
    (failed,) = _batches(app, here, state=JobState.FAILED)
    (plain,) = _batches(app, None)

    def listed(key: str, **sought: str | list[str]) -> set[str]:
        answer = client.get(BATCHES, params={**sought, "total": True}, headers=bearer(key)).json()
        found = {one["id"] for one in answer["items"]}
        assert answer["total"] == len(found)
        return found

    assert listed(admin) == {here.batch, elsewhere.batch, failed, plain}
    assert listed(admin, state="failed") == {failed}
    assert listed(admin, state=["failed", "queued"], workspace=here.workspace) == {here.batch, failed}
    assert listed(here.read) == {here.batch, failed}
    assert listed(here.read, workspace=elsewhere.workspace) == set()
    a_job(app, workspace=elsewhere.workspace, batch_id=failed)
    assert listed(here.read) == {here.batch}


def test_a_batch_whose_jobs_are_forgotten_is_not_listed(app: App, client: TestClient, here: Place) -> None:
    with app.database.write() as session:
        session.execute(delete(Job).where(Job.batch_id == here.batch))

    assert client.get(BATCHES, headers=bearer(here.read)).json()["items"] == []


@pytest.mark.parametrize("cursor", ["none", "A" * 22, "_" * 32])
def test_a_cursor_that_is_none_is_refused(client: TestClient, here: Place, cursor: str) -> None:
    answer = client.get(BATCHES, params={"cursor": cursor}, headers=bearer(here.read))

    assert answer.status_code == 422
