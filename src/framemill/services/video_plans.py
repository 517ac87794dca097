"""Showing what a job on stored videos would do, without a job."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from framemill.domain.costs import Prices
from framemill.domain.plan import Plan
from framemill.domain.videos import VideoState
from framemill.engine.accounting import expected
from framemill.engine.stock import Stock
from framemill.engine.workspace import PLANNING
from framemill.errors import Cancelled, IllegalTransition, NotSupported, TimedOut
from framemill.operations.planning import INPUT
from framemill.operations.spec import Spec
from framemill.services.plans import Plans
from framemill.store.database import Database
from framemill.store.video_tables import Video
from framemill.store.videos import get_video

# Somebody waits for the answer; measuring samples of a long film may take much longer.
_LONGEST_S = 60.0

Json = dict[str, Any]  # Any: JSON


class VideoPlans:
    """Planning on stored videos."""

    def __init__(
        self,
        database: Database,
        plans: Plans,
        *,
        stock: Callable[[], Stock],
        work: Path,
        prices: Prices,
    ) -> None:
        self._database = database
        self._plans = plans
        self._stock = stock
        self._work = work
        self._prices = prices

    def plan(
        self, specs: Sequence[Spec], *, inputs: Mapping[str, str], reuse: bool = True
    ) -> tuple[Plan, Json]:
        """The plan for videos, given by the names that specs call them, and its estimate with costs.

        Raises VideoNotFound, IllegalTransition where an original is not there,
        NotSupported where one is no plain file of this machine, TimedOut where
        it takes more than a minute, and what planning raises.
        """
        with self._database.read() as session:
            videos = {name: get_video(session, video_id) for name, video_id in inputs.items()}
        facts = {name: self._facts(video) for name, video in videos.items()}
        self._work.mkdir(parents=True, exist_ok=True)
        with (
            TemporaryDirectory(dir=self._work, prefix=PLANNING, ignore_cleanup_errors=True) as folder,
            self._stock().inputs(facts, Path(folder), check=_go_on) as files,
        ):
            plan = self._within_a_minute(specs, files, videos, reuse=reuse)
        return plan, expected(plan, self._prices)

    def _within_a_minute(
        self, specs: Sequence[Spec], files: Mapping[str, Path], videos: Mapping[str, Video], *, reuse: bool
    ) -> Plan:
        end = time.monotonic() + _LONGEST_S
        own = videos.get(INPUT) or next(iter(videos.values()))
        try:
            return self._plans.plan(
                specs,
                inputs=files,
                stop=lambda: time.monotonic() > end,
                video=own.id,
                reuse=reuse,
                digests={name: f"sha256:{video.sha256}" for name, video in videos.items() if video.sha256},
            )
        except Cancelled:
            raise TimedOut(
                "the plan takes more than a minute to make", hint="submit the job: a worker plans it"
            ) from None

    def _facts(self, video: Video) -> Json:
        if video.state != VideoState.READY or video.key is None:
            raise IllegalTransition(f"the original of video {video.id} is not there: it is {video.state}")
        if self._stock().blobs.local_path(video.key) is None:
            # Fetching and opening gigabytes is a worker's matter, and nobody waits for that in a request.
            raise NotSupported(
                "the original is no plain file of this machine, so no plan is made in advance",
                hint="submit the job: its record says what it did and why",
            )
        return {"path": video.filename, "key": video.key, "bytes": video.bytes, "sha256": video.sha256}


def _go_on() -> None:
    """A file that is here already is not waited for."""
