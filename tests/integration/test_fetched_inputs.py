"""Jobs whose inputs are addresses: fetched first, kept through failures, and never told to anybody whole."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from framemill.domain.sources import Url
from framemill.domain.states import JobState, TaskState
from framemill.engine.events import Progress
from framemill.engine.recovery import take_over
from framemill.errors import AddressRefused, NotSupported
from framemill.fetch.addresses import AllowList
from framemill.fetch.crew import Rules
from framemill.fetch.direct import Direct
from framemill.fetch.fetcher import Fetcher
from framemill.fetch.guard import Guard
from framemill.fetch.slots import Slots
from framemill.fetch.wishes import Reins, Wish
from framemill.services.batches import Batches
from framemill.services.intake import Sieve, found
from framemill.services.plans import Plans
from framemill.store.claiming import Wanted
from framemill.store.database import open_database
from tests.engines import Anything, Bench, Clock, a_copy, a_machine, a_plan
from tests.servers.origin import Content, Film, Origin

pytestmark = pytest.mark.integration

MIB = 1 << 20
SECRET = "sesame"


@pytest.fixture(name="origin")
def _origin() -> Iterator[Origin]:
    with Origin({"/films/harbour.mp4": Film(content=Content(5 * MIB))}) as origin:
        yield origin


@pytest.fixture(name="bench")
def _bench(tmp_path: Path, origin: Origin) -> Iterator[Bench]:
    clock = Clock()
    database = open_database(f"sqlite:///{tmp_path / 'mill.db'}", clock=clock)
    rules = Rules(piece=MIB, first_wait_s=0.01, longest_wait_s=0.02, tries=2)
    files = Direct(Guard(AllowList.of([origin.allow])), Slots(tmp_path / "slots", per_host=4), rules)
    yield Bench(
        database=database,
        clock=clock,
        folder=tmp_path,
        downloader=Fetcher(files, None, mode="off"),
    )
    database.close()


def _url(origin: Origin) -> Url:
    return Url(origin.url(f"/films/harbour.mp4?token={SECRET}"))


def test_a_film_is_fetched_before_the_work_and_goes_after_it(bench: Bench, origin: Origin) -> None:
    job_id = bench.submit({"input": _url(origin)})

    bench.worker(a_plan(a_copy())).run_job(job_id)

    detail = bench.jobs.show(job_id)
    assert detail.job.state is JobState.COMPLETED
    assert (bench.destination / "copy.txt").read_bytes() == Content(5 * MIB).read(0, 5 * MIB)
    assert bench.left_over() == ["copy.txt"]
    facts = detail.job.inputs["input"]
    assert (facts["size"], facts["sha256"]) == (5 * MIB, Content(5 * MIB).sha256())
    assert facts["path"].endswith("/inputs/input/harbour.mp4")
    assert detail.artifacts[0].provenance["inputs"]["input"] == f"sha256:{facts['sha256']}"
    shown = [e for e in bench.watcher.events if isinstance(e, Progress) and e.task == "fetch:input"]
    assert shown[-1].percent > 0


def test_what_an_address_hides_is_told_to_nobody(bench: Bench, origin: Origin) -> None:
    origin.films["/films/harbour.mp4"].status = 404
    job_id = bench.submit({"input": _url(origin)})

    bench.worker(a_plan(a_copy())).run_job(job_id)

    logs = [asdict(entry) for entry in bench.jobs.logs(job_id)]
    said = json.dumps([asdict(bench.jobs.show(job_id)), logs], default=str)
    said += repr(bench.watcher.events) + repr(_url(origin))
    assert "harbour.mp4" in said
    assert SECRET not in said
    assert "/films/" not in said


def test_a_film_that_is_not_there_fails_the_job_and_leaves_nothing(bench: Bench, origin: Origin) -> None:
    origin.films.clear()
    job_id = bench.submit({"input": _url(origin)})

    bench.worker(a_plan(a_copy())).run_job(job_id)

    error = bench.jobs.get(job_id).error
    assert error is not None
    assert error["code"] == "download_failed"
    assert not bench.destination.exists()


def test_a_server_that_fails_for_a_while_costs_no_byte_twice(bench: Bench, origin: Origin) -> None:
    film = origin.films["/films/harbour.mp4"]
    film.cut = lambda number: MIB // 2 if number <= 2 else None
    job_id = bench.submit({"input": _url(origin)})

    bench.worker(a_plan(a_copy())).run_job(job_id)

    assert bench.jobs.get(job_id).state is JobState.COMPLETED
    firsts = [a.headers["Range"].removeprefix("bytes=").partition("-")[0] for a in origin.asked]
    assert firsts.count("0") == 1


def test_a_job_that_was_given_up_goes_on_with_what_had_come(bench: Bench, origin: Origin) -> None:
    film = origin.films["/films/harbour.mp4"]
    film.cut = lambda _number: 1000
    job_id = bench.submit({"input": _url(origin)})
    bench.worker(a_plan(a_copy())).run_job(job_id)
    assert bench.jobs.get(job_id).state is JobState.FAILED
    film.cut = lambda _number: None
    origin.asked.clear()

    bench.jobs.retry(job_id)
    bench.worker(a_plan(a_copy())).run_job(job_id)

    assert bench.jobs.get(job_id).state is JobState.COMPLETED
    assert "bytes=0-" not in str([a.headers["Range"] for a in origin.asked])


def test_a_dead_workers_download_is_gone_on_with(bench: Bench, origin: Origin) -> None:
    job_id = bench.submit({"input": _url(origin)})
    worker = bench.worker(a_plan(a_copy()))
    assert bench.downloader is not None
    place = bench.destination / f".framemill-{job_id}" / "inputs" / "input"
    place.mkdir(parents=True)
    origin.films["/films/harbour.mp4"].cut = lambda number: 3000 if number <= 3 else None
    with pytest.raises(Exception, match="broke off"):
        bench.downloader.fetch(
            _url(origin).text,
            lambda name: place / name,
            part=place / ".part",
            wish=Wish(overwrite=True),
            reins=Reins(),
        )
    origin.asked.clear()
    take_over(bench.database, job_id)

    worker.run_job(job_id)

    assert bench.jobs.get(job_id).state is JobState.COMPLETED
    assert "bytes=0-" not in str([a.headers["Range"] for a in origin.asked])


def test_a_film_that_went_from_the_folder_is_fetched_again(bench: Bench, origin: Origin) -> None:
    job_id = bench.submit({"input": _url(origin)})
    worker = bench.worker(a_plan(a_copy()))
    task = worker._claim(Wanted())
    assert task is not None
    worker._run(task)
    path = Path(bench.jobs.get(job_id).inputs["input"]["path"])
    path.unlink()
    new = Content(6 * MIB, seed="new")
    origin.films["/films/harbour.mp4"] = Film(content=new, etag='"two"')

    take_over(bench.database, job_id)
    worker.run_job(job_id)

    assert bench.jobs.get(job_id).state is JobState.COMPLETED
    assert (bench.destination / "copy.txt").read_bytes() == new.read(0, new.size)


def test_cancelling_ends_a_download_and_removes_it(bench: Bench, origin: Origin) -> None:
    origin.films["/films/harbour.mp4"].pause_s = 0.3
    job_id = bench.submit({"input": _url(origin)})
    work = threading.Thread(target=bench.worker(a_plan(a_copy())).run_job, args=(job_id,))
    work.start()
    _until(lambda: any(isinstance(e, Progress) for e in bench.watcher.events))

    bench.jobs.cancel(job_id)
    work.join(30)

    assert not work.is_alive()
    assert bench.jobs.get(job_id).state is JobState.CANCELLED
    assert not bench.destination.exists()


def test_a_pause_stops_a_download_and_its_end_lets_it_go_on(bench: Bench, origin: Origin) -> None:
    origin.films["/films/harbour.mp4"].pause_s = 0.2
    job_id = bench.submit({"input": _url(origin)})
    work = threading.Thread(target=bench.worker(a_plan(a_copy())).run_job, args=(job_id,))
    work.start()
    _until(lambda: any(isinstance(e, Progress) for e in bench.watcher.events))

    bench.jobs.pause(job_id)
    _until(lambda: origin.at_once == 0)
    assert bench.jobs.get(job_id).state is JobState.PAUSED
    bench.jobs.resume(job_id)
    work.join(60)

    assert bench.jobs.get(job_id).state is JobState.COMPLETED


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_several_addresses_come_beside_each_other_and_then_the_plan(bench: Bench, origin: Origin) -> None:
    job_id = bench.submit({"input": _url(origin), "logo": Url(origin.url("/films/harbour.mp4"))})

    tasks = bench.jobs.show(job_id).tasks

    assert {t.key: t.state for t in tasks} == {
        "fetch:input": TaskState.READY,
        "fetch:logo": TaskState.READY,
        "plan": TaskState.BLOCKED,
    }
    bench.worker(a_plan(a_copy())).run_job(job_id)
    assert bench.jobs.get(job_id).state is JobState.COMPLETED


@pytest.mark.parametrize("text", ["http://127.0.0.1:x/", "http://u@h/", "http://2130706433/"])
def test_what_is_no_address_is_refused_at_once(bench: Bench, text: str) -> None:
    with pytest.raises(AddressRefused):
        bench.submit({"input": Url(text)})


def test_a_private_address_fails_the_job(bench: Bench) -> None:
    job_id = bench.submit({"input": Url("http://127.0.0.1/film.mp4")})

    bench.worker(a_plan(a_copy())).run_job(job_id)

    assert (bench.jobs.get(job_id).error or {})["code"] == "address_refused"


def test_the_same_request_is_the_same_job_whatever_its_fragment(bench: Bench, origin: Origin) -> None:
    def ask(url: Url) -> str:
        return bench.jobs.submit(
            [Anything()], inputs={"input": url}, destination=bench.destination, idempotency_key="k"
        )

    assert ask(_url(origin)) == ask(Url(_url(origin).text + "#fragment"))


def test_a_plan_alone_fetches_nothing(origin: Origin) -> None:
    with pytest.raises(NotSupported):
        Plans(a_machine).plan([Anything()], inputs={"input": _url(origin)})

    assert origin.asked == []


def test_a_batch_takes_addresses_beside_files(bench: Bench, origin: Origin) -> None:
    from tests.unit.services.test_batches import a_batch

    _, work = a_batch(bench)
    batches = Batches(bench.database, bench.jobs)
    items = list(found([_url(origin).text, str(bench.an_input("a.txt"))], Sieve(include=("*",))))

    accepted = list(batches.submit(replace(work, destination=bench.destination), items))

    assert [(one.fresh, one.place.name) for one in accepted] == [(True, "harbour"), (True, "a")]
    bench.worker(a_plan(a_copy())).run_job(accepted[0].job_id or "")
    assert bench.jobs.get(accepted[0].job_id or "").state is JobState.COMPLETED
