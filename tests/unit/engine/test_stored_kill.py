from pathlib import Path

import pytest

from framemill.domain.states import JobState
from framemill.engine import outcomes, shelving, transfer
from framemill.engine.leftovers import Leftovers
from framemill.store import makings
from framemill.store.claiming import Wanted
from tests.engines import a_copy, a_plan
from tests.stored import FOOTAGE, Mill, a_package
from tests.unit.engine.dying import deaths

PLAN = a_plan(a_copy("one", path="one.mp4", publish="one.mp4"), a_package("one.out"))
_ROOMS = tuple(str(module.__file__) for module in (shelving, transfer, outcomes, makings))


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
def test_wherever_a_publication_is_killed_the_next_one_leaves_exactly_what_is_recorded(
    tmp_path: Path, shared: bool
) -> None:
    base = Mill(tmp_path / "base", shared=shared)
    job = base.submit()
    base.take_turns(PLAN, "a", "a", "a", and_on=False)
    base.database.close()
    trials = iter(range(10_000))
    trial = base.copied(tmp_path / str(next(trials)))

    def publish() -> None:
        database = trial.opened()
        assert trial.worker(PLAN, database=database).run_one(Wanted())

    for _line in deaths(publish, rooms=_ROOMS, every=11):
        trial.reaper().reap()
        trial.clock.pass_by(600)
        trial.take_turns(PLAN, "b" if shared else "a")
        trial.clock.pass_by(3600)
        Leftovers(database=trial.database, places=trial.places("a")).clear()

        assert trial.jobs.get(job).state is JobState.COMPLETED
        film, stream = trial.artifacts()
        prefix = f"workspaces/{trial.workspace_id}/{trial.video_id}/"
        recorded = {
            str(film.key),
            *(f"{stream.key}{name}" for name in ("master.m3u8", "seg-1.ts", "seg-2.ts")),
        }
        stored = trial.stored()
        assert {prefix + name for name in stored} == recorded
        assert stored[str(film.key).removeprefix(prefix)] == FOOTAGE
        assert trial.video().stored_bytes == len(FOOTAGE) + film.bytes + stream.bytes
        assert not [path for path in trial.left_over() if path.startswith("a/")]
        trial.database.close()
        trial = base.copied(tmp_path / str(next(trials)))
    trial.database.close()
