"""How an item is written in one line: `crop width=640 height=360`, `text "Hello: world" size=8%`.

Words are split as a shell splits them; nothing else has a meaning, so every
character can be written inside quotes.
"""

import re
import shlex
from collections.abc import Mapping

_FIELD = re.compile(r"([a-z][a-z_]*)=", re.ASCII)


def parse(line: str, main_fields: Mapping[str, str | None]) -> dict[str, object]:
    """The item's data; `main_fields` says of each filter which field a bare word sets. Raises ValueError."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ValueError(f"{line!r}: {str(error).lower()}; close the quotes") from error
    if not words:
        raise ValueError("is empty; write a filter's name, then its fields")
    name = words[0]
    data: dict[str, object] = {"filter": name}
    main = main_fields.get(canonical(name))
    for word in words[1:]:
        if found := _FIELD.match(word):
            field, value = found[1], word[found.end() :]
        elif main is not None:
            field, value = main, word
        else:
            raise ValueError(f"{name}: {word!r} is not field=value")
        if field in data:
            raise ValueError(f"{name}: {field} is set twice")
        data[field] = value
    return data


def canonical(name: str) -> str:
    """A filter's name however it is spelled: `auto-crop`, `color`, `stabilize`."""
    word = name.strip().lower().replace("-", "_")
    return {"color": "colour", "stabilize": "stabilise", "autocrop": "auto_crop", "blur_region": "blur"}.get(
        word, word
    )
