import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors, page_id, pages, prose

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# Homes of people and machines; a page is read elsewhere than it was written.
_MACHINE_PATH = re.compile(r"(?<![\w.])(?:/(?:home|Users|root|work|mnt|private)/[\w.-]+|[A-Z]:\\\w+)")


@pytest.mark.parametrize("page", pages(), ids=page_id)
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    broken = []

    for target in _LINK.findall(prose(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=page_id)
def test_no_page_names_a_path_of_one_machine(page: Path) -> None:
    assert _MACHINE_PATH.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", pages(), ids=page_id)
def test_files_of_the_repository_that_a_page_names_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:src|tests|docs|scripts|benchmarks)/[\w./-]+)`", prose(page.read_text(encoding="utf-8"))
    )

    assert [name for name in named if not (ROOT / name).exists()] == []
