"""What work costs by an operator's prices: processors, storage, bandwidth.

Money is exact: decimals in, millionths of the currency out, never a float.
"""

from dataclasses import dataclass
from decimal import Decimal

_GB = 1_000_000_000
_MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What each thing costs, in `currency`; nothing, unless an operator says so."""

    cpu_second: Decimal = Decimal(0)
    gpu_second: Decimal = Decimal(0)
    gb_month: Decimal = Decimal(0)
    gb_egress: Decimal = Decimal(0)
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What was used, or will be."""

    cpu_ms: int = 0
    gpu_ms: int = 0  # how long a task had a GPU
    output_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Millionths of a currency: computing, a month of storing the results, delivering them once."""

    compute: int = 0
    storage: int = 0
    bandwidth: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.compute + self.storage + self.bandwidth


def cost(use: Use, prices: Prices) -> Cost:
    """What `use` costs."""
    return Cost(
        compute=_micros((use.cpu_ms * prices.cpu_second + use.gpu_ms * prices.gpu_second) / 1000),
        storage=_micros(use.output_bytes * prices.gb_month / _GB),
        bandwidth=_micros(use.output_bytes * prices.gb_egress / _GB),
    )


def in_units(micros: int) -> float:
    """Millionths as a number of whole units, for showing and for JSON."""
    return micros / _MICROS


def _micros(amount: Decimal) -> int:
    return round(amount * _MICROS)
