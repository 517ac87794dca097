"""The device nodes of GPUs, and what else tells that a driver changed."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path

_NODES = (
    *("dri/renderD*", "dri/card*"),
    *("nvidia[0-9]*", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-caps/*"),
    *("kfd", "dxg"),
)
_DRIVERS = ("i915", "xe", "amdgpu", "nvidia")
# Drivers are told which device to take by these.
_TOLD_BY = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH")


def device_nodes(dev: Path = Path("/dev")) -> tuple[str, ...]:
    """The nodes that are there."""
    return tuple(str(path) for pattern in _NODES for path in sorted(dev.glob(pattern)))


def render_nodes(dev: Path = Path("/dev")) -> tuple[str, ...]:
    """The nodes that video work is opened on."""
    return tuple(str(path) for path in sorted(dev.glob("dri/renderD*")))


def surroundings() -> tuple[str, ...]:
    """Changes where a GPU, its driver or the libraries that reach it do."""
    return (*device_nodes(), *_drivers())


def _drivers() -> Iterator[str]:
    yield platform.release()
    for path in ("/proc/driver/nvidia/version", *(f"/sys/module/{d}/srcversion" for d in _DRIVERS)):
        try:
            yield f"{path}={Path(path).read_text('utf-8', 'replace')}"
        except OSError:
            continue
    libraries = Path("/etc/ld.so.cache")  # rewritten whenever a package brings some
    if libraries.exists():
        yield f"libraries={libraries.stat().st_mtime_ns}"
    yield from (f"{name}={os.environ[name]}" for name in _TOLD_BY if name in os.environ)
