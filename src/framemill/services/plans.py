"""Showing what would be done: the plan of a request, without a job."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from framemill.domain.plan import Plan
from framemill.engine.machine import Machine
from framemill.engine.planning import Request, make_plan, silent
from framemill.operations.binding import existing
from framemill.operations.spec import Spec


class Plans:
    """Planning on its own."""

    def __init__(self, machine: Callable[[], Machine]) -> None:
        self._machine = machine

    def plan(
        self, specs: Sequence[Spec], *, inputs: Mapping[str, Path], report: Callable[[float], None] = silent
    ) -> Plan:
        """Probe the inputs and compile; writes nothing anywhere. `report` hears how far it is, from 0 to 1.

        Raises what probing and planning raise. Whether the results' names are
        free is only looked at when it runs.
        """
        paths = {name: existing(path) for name, path in inputs.items()}
        request = Request(specs=specs, inputs=paths, explaining=True)
        return make_plan(request, self._machine(), report=report)
