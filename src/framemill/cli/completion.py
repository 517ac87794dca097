"""What the shell offers after an option: names of profiles, rungs and pipelines, read at little cost."""

import os
import tomllib
from importlib import resources
from pathlib import Path


def profile_names(incomplete: str) -> list[str]:
    """Profiles whose names begin so; the files are only read, not checked."""
    names: list[str] = []
    for text in _profile_files():
        try:
            names += tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            continue
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


def rung_names(incomplete: str) -> list[str]:
    """Rungs that may follow what is already in a comma-separated list."""
    from framemill.domain.ladder import RUNGS

    before, comma, last = incomplete.rpartition(",")
    return [
        f"{before}{comma}{name}" for name in RUNGS if name.startswith(last) and name not in before.split(",")
    ]


def pipeline_names(incomplete: str) -> list[str]:
    """Pipelines and templates whose names begin so; files of one's own are the shell's to offer."""
    package = resources.files("framemill.planner")
    files = (file for folder in ("builtin", "templates") for file in package.joinpath(folder).iterdir())
    names = sorted(file.name.removesuffix(".yaml") for file in files)
    return [name for name in names if name.startswith(incomplete)]


def _profile_files() -> list[str]:
    found = []
    own = os.environ.get("FRAMEMILL_PROFILES_FILE")
    package = resources.files("framemill.operations")
    try:
        found.append(package.joinpath("profiles.toml").read_text("utf-8"))
        if own:
            found.append(Path(own).expanduser().read_text("utf-8", errors="replace"))
    except OSError:
        pass
    return found
