import pytest

from framemill.store.jobs import add_log, get_job
from tests.engines import Anything, Bench

pytestmark = pytest.mark.databases("memory", "postgres")


def test_whatever_a_program_said_can_be_kept(bench: Bench) -> None:
    job_id = bench.submit()

    with bench.database.write() as session:
        add_log(session, job_id=job_id, at=bench.clock(), message="a\0b \U0001f3ac")
        get_job(session, job_id, lock=True).error = {"message": "a\0b \udcff"}

    assert bench.jobs.logs(job_id)[-1].message == "a\ufffdb \U0001f3ac"
    assert bench.jobs.get(job_id).error == {"message": "a\0b \udcff"}


def test_a_pipeline_with_a_very_long_name_is_a_job_like_others(bench: Bench) -> None:
    source = bench.an_input()

    job_id = bench.jobs.submit(
        [Anything()], inputs={"input": source}, destination=bench.destination, kind="x" * 300
    )

    assert bench.jobs.get(job_id).kind == "x" * 64
