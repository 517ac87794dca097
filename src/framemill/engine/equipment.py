"""What every attempt of a worker works with."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from framemill.domain.costs import Prices
from framemill.engine.dispatch import Dispatcher, Unheard
from framemill.engine.events import EventSink, Silence
from framemill.engine.machine import Machine
from framemill.engine.places import PLAIN, Places
from framemill.engine.planning import Planner, make_plan
from framemill.store.database import Database

if TYPE_CHECKING:
    from framemill.engine.bringing import Landing
    from framemill.fetch.wishes import Downloader


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a worker keeps its leases and waits."""

    lease_ttl: timedelta = timedelta(seconds=60)
    heartbeat: timedelta = timedelta(seconds=10)
    wait: Callable[[float], object] = time.sleep
    spread: Callable[[], float] = random.random
    # Who runs a foreground job watches the disk fill up; waiting would only hide it.
    disk_full_is_final: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What every attempt of a worker works with."""

    database: Database
    machine: Callable[[], Machine]  # asked for when there is something to run
    sink: EventSink = field(default_factory=Silence)
    dispatcher: Dispatcher = field(default_factory=Unheard)
    pace: Pace = field(default_factory=Pace)
    planner: Planner = make_plan
    prices: Prices = field(default_factory=Prices)
    places: Places = PLAIN
    downloader: "Callable[[], Downloader] | None" = None  # asked for when there is something to fetch
    landing: "Callable[[], Landing] | None" = None  # asked for when that becomes a video
