"""The folder of real footage, where it is there: its files and what its manifest says of them."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from framemill.tools.programs import find_programs

# Ten seconds of an ordinary film say as much as all of it; FRAMEMILL_TEST_WHOLE_FILMS=1 takes all.
_LONG_S, _ENOUGH_S = 20, 10
_WHOLE = bool(os.environ.get("FRAMEMILL_TEST_WHOLE_FILMS"))

CORPUS = Path(
    os.environ.get("FRAMEMILL_TEST_CORPUS") or Path(__file__).resolve().parents[1] / "../shared/corpus"
).resolve()

needs_corpus = pytest.mark.skipif(
    not (CORPUS / "manifest.json").is_file(),
    reason=f"no footage in {CORPUS}; FRAMEMILL_TEST_CORPUS names its folder",
)


@cache
def manifest() -> dict[str, dict[str, Any]]:
    """Manifest entries by file name, none where the corpus is absent."""
    path = CORPUS / "manifest.json"
    if not path.is_file():
        return {}
    return {entry["file"]: entry for entry in json.loads(path.read_text("utf-8"))["files"]}


def readable_files() -> list[str]:
    """Names of the media that a probe must be able to read."""
    return [
        name
        for name, entry in manifest().items()
        if (entry.get("facts") or {}).get("probe_ok") and not name.startswith("sidecar/")
    ]


def file(name: str) -> Path:
    """A corpus file by its manifest name; skips the test where it is absent."""
    path = CORPUS / name
    if not path.is_file():
        pytest.skip(f"{name} is not in {CORPUS}")
    return path


def enough(name: str, copy: Path) -> Path:
    """`copy`, made of a corpus file: of a longer whole film, its first ten seconds, not encoded anew."""
    whole, entry = file(name), manifest()[name]
    length = (entry.get("facts") or {}).get("duration") or 0
    if length <= _LONG_S or entry["expect"].get("decodable") != "yes" or _WHOLE:
        copy.write_bytes(whole.read_bytes())
        return copy
    argv = [str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-i", f"file:{whole}"]
    subprocess.run([*argv, "-t", str(_ENOUGH_S), "-map", "0", "-c", "copy", f"file:{copy}"], check=True)
    return copy
