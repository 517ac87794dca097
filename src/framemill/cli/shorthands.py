"""Options that no field has but people expect: `-d 11` for eleven minutes, `--no-copy`."""

from collections.abc import Iterator, Mapping
from inspect import Parameter

from framemill.cli.asking import Words, extra, option
from framemill.cli.chain_file import read_chain
from framemill.cli.fields import Field
from framemill.errors import InvalidSpec


def with_shorthands(options: Mapping[str, Field], *, panel: str | None = None) -> Iterator[Parameter]:
    """The options by name, each followed by the shorthand that sets it; `panel` is their heading in help."""
    for name, field in options.items():
        yield option(field, name=name, panel=panel)
        if name == "every" and field.metavar == "TIME":
            said = "--every in minutes: 11, 1.5, or 90s."
            yield extra("minutes", "-d", metavar="MINUTES", help=said, panel=panel)
        if name == "mode" and {"copy", "encode"} <= set(field.choices):
            said = "--mode encode: exact, but everything is encoded."
            yield extra("no_copy", "--no-copy", help=said, panel=panel)
        if name == "chain":
            said = "The filters from a YAML or JSON file: a list, or a mapping with `chain`."
            yield extra("chain_file", "--chain-file", metavar="FILE", help=said, panel=panel)


def apply_shorthands(words: Words, data: dict[str, object]) -> dict[str, object]:
    """`data` with what the shorthands mean; InvalidSpec where they contradict a field."""
    result = dict(data)
    if (minutes := words.get("minutes")) is not None:
        _refuse_both("-d", "every", result)
        text = str(minutes).strip()
        result["every"] = f"{text}m" if text.replace(".", "", 1).isdigit() else text
    if words.get("no_copy"):
        if result.get("mode", "encode") != "encode":
            _refuse_both("--no-copy", "mode", result)
        result["mode"] = "encode"
    if (file := words.get("chain_file")) is not None:
        _refuse_both("--chain-file", "chain", result)
        result["chain"] = read_chain(str(file))
    return result


def _refuse_both(flag: str, name: str, data: Mapping[str, object]) -> None:
    if name in data:
        raise InvalidSpec(f"{flag} and --{name} are one and the same", hint="give one of them")
