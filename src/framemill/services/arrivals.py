"""When a file that arrives is complete: nobody changes it any more, and nobody holds it open for writing.

Reads nothing of the files themselves; what is done with them is `services.watching`'s.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from framemill.services.intake import Found
from framemill.tools.writers import being_written

Facts = tuple[int, int]  # bytes, mtime_ns: another file of the same name has others


@dataclass(frozen=True, slots=True)
class _Sight:
    facts: Facts
    since: float


@dataclass(slots=True)
class Arrivals:
    """Remembers from look to look how long each file has stood still."""

    settle_s: float
    now: Callable[[], float]  # seconds that only grow
    in_use: Callable[[Iterable[Path]], set[Path]] = being_written
    _seen: dict[Path, _Sight] = field(default_factory=dict)

    def complete(self, files: Sequence[Found]) -> list[tuple[Found, Facts]]:
        """Those of `files` that have stood still for long enough, with their facts.

        All that are there must be given each time: what is not is forgotten.
        """
        now, still = self.now(), []
        before, self._seen = self._seen, {}
        for one in files:
            facts = facts_of(one.path)
            if facts is None:
                continue
            last = before.get(one.path)
            sight = last if last is not None and last.facts == facts else _Sight(facts, now)
            self._seen[one.path] = sight
            # Whoever makes an empty file means to write into it.
            if facts[0] and now - sight.since >= self.settle_s:
                still.append((one, facts))
        busy = self.in_use([one.path for one, _ in still])
        return [(one, facts) for one, facts in still if one.path not in busy]


def facts_of(path: Path) -> Facts | None:
    """What tells whether a file is still the same; None where it is not there."""
    try:
        about = os.stat(path)  # noqa: PTH116 - links are followed where the intake let them through
    except OSError:
        return None
    return about.st_size, about.st_mtime_ns
