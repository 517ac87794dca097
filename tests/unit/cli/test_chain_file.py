import json
from pathlib import Path

import pytest

from framemill.cli.chain_file import read_chain
from framemill.errors import InputNotFound, InvalidSpec
from framemill.operations.filter import Filter

_ITEMS = [{"filter": "crop", "width": "50%"}, {"filter": "text", "text": "Hello: 'you', 100%"}]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(_ITEMS),
        json.dumps({"chain": _ITEMS}),
        "chain:\n  - {filter: crop, width: 50%}\n  - filter: text\n    text: \"Hello: 'you', 100%\"\n",
        "- crop width=50%\n- |\n  text \"Hello: 'you', 100%\"\n",
    ],
)
def test_yaml_and_json_say_the_same_as_options(text: str, tmp_path: Path) -> None:
    file = tmp_path / "chain.yaml"
    file.write_text(text)

    spec = Filter.model_validate({"chain": read_chain(str(file))})

    assert spec == Filter.model_validate({"chain": _ITEMS})


@pytest.mark.parametrize(
    "text",
    ["", "flip", "steps: []", "{chain: flip}", "chain: [", "\t- x", "!!python/object:os.system {}", "\0"],
)
def test_what_is_no_chain_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "chain.yaml"
    file.write_text(text)

    with pytest.raises(InvalidSpec, match=r"chain\.yaml"):
        read_chain(str(file))


def test_a_file_must_be_there_and_not_huge(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    huge.write_text("- flip\n" * 200_000)

    with pytest.raises(InputNotFound):
        read_chain(str(tmp_path / "nowhere.yaml"))
    with pytest.raises(InvalidSpec, match="too large"):
        read_chain(str(huge))
