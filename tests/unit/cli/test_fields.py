"""One option per field, and no option without one: for every operation there is."""

import pytest

from framemill.cli.asking import common
from framemill.cli.catalog import ONLY_IN_PIPELINES, find
from framemill.cli.fields import ELSEWHERE, data_of, fields_of
from framemill.cli.program import AnyCommand, built
from framemill.operations.names import SETS, SUMMARIES
from framemill.operations.registry import load_spec, operation

_OPERATIONS = [name for name in SUMMARIES if name not in ONLY_IN_PIPELINES]
_COMMON = {parameter.name for parameter in common()}
_SHORTHANDS = {"chain_file", "minutes", "no_copy"}


def _command(name: str) -> AnyCommand:
    entry = find(name)
    assert entry is not None
    return built(entry)


@pytest.mark.parametrize("name", _OPERATIONS)
def test_every_field_is_an_option_and_every_option_a_field(name: str) -> None:
    fields = set(operation(name).spec.model_fields) - ELSEWHERE

    options = {param.name: param.opts for param in _command(name).params}

    assert set(options) - _COMMON - _SHORTHANDS == fields
    assert all(f"--{field.replace('_', '-')}" in options[field] for field in fields)


@pytest.mark.parametrize("name", _OPERATIONS)
def test_no_field_takes_the_name_of_a_common_option(name: str) -> None:
    flags = [flag for param in _command(name).params for flag in (*param.opts, *param.secondary_opts)]

    assert sorted(flags) == sorted(set(flags))


@pytest.mark.parametrize("name", _OPERATIONS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    assert [field.name for field in fields_of(operation(name).spec) if not field.help] == []


@pytest.mark.parametrize("name", _OPERATIONS)
def test_a_default_as_it_is_shown_can_be_given(name: str) -> None:
    for field in fields_of(operation(name).spec):
        if field.default is None or field.kind == "flag":
            continue
        data = data_of(field, [field.default] if field.kind == "list" else field.default)
        made, plain = operation(name).spec, {"op": name, **_enough(name)}

        given = load_spec({**plain, field.name: data})

        default = made.model_fields[field.name].get_default(call_default_factory=True)
        assert getattr(given, field.name) == default, field.name


def _enough(name: str) -> dict[str, object]:
    """What an operation cannot do without."""
    enough: dict[str, dict[str, object]] = {
        "cut": {"every": "5s"},
        "quality": {"reference": "original"},
        "trim": {"start": "0", "end": "1"},
        "speed": {"factor": 2},
        "replace_audio": {"audio": "music"},
    }
    return enough.get(name, {})


def test_kinds_of_fields_become_kinds_of_options() -> None:
    spec = operation("ladder").spec
    filled = spec.model_validate({"qualities": ["720p", "480p"]})
    fields = {field.name: field for field in fields_of(spec, filled=filled)}

    assert fields["qualities"].kind == "list"
    assert fields["qualities"].default == "720p,480p"
    assert fields["codec"].metavar == "h264|hevc|av1"
    assert fields["keyframe"].metavar == "TIME"
    assert fields["keyframe"].default == "2s"
    assert fields["strict"].kind == "flag"


def test_lists_take_commas_and_repetition() -> None:
    field = next(f for f in fields_of(operation("ladder").spec) if f.name == "qualities")

    assert data_of(field, ["720p, 480p", "360p"]) == ["720p", "480p", "360p"]


def test_sets_are_operations() -> None:
    assert set(SUMMARIES) >= SETS


@pytest.mark.parametrize("name", sorted(ONLY_IN_PIPELINES - {"probe"}))
def test_only_what_reads_no_file_of_the_users_is_left_out(name: str) -> None:
    assert operation(name).spec.model_fields["source"].default != "input"


def test_items_are_taken_whole_one_an_option() -> None:
    (field,) = (f for f in fields_of(operation("filter").spec) if f.name == "chain")

    assert (field.kind, field.metavar) == ("items", "ITEM")
    assert data_of(field, ["text 'a, b'", "flip"]) == ["text 'a, b'", "flip"]
