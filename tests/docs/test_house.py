"""The house keeps its own rules: rooms, records, changelog, and locks that anybody can use."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import DOCS, ROOT

_NPM = ("tests/e2e", "web")
_RECORDS = sorted((DOCS / "decisions").glob("[0-9]*.md"))


def _rooms() -> list[str]:
    source = ROOT / "src" / "framemill"
    packages = [p.parent.name for p in source.glob("*/__init__.py")]
    modules = [p.stem for p in source.glob("*.py") if not p.stem.startswith("__")]
    return sorted(packages + modules)


@pytest.mark.parametrize("room", _rooms())
def test_the_design_page_describes_every_room(room: str) -> None:
    assert re.search(rf"^\| `{room}`", (DOCS / "design.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("record", _RECORDS, ids=lambda p: p.stem)
def test_every_decision_record_has_the_same_five_sections(record: Path) -> None:
    headings = re.findall(r"^## (.*)$", record.read_text(), re.MULTILINE)

    assert headings == ["Context", "Decision", "Consequences", "Rejected", "Check"]


def test_decision_records_are_numbered_without_gaps() -> None:
    numbers = [int(record.name[:4]) for record in _RECORDS]

    assert numbers == list(range(len(numbers)))


def test_the_changelog_has_a_section_for_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert re.search(rf"^## {re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_python_lock_names_the_public_index_only() -> None:
    hosts = set(re.findall(r"\w+://([^/\"]+)", (ROOT / "uv.lock").read_text()))

    assert hosts == {"pypi.org", "files.pythonhosted.org"}


@pytest.mark.parametrize("folder", _NPM)
def test_an_npm_lock_names_no_download_host_and_every_digest(folder: str) -> None:
    packages = _locked(folder)

    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_what_builds_the_ui_is_locked_for_each_system_that_people_build_on() -> None:
    packages = _locked("web")
    wanted = {
        f"node_modules/{name}" for one in packages.values() for name in one.get("optionalDependencies", ())
    }

    absent = wanted - packages.keys()

    assert {name for name in absent if not name.startswith("node_modules/@biomejs/cli-android-")} == set()
    assert sum("-darwin-arm64" in name for name in packages) == 3


@pytest.mark.parametrize("folder", _NPM)
def test_npm_dependencies_are_pinned_exactly(folder: str) -> None:
    package = json.loads((ROOT / folder / "package.json").read_text())
    wanted = package["dependencies"] | package.get("devDependencies", {})

    assert [v for v in wanted.values() if not re.fullmatch(r"\d+\.\d+\.\d+", v)] == []


def _locked(folder: str) -> dict[str, dict[str, Any]]:
    lock: dict[str, Any] = json.loads((ROOT / folder / "package-lock.json").read_text())
    packages: dict[str, dict[str, Any]] = lock["packages"]
    return packages
