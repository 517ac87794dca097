"""`framemill serve` as a process of its own, that a test may kill and start again at the same address."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from framemill.app import open_app
from framemill.domain.access import Scope
from framemill.settings import Settings

_STARTING_S = 120.0


@dataclass
class Serving:
    """One installation in a folder, served or not."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ("--no-workers",)
    url: str = ""
    _process: subprocess.Popen[bytes] | None = None

    @property
    def api(self) -> str:
        return f"{self.url}/api/v1"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def env(self) -> dict[str, str]:
        """The environment of this installation's programs."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("FRAMEMILL_")}
        return {
            **kept,
            "HOME": str(self.folder),
            "FRAMEMILL_DATA_DIR": str(self.folder / "data"),
            "FRAMEMILL_CACHE_DIR": str(self.folder / "cache"),
            **self.environment,
        }

    def start(self) -> "Serving":
        """Serve; again at the same address after a kill."""
        port = self.url.rpartition(":")[2] or "0"
        log = self.folder / "serve.log"
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "framemill.serving", "--port", port, *self.arguments],
                env=self.env,
                stderr=errors,
                cwd=self.folder,
            )
        limit = time.monotonic() + _STARTING_S
        while not (at := re.search(r"^serving at (.*)$", log.read_text(), re.MULTILINE)):
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < limit, log.read_text()
            time.sleep(0.05)
        self.url = at[1]
        return self

    def kill(self) -> None:
        """End it between any two instructions."""
        assert self._process is not None
        for child in psutil.Process(self.pid).children(recursive=True):
            child.kill()
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it as its operator would."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=60)

    def key(self, name: str = "tests", scope: Scope = Scope.WRITE) -> str:
        """A key for programs."""
        app = open_app(self.settings())
        try:
            return app.access.create_key(name, scope=scope).secret
        finally:
            app.close()

    def settings(self) -> Settings:
        """As the process has them."""
        given = {name.removeprefix("FRAMEMILL_").lower(): text for name, text in self.environment.items()}
        return Settings(data_dir=self.folder / "data", cache_dir=self.folder / "cache", **given)  # type: ignore[arg-type]  # texts, as in an environment
