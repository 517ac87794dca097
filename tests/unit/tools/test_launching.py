import subprocess
import sys
from pathlib import Path

import pytest

from framemill.tools import launching
from framemill.tools.launching import launch
from framemill.tools.limits import GIB, Limits, rlimits

_SHOW = "import resource; print([resource.getrlimit(k) for k in map(int, '{kinds}'.split())])"


@pytest.mark.parametrize("setpriv", [True, False])
def test_a_program_gets_its_limits(monkeypatch: pytest.MonkeyPatch, setpriv: bool) -> None:
    if not setpriv:
        monkeypatch.setattr(launching, "_working_setpriv", lambda: None)
    elif sys.platform != "linux":
        pytest.skip("setpriv is Linux's")
    limits = Limits(cpu_s=100, memory_bytes=GIB, file_bytes=1_048_576, open_files=64)
    wanted = rlimits(limits)
    code = _SHOW.format(kinds=" ".join(str(int(kind)) for kind, _ in wanted))

    launched = launch((sys.executable, "-c", code), limits=limits)
    done = subprocess.run(launched.argv, preexec_fn=launched.prepare, stdout=subprocess.PIPE, check=True)

    assert done.stdout.decode().strip() == str([pair for _, pair in wanted])
    assert (launched.prepare is None) == setpriv


@pytest.mark.skipif(sys.platform != "linux", reason="setpriv is Linux's")
def test_nothing_runs_for_a_parent_that_is_gone(tmp_path: Path) -> None:
    made = tmp_path / "made"
    launched = launch(("/usr/bin/touch", str(made)), limits=Limits())
    other = f"import subprocess, sys; sys.exit(subprocess.run({launched.argv!r}).returncode)"

    assert subprocess.run([sys.executable, "-c", other], check=False).returncode == 1
    assert not made.exists()

    subprocess.run(launched.argv, check=True)
    assert made.exists()


def test_a_program_that_is_not_there_is_not_started() -> None:
    with pytest.raises(FileNotFoundError):
        launch(("/nowhere/ffmpeg",), limits=Limits())
