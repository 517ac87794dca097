"""Clips that ffmpeg synthesises once per run, whichever worker of the run needs one first."""

import hashlib
import os
import subprocess
from pathlib import Path

from framemill.tools.programs import find_programs


def clip(name: str, *args: str) -> Path:
    """The file `name` that `ffmpeg <args> name` makes; not to be written to."""
    key = hashlib.sha256("\0".join((name, *args)).encode()).hexdigest()[:12]
    path = Path(os.environ["FRAMEMILL_TEST_CLIPS"]) / key / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{os.getpid()}-{name}")
        # Quiet and bit-exact, so that the same call gives the same bytes.
        head = (str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-y", "-threads", "2")
        subprocess.run((*head, *args, "-bitexact", str(part)), check=True, timeout=240)
        part.replace(path)  # another worker sees all of it or nothing
    return path
