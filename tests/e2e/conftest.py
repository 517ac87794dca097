"""The program as its user runs it: a process of its own, with data and cache folders of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.clips import clip


@dataclass(frozen=True, kw_only=True)
class Cli:
    """`framemill` in a folder of its own."""

    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self, *args: str | bytes, env: Mapping[str, str] | None = None, timeout: float = 120
    ) -> "subprocess.CompletedProcess[str]":
        """Run to the end; output as text, with undecodable bytes escaped as Python does."""
        return subprocess.run(
            self.argv(*args),
            cwd=self.folder,
            env={**self.env, **(env or {})},
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=timeout,
            check=False,
        )

    def argv(self, *args: str | bytes) -> list[str | bytes]:
        """The command line."""
        return [sys.executable, "-m", "framemill", *args]

    def files(self) -> set[str]:
        """Everything in its folder, as relative names."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture(name="cli")
def _cli(tmp_path: Path) -> Cli:
    keep = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TMPDIR") if key in os.environ}
    folder = tmp_path / "here"
    folder.mkdir()
    return Cli(
        folder=folder,
        env={
            **keep,
            "HOME": str(tmp_path / "home"),
            "FRAMEMILL_DATA_DIR": str(tmp_path / "data"),
            "FRAMEMILL_CACHE_DIR": str(tmp_path / "cache"),
        },
    )


def make_clip(path: Path, *, seconds: int = 4, size: str = "320x180", sound: bool = True) -> Path:
    """A test picture with a keyframe each second, and a tone."""
    tone = ("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={seconds}")
    made = clip(
        "film.mp4",
        *("-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"),
        *(tone if sound else ()),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-keyint_min", "25"),
        *("-sc_threshold", "0", "-pix_fmt", "yuv420p"),
        *(("-c:a", "aac", "-ac", "2") if sound else ()),
        *("-movflags", "+faststart"),
    )
    shutil.copyfile(made, path)
    return path


@pytest.fixture(name="film")
def _film(cli: Cli) -> str:
    """A film in the folder where the program runs; its name."""
    return make_clip(cli.folder / "film.mp4").name
