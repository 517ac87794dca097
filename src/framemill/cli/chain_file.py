"""A filter chain in a file, as `--chain-file` takes it."""

from framemill.errors import InputNotFound, InvalidSpec
from framemill.operations.binding import path_of

_MAX_BYTES = 1_000_000


def read_chain(name: str) -> list[object]:
    """The items that a YAML or JSON file lists; what they say is checked with the spec."""
    import yaml  # slow to import, and most commands need none

    path = path_of(name)
    if not path.is_file():
        raise InputNotFound(name)
    if path.stat().st_size > _MAX_BYTES:
        raise InvalidSpec(f"{path.name} is too large for a filter chain", hint="1 MB is the limit")
    try:
        data = yaml.safe_load(path.read_text("utf-8"))  # JSON is YAML
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidSpec(f"{path.name} is not YAML: {str(error).splitlines()[0]}") from error
    if isinstance(data, dict) and set(data) == {"chain"}:
        data = data["chain"]
    if not isinstance(data, list):
        raise InvalidSpec(
            f"{path.name} holds no filter chain",
            hint="it needs a list of filters, or `chain` with such a list",
        )
    return data
