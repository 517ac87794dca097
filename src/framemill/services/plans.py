"""Showing what would be done: the plan of a request, without a job."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from framemill.domain.plan import Plan
from framemill.domain.sources import Source, Url
from framemill.engine.digests import digest
from framemill.engine.machine import Machine
from framemill.engine.planning import Request, make_plan, never, silent
from framemill.engine.reusing import Shelf, scope_of_owner, scope_of_video
from framemill.errors import NotSupported
from framemill.operations.binding import existing
from framemill.operations.spec import Spec
from framemill.storage.kept import Kept


class Plans:
    """Planning on its own."""

    def __init__(
        self, machine: Callable[[], Machine], *, kept: Callable[[bool], Kept | None] = lambda _stored: None
    ) -> None:
        self._machine = machine
        self._kept = kept

    def plan(
        self,
        specs: Sequence[Spec],
        *,
        inputs: Mapping[str, Source],
        report: Callable[[float], None] = silent,
        stop: Callable[[], bool] = never,
        owner: str = "",
        video: str | None = None,
        digests: Mapping[str, str] | None = None,
        reuse: bool = True,
    ) -> Plan:
        """Probe the inputs and compile; writes nothing anywhere. `report` hears how far it is, from 0 to 1.

        What earlier jobs of `owner`, or on `video`, made is used again unless
        `reuse` is false; `digests` of inputs need then not be found out.

        Raises what probing and planning raise, NotSupported for an address, and
        Cancelled soon after `stop` says so.
        Whether the results' names are free is only looked at when it runs.
        """
        paths = {name: _here(source) for name, source in inputs.items()}
        shelf = self._shelf(owner, video) if reuse else None
        known = digests or {}
        request = Request(
            specs=specs,
            inputs=paths,
            explaining=True,
            shelf=shelf,
            digests={name: known.get(name) or digest(path) for name, path in paths.items()}
            if shelf is not None
            else None,
        )
        return make_plan(request, self._machine(), stop, report)

    def _shelf(self, owner: str, video: str | None) -> Shelf | None:
        kept = self._kept(video is not None)
        scope = scope_of_owner(owner) if video is None else scope_of_video(video)
        return None if kept is None else Shelf(kept=kept, scope=scope)


def _here(source: Source) -> Path:
    if isinstance(source, Url):
        raise NotSupported(
            f"{source.label} must be here before anybody can say what work it makes",
            hint="fetch it with `framemill download`, then plan with the file",
        )
    return existing(source)
