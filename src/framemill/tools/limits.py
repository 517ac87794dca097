"""How much a program may use, and the kernel's limits for that."""

import os
import resource
from dataclasses import dataclass

GIB = 1024**3
HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps on one program run and on what an input may be. None: no cap."""

    cpu_s: int | None = 14 * 24 * HOUR  # processor seconds over all cores
    memory_bytes: int | None = 8 * GIB  # resident, watched while it runs (4K x264 needs 1 GB)
    # False for GPU work: CUDA reserves far more address space than it uses.
    cap_address_space: bool = True
    file_bytes: int | None = 1024 * GIB  # of any one output
    open_files: int | None = 1024
    timeout_s: float | None = 24 * HOUR  # wall time, pauses not counted
    stall_s: float | None = 300  # without any progress
    max_pixels: int = 67_108_864  # 8192x8192
    max_streams: int = 100
    max_duration_us: int = 7 * 24 * HOUR * 1_000_000
    max_dimension: int = 16_384

    def address_bytes(self) -> int | None:
        """The cap on address space: reserved, not used, so far above `memory_bytes`.

        Each thread of glibc's malloc reserves 64 MB, and threads grow with cores.
        """
        if self.memory_bytes is None or not self.cap_address_space:
            return None
        return 4 * self.memory_bytes + (os.cpu_count() or 1) * GIB


def rlimits(limits: Limits) -> tuple[tuple[int, tuple[int, int]], ...]:
    """The kernel's limits for `limits`, never above what this process may set."""
    wanted = (
        (resource.RLIMIT_CORE, 0, 0),
        # Soft sends SIGXCPU, which names the reason; hard kills what ignores it.
        (resource.RLIMIT_CPU, limits.cpu_s, 5),
        (resource.RLIMIT_FSIZE, limits.file_bytes, 0),
        (resource.RLIMIT_NOFILE, limits.open_files, 0),
        (resource.RLIMIT_AS, limits.address_bytes(), 0),
    )
    found = []
    for kind, soft, more in wanted:
        if soft is None:
            continue
        _, ceiling = resource.getrlimit(kind)
        hard = soft + more if ceiling == resource.RLIM_INFINITY else min(soft + more, ceiling)
        found.append((kind, (min(soft, hard), hard)))
    return tuple(found)
