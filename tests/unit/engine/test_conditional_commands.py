"""Commands that run only where an earlier one was not enough, and the size that a result may have."""

import pytest

from framemill.domain.plan import Command, Promise
from framemill.errors import OutputInvalid
from tests.engines import Bench, a_command, a_copy, a_plan


@pytest.mark.parametrize(("limit", "text"), [(4, "again"), (5, "hello"), (99, "hello")])
def test_a_retry_runs_only_where_the_file_is_too_large(limit: int, text: str, bench: Bench) -> None:
    other = bench.an_input("other.txt", "again")
    step = a_copy(
        commands=(
            a_command("copy", "in/source", "out/copy.txt"),
            Command(
                tool="builtin", argv=("copy", str(other), "out/copy.txt"), only_if_larger=("copy.txt", limit)
            ),
        )
    )

    bench.worker(a_plan(step)).run_job(bench.submit())

    assert (bench.destination / "copy.txt").read_text() == text


def test_a_result_above_its_promised_size_is_not_published(bench: Bench) -> None:
    job = bench.submit()

    bench.worker(a_plan(a_copy(promise=Promise(kind="data", max_size=4)))).run_job(job)

    error = bench.jobs.get(job).error
    assert error is not None
    assert error["code"] == OutputInvalid.code
    assert "5 bytes; at most 4" in error["message"]
    assert bench.left_over() == []
