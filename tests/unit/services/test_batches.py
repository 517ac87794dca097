from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from framemill.domain.states import JobState
from framemill.errors import BatchNotFound, DestinationUnwritable, InputNotFound
from framemill.services.batch_listing import BatchListing
from framemill.services.batch_work import Accepted, Work
from framemill.services.batches import Batches
from framemill.services.intake import Found
from framemill.store import batch_listing
from framemill.store.batches import counts_query, ensure_batch
from framemill.store.claiming import Wanted
from framemill.store.jobs import new_id
from tests.engines import Anything, Bench, a_copy, a_plan
from tests.unit.store.rows import add_job

_ANY = Wanted()
pytestmark = pytest.mark.databases("memory", "postgres")


def a_batch(bench: Bench) -> tuple[Batches, Work]:
    work = Work(kind="anything", specs=(Anything(),), destination=bench.destination)
    return Batches(bench.database, bench.jobs), work


def _files(bench: Bench, count: int) -> list[Found]:
    return [
        Found(path=bench.an_input(f"{n:02}.txt", str(n)), place=Path(f"cam/{n:02}")) for n in range(count)
    ]


def _run(bench: Bench, accepted: list[Accepted]) -> None:
    for one in accepted:
        assert one.job_id is not None
        bench.worker(a_plan(a_copy())).run_job(one.job_id)


def test_each_file_becomes_a_job_with_a_folder_of_its_own(bench: Bench) -> None:
    batches, work = a_batch(bench)

    accepted = list(batches.submit(work, _files(bench, 3), at_once=2))

    assert [one.fresh for one in accepted] == [True] * 3
    record = batches.get(work.batch_id)
    assert (record.total, record.counts, record.progress) == (3, {JobState.QUEUED: 3}, 0.0)
    places = [bench.jobs.get(str(one.job_id)).destination for one in accepted]
    assert places == [bench.destination / f"cam/{n:02}" for n in range(3)]


def test_a_batch_that_was_interrupted_is_repeated_without_doubles(bench: Bench) -> None:
    batches, work = a_batch(bench)

    def interrupted() -> Iterator[Found]:
        yield from _files(bench, 3)
        raise KeyboardInterrupt

    first: list[Accepted] = []
    with pytest.raises(KeyboardInterrupt):
        first.extend(batches.submit(work, interrupted(), at_once=2))
    second = list(batches.submit(work, _files(bench, 5), at_once=2))

    assert [one.fresh for one in second] == [False, False, True, True, True]
    assert batches.get(work.batch_id).total == 5


def test_a_changed_file_is_another_job_and_another_name_another_batch(bench: Bench) -> None:
    batches, work = a_batch(bench)
    files = _files(bench, 1)
    list(batches.submit(work, files))

    named = list(batches.submit(replace(work, name="again"), files))
    files[0].path.write_text("longer than before")
    changed = list(batches.submit(work, files))

    assert named[0].fresh
    assert changed[0].fresh
    assert len(BatchListing(bench.database).page().batches) == 2


def test_owners_do_not_wait_for_a_whole_batch_of_another(bench: Bench) -> None:
    batches, work = a_batch(bench)
    list(batches.submit(work, _files(bench, 5)))

    late = bench.jobs.submit(
        [Anything()], inputs={"input": bench.an_input()}, destination=bench.destination / "late", owner="b"
    )

    order = [bench.worker(a_plan(a_copy()))._claim(w) for w in [_ANY] * 2]
    assert [task.job_id for task in order if task][1] == late


def test_a_file_that_cannot_be_taken_is_told_and_the_others_go_on(bench: Bench) -> None:
    batches, work = a_batch(bench)
    files = _files(bench, 2)
    files[0].path.unlink()

    accepted = {one.path.name: one for one in batches.submit(work, files)}

    assert isinstance(accepted["00.txt"].error, InputNotFound)
    assert accepted["01.txt"].fresh


def test_again_queues_what_failed_and_leaves_what_is_done(bench: Bench) -> None:
    batches, work = a_batch(bench)
    files = _files(bench, 3)
    accepted = list(batches.submit(work, files))
    _run(bench, accepted[:1])
    bench.jobs.cancel(str(accepted[1].job_id))

    again = list(batches.submit(work, files, again=True))

    assert [one.state for one in again] == [JobState.COMPLETED, JobState.QUEUED, JobState.QUEUED]
    assert batches.get(work.batch_id).counts == {JobState.COMPLETED: 1, JobState.QUEUED: 2}


def test_progress_counts_what_ended_and_what_is_under_way(bench: Bench) -> None:
    batches, work = a_batch(bench)
    accepted = list(batches.submit(work, _files(bench, 4)))
    _run(bench, accepted[:1])
    bench.jobs.cancel(str(accepted[1].job_id))

    record = batches.get(work.batch_id)

    assert (record.total, record.ended, record.progress) == (4, 2, 50.0)


def test_cancelling_ends_all_that_has_not_ended(bench: Bench) -> None:
    batches, work = a_batch(bench)
    accepted = list(batches.submit(work, _files(bench, 4)))
    _run(bench, accepted[:1])
    bench.jobs.pause(str(accepted[1].job_id))

    assert batches.cancel(work.batch_id) == 3

    assert batches.get(work.batch_id).counts == {JobState.COMPLETED: 1, JobState.CANCELLED: 3}
    cancelled = bench.jobs.show(str(accepted[3].job_id))
    assert [str(task.state) for task in cancelled.tasks] == ["cancelled"]
    assert cancelled.job.finished_at == bench.clock()
    assert batches.cancel(work.batch_id) == 0


def test_what_was_cancelled_before_it_began_can_be_run_after_all(bench: Bench) -> None:
    batches, work = a_batch(bench)
    accepted = list(batches.submit(work, _files(bench, 2)))
    batches.cancel(work.batch_id)

    assert list(batches.retry(work.batch_id)) == []
    tried = list(batches.retry(work.batch_id, states=(JobState.CANCELLED,)))

    assert tried == [(one.job_id, None) for one in accepted]
    _run(bench, accepted)
    assert batches.get(work.batch_id).counts == {JobState.COMPLETED: 2}


def test_an_unknown_batch_and_a_destination_that_can_be_no_folder_are_refused(bench: Bench) -> None:
    batches, work = a_batch(bench)

    for name in ("nonsense", work.batch_id):
        with pytest.raises(BatchNotFound):
            batches.get(name)
    with pytest.raises(DestinationUnwritable):
        list(batches.submit(replace(work, destination=bench.an_input() / "x"), _files(bench, 1)))


@pytest.mark.databases("memory")
def test_one_index_answers_what_progress_asks(bench: Bench) -> None:
    batches, work = a_batch(bench)
    list(batches.submit(work, _files(bench, 2)))
    query = counts_query([work.batch_id]).compile(
        bench.database.engine, compile_kwargs={"literal_binds": True}
    )
    with bench.database.read() as session:
        plan = str(session.execute(text(f"EXPLAIN QUERY PLAN {query}")).all())

    assert "USING INDEX ix_jobs_batch_id" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("oldest_first", [False, True])
def test_a_list_goes_on_where_a_page_has_looked_for_long(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, oldest_first: bool
) -> None:
    monkeypatch.setattr(batch_listing, "_CHUNK", 2)
    monkeypatch.setattr(batch_listing, "_PATIENCE", 4)
    made, workspace = [new_id() for _ in range(9)], new_id()
    for batch_id in made:
        with bench.database.write() as session:
            ensure_batch(session, batch_id, title="", owner="", now=bench.clock())
        bench.clock.pass_by(1)
        add_job(bench.database, batch_id=batch_id, workspace_id=workspace if batch_id == made[4] else None)
    wanted = batch_listing.Wanted(workspace_id=workspace, oldest_first=oldest_first)
    listing = BatchListing(bench.database)

    pages = [listing.page(wanted, limit=5)]
    while pages[-1].next is not None:
        pages.append(listing.page(wanted, after=pages[-1].next, limit=5))

    assert [[one.id for one in page.batches] for page in pages] == [[], [made[4]], []]
    assert listing.count(wanted) == 1
    assert [one.id for one in listing.page(limit=3).batches] == made[:-4:-1]
