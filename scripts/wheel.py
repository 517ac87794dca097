"""Builds the wheel, installs it alone in a new environment, and has it serve its pages with no Node on PATH.

python scripts/wheel.py    what is built lies in dist/
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parent.parent
_UV = Path(sys.executable).parent / "uv"
_STARTS_S = 120


def main() -> int:
    """The command line above."""
    wheel = _built(ROOT / "dist")
    with tempfile.TemporaryDirectory() as folder:
        programs = _installed(wheel, Path(folder) / "venv")
        with _served(programs, Path(folder)) as address:
            files = _loaded(address)
    print(f"{wheel.relative_to(ROOT)}: serves its pages, {files} files for the first", file=sys.stderr)
    return 0


def _built(out: Path) -> Path:
    subprocess.run([_UV, "build", "--quiet", "--wheel", "--out-dir", out, ROOT], check=True)
    return max(out.glob("*.whl"), key=lambda file: file.stat().st_mtime_ns)


def _installed(wheel: Path, environment: Path) -> Path:
    """Where the programs of a new environment lie that has nothing but the wheel and what it needs."""
    subprocess.run([_UV, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    python = environment / "bin/python"
    subprocess.run([_UV, "pip", "install", "--quiet", "--python", python, wheel], check=True)
    return python.parent


@contextmanager
def _served(programs: Path, folder: Path) -> Iterator[str]:
    """The address of a server with its data in `folder`, until the block ends."""
    env = {
        "PATH": str(programs),
        "HOME": str(folder),
        "TMPDIR": tempfile.gettempdir(),
        "FRAMEMILL_DATA_DIR": str(folder / "data"),
    }
    said = folder / "said.txt"
    command: list[str | Path] = [programs / "framemill", "serve", "--port", "0", "--workers", "1"]
    with said.open("w") as out, subprocess.Popen(command, env=env, cwd=folder, stderr=out) as process:
        try:
            yield _address(said, process)
        finally:
            process.terminate()


def _address(said: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + _STARTS_S
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(r"^serving at (\S+)$", said.read_text(), re.MULTILINE):
            return found[1]
        time.sleep(0.1)
    raise SystemExit(f"error: the server did not start:\n{said.read_text()}")


def _loaded(address: str) -> int:
    """How many files a page is made of; an error for one that is not there."""
    with httpx2.Client(base_url=address) as server:
        text = server.get("/videos", headers={"Accept": "text/html"}).raise_for_status().text
        files = set(re.findall(r'(?:src|href)="(/[^"]+)"', text))
        for file in files:
            server.get(file).raise_for_status()
    if not any(file.endswith(".js") and "/assets/" in file for file in files):
        raise SystemExit(f"error: the page has no program:\n{text}")
    return len(files)


if __name__ == "__main__":
    sys.exit(main())
