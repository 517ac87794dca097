"""Showing what would be done: the plan of a request, without a job."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from framemill.domain.plan import Plan
from framemill.domain.sources import Source, Url
from framemill.engine.machine import Machine
from framemill.engine.planning import Request, make_plan, never, silent
from framemill.errors import NotSupported
from framemill.operations.binding import existing
from framemill.operations.spec import Spec


class Plans:
    """Planning on its own."""

    def __init__(self, machine: Callable[[], Machine]) -> None:
        self._machine = machine

    def plan(
        self,
        specs: Sequence[Spec],
        *,
        inputs: Mapping[str, Source],
        report: Callable[[float], None] = silent,
        stop: Callable[[], bool] = never,
    ) -> Plan:
        """Probe the inputs and compile; writes nothing anywhere. `report` hears how far it is, from 0 to 1.

        Raises what probing and planning raise, NotSupported for an address, and
        Cancelled soon after `stop` says so.
        Whether the results' names are free is only looked at when it runs.
        """
        paths = {name: _here(source) for name, source in inputs.items()}
        request = Request(specs=specs, inputs=paths, explaining=True)
        return make_plan(request, self._machine(), stop, report)


def _here(source: Source) -> Path:
    if isinstance(source, Url):
        raise NotSupported(
            f"{source.label} must be here before anybody can say what work it makes",
            hint="fetch it with `framemill download`, then plan with the file",
        )
    return existing(source)
