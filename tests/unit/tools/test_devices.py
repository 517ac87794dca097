from pathlib import Path

import pytest

from framemill.tools import sandbox
from framemill.tools.devices import device_nodes, render_nodes


@pytest.fixture(name="dev")
def _dev(tmp_path: Path) -> Path:
    (tmp_path / "dri").mkdir()
    for name in (
        "dri/card0",
        "dri/renderD128",
        "dri/renderD129",
        "nvidia3",
        "nvidiactl",
        "nvidia-uvm",
        "null",
    ):
        (tmp_path / name).touch()
    return tmp_path


def test_the_nodes_of_every_gpu_are_found_whatever_their_numbers(dev: Path) -> None:
    names = [str(Path(node).relative_to(dev)) for node in device_nodes(dev)]

    assert names == ["dri/renderD128", "dri/renderD129", "dri/card0", "nvidia3", "nvidiactl", "nvidia-uvm"]
    assert [Path(node).name for node in render_nodes(dev)] == ["renderD128", "renderD129"]


@pytest.mark.parametrize(("devices", "bound"), [(True, ["/dev/null"]), (False, [])])
def test_only_work_that_uses_a_gpu_can_reach_it_in_the_sandbox(
    devices: bool, bound: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "working_bwrap", lambda: "/usr/bin/bwrap")
    monkeypatch.setattr(sandbox, "device_nodes", lambda: ("/dev/null",))

    argv = sandbox.sandboxed(("/bin/true",), readable=(), writable=(), mode="require", devices=devices)

    assert [argv[n + 1] for n, word in enumerate(argv) if word == "--dev-bind"] == bound
