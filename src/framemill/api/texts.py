"""Texts and numbers of requests as the description says them; services check what they mean."""

from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from framemill.domain.videos import LINE, LINES, LONGEST_COLLECTION_NAME, LONGEST_NOTES, LONGEST_TITLE
from framemill.services.workspaces import PIPELINES_OF_NEW

Json = dict[str, Any]  # Any: JSON

_TIMES: Final = [rf"[1-9][0-9]{{0,3}}{unit}" for unit in "dhms"]


def _falling(units: list[str]) -> str:
    """`1d12h`: some of the units, the larger ones first."""
    ways = ["".join([first, *(f"({then})?" for then in units[at + 1 :])]) for at, first in enumerate(units)]
    return f"({'|'.join(ways)})"


SPAN: Final = f"^{_falling(_TIMES)}$"
SPAN_OR_EVER: Final = f"^(ever|{_falling(_TIMES)})$"
SPAN_OF_MINUTES: Final = f"^{_falling(_TIMES[:3])}$"

Title = Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE, json_schema_extra={"pattern": LINE})]
NewCollectionName = Annotated[
    str, Field(min_length=1, max_length=LONGEST_COLLECTION_NAME, json_schema_extra={"pattern": LINE})
]
NewWorkspaceName = Annotated[
    str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$", examples=["harbour"])
]
Notes = Annotated[str, Field(max_length=LONGEST_NOTES, json_schema_extra={"pattern": LINES})]
Sha256 = Annotated[str, Field(max_length=80, json_schema_extra={"pattern": "^(sha256:)?[0-9a-fA-F]{64}$"})]
# A pattern, as clients make a type of each list of words, and this list grows.
PipelineOfNew = Annotated[
    str,
    Field(
        max_length=64,
        json_schema_extra={"pattern": f"^({'|'.join(PIPELINES_OF_NEW)})$"},
        examples=["publish"],
    ),
]


def _no_text(value: object) -> object:
    if isinstance(value, str | bool):
        raise ValueError("give a whole number")
    return value


# Behind the bounds of a number: 3 and 3.0 are taken, as JSON Schema has it, and not "3" or true.
WHOLE: Final = BeforeValidator(_no_text)


def changes_like(example: Json) -> Callable[[Json], None]:
    """What describes a model of changes: what is left away stays, so no field has a default to be sent."""

    def describe(schema: Json) -> None:
        for said in schema["properties"].values():
            said.pop("default", None)
        schema["examples"] = [example]

    return describe
