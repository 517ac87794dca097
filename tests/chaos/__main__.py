"""`make chaos`: many jobs and many killed workers, for as long as it takes."""

import argparse
import tempfile
import time
from pathlib import Path

from framemill.store.database import open_database
from tests.chaos.trial import Trial
from tests.e2e.conftest import make_clip


def main() -> None:
    """Run one trial and say how it went."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--database", help="SQLAlchemy URL; a new SQLite file if unset")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="framemill-chaos-") as name:
        folder = Path(name)
        url = wish.database or f"sqlite:///{folder / 'data' / 'framemill.db'}"
        trial = Trial(
            database=open_database(url),
            folder=folder / "results",
            clip=make_clip(folder / "clip.mp4", seconds=3, size="160x90"),
            env={
                "FRAMEMILL_DATA_DIR": str(folder / "data"),
                "FRAMEMILL_DATABASE_URL": url,
                "FRAMEMILL_WATCHDOG_INTERVAL": "PT1S",
            },
        )
        jobs = trial.submit(wish.jobs)
        print(f"{wish.jobs} jobs, {wish.workers} workers, {wish.kills} to be killed; seed {wish.seed}")
        began = time.monotonic()
        with trial.pool(workers=wish.workers):
            killed = trial.kill_some(jobs, kills=wish.kills, seed=wish.seed)
            trial.wait(jobs)
        trial.check(jobs)
        trial.no_process_left()
        trial.database.close()
    print(f"{killed} workers killed, every job completed and verified, in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
