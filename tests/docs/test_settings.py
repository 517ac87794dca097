import re
import shlex
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from framemill.settings import Settings
from tests.docs.pages import DOCS, ROOT

FIELDS = sorted(Settings.model_fields)


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_is_documented_in_its_own_words(name: str) -> None:
    description = Settings.model_fields[name].description
    page = (DOCS / "settings.md").read_text()
    row = re.search(rf"^\| `FRAMEMILL_{name.upper()}` \|.*$", page, re.MULTILINE)

    assert description
    assert row
    assert row.group().endswith(f"| {description} |")


def test_no_setting_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^\| `FRAMEMILL_(\w+)`", (DOCS / "settings.md").read_text(), re.MULTILINE)

    assert sorted(name.lower() for name in documented) == FIELDS


def test_the_example_environment_is_accepted_with_every_line_in_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # No configuration file of whoever runs this.
    for home in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(home, str(tmp_path))
    lines = re.findall(r"^#(FRAMEMILL_\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    for name, value in lines:
        monkeypatch.setenv(name, shlex.split(value)[0])

    settings = Settings()

    assert settings.model_fields_set == set(FIELDS)
    for name, field in Settings.model_fields.items():
        if field.default not in (None, PydanticUndefined):
            assert getattr(settings, name) == field.default, name
