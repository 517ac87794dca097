"""A real server with a worker, that shows the UI."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Site:
    """A server that shows the UI."""

    url: str
    folder: Path
    env: dict[str, str]

    def framemill(self, *args: str) -> str:
        """What the program says, run on the server's data."""
        command = [sys.executable, "-m", "framemill", *args]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout + done.stderr

    def link(self) -> str:
        """A new link that signs a browser in as an admin, once."""
        found = re.search(r"token=(\S+)", self.framemill("keys", "login"))
        assert found is not None
        return f"{self.url}/login?token={found[1]}"


@contextmanager
def serving(folder: Path, settings: Mapping[str, str]) -> Iterator[Site]:
    """One with its data in `folder`, until the block ends."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TMPDIR") if key in os.environ}
    env = {
        **kept,
        "HOME": str(folder / "home"),
        "FRAMEMILL_DATA_DIR": str(folder / "data"),
        "FRAMEMILL_CACHE_DIR": str(folder / "cache"),
        **settings,
    }
    said = folder / "said.txt"
    command = [sys.executable, "-m", "framemill", "serve", "--port", "0", "--workers", "1"]
    # Into a file: nobody reads on from a pipe, and a full one would stop the server.
    with said.open("w") as out, subprocess.Popen(command, env=env, stderr=out) as process:
        try:
            yield Site(url=_address(said, process), folder=folder, env=env)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _address(said: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(r"^serving at (\S+)$", said.read_text(), re.MULTILINE):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(said.read_text())
