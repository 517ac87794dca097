"""`make chaos`: many jobs and many killed workers, for as long as it takes."""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from sqlalchemy import text

from framemill.engine.broker import Broker
from framemill.engine.dispatch import Dispatcher, Unheard
from framemill.store.database import Database, open_database
from tests.chaos.trial import Trial
from tests.e2e.conftest import make_clip
from tests.servers import postgres, redis
from tests.servers.postgres import Postgres

ENGINES = ("sqlite", "postgresql", "celery")


def main() -> None:
    """Run one trial and say how it went."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default="sqlite", help="celery has Redis and PostgreSQL")
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="framemill-chaos-") as name:
        folder = Path(name)
        os.environ["FRAMEMILL_TEST_CLIPS"] = str(folder / "clips")
        with _place(wish.engine, folder) as (url, more, dispatcher):
            trial = Trial(
                database=open_database(url),
                folder=folder / "results",
                clip=make_clip(folder / "clip.mp4", seconds=3, size="160x90"),
                env={
                    "FRAMEMILL_DATA_DIR": str(folder / "data"),
                    "FRAMEMILL_DATABASE_URL": url,
                    "FRAMEMILL_WATCHDOG_INTERVAL": "PT1S",
                    "FRAMEMILL_LEASE_TTL": "PT30S",
                    # What one job encoded is not to spare another one its work.
                    "FRAMEMILL_REUSE_BYTES": "0",
                    **more,
                },
                dispatcher=dispatcher,
            )
            jobs = trial.submit(wish.jobs)
            print(f"{wish.jobs} jobs, {wish.workers} workers, {wish.kills} to be killed; seed {wish.seed}")
            began = time.monotonic()
            with trial.pool(workers=wish.workers):
                killed = trial.kill_some(jobs, kills=wish.kills, seed=wish.seed)
                trial.wait(jobs)
            trial.check(jobs)
            trial.no_process_left()
            _is_sound(trial.database)
            trial.database.close()
    print(f"{killed} workers killed, every job completed and verified, in {time.monotonic() - began:.0f} s")
    if back := trial.toll.back_s:
        print(f"a killed worker's task went on after {median(back):.1f} s, at most {max(back):.1f} s")


@contextmanager
def _place(engine: str, folder: Path) -> Iterator[tuple[str, Mapping[str, str], Dispatcher]]:
    """The database's URL, what an engine's workers must be told, and how they hear of jobs."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'data' / 'framemill.db'}", {}, Unheard()
        return
    with Postgres(postgres.start()).database() as url:
        if engine == "postgresql":
            yield url, {}, Unheard()
            return
        broker, prefix = redis.url(redis.start()), "chaos"
        more = {
            "FRAMEMILL_ENGINE": "celery",
            "FRAMEMILL_BROKER_URL": broker,
            "FRAMEMILL_QUEUE_PREFIX": prefix,
        }
        yield url, more, Broker(broker, prefix=prefix)


def _is_sound(database: Database) -> None:
    """SQLite's own check of its file; PostgreSQL has none that a user may run."""
    if database.engine.dialect.name == "sqlite":
        with database.read() as session:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"


if __name__ == "__main__":
    main()
