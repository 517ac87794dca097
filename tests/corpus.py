"""The folder of real footage, where it is there: its files and what its manifest says of them."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

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
