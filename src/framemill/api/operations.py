"""`/operations`: what can be asked for, each with the JSON schema of its fields."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from framemill.api.dependencies import Action, Caller, may
from framemill.operations.examples import EXAMPLES
from framemill.operations.names import SUMMARIES
from framemill.operations.registry import operation

router = APIRouter(prefix="/operations", tags=["operations"])
_Reader = Annotated[Caller, may(Action.CATALOGUE_READ)]


class OperationSummary(BaseModel):
    """One kind of work."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(examples=["trim"])
    summary: str


class OperationView(OperationSummary):
    """One kind of work with its fields."""

    fields: dict[str, Any] = Field(description="JSON Schema of a spec: forms and checks are made of it.")
    examples: tuple[dict[str, Any], ...] = Field(description="Specs as people write them.")


@router.get("")
def list_all(_: _Reader) -> tuple[OperationSummary, ...]:
    """Every operation."""
    return tuple(OperationSummary(name=name, summary=text) for name, text in SUMMARIES.items())


@router.get("/{name}")
def show(name: str, _: _Reader) -> OperationView:
    """One operation with the schema of its fields."""
    if name not in SUMMARIES:
        raise HTTPException(404, "there is no such operation")
    found = operation(name)
    return OperationView(
        name=found.name,
        summary=found.summary,
        fields=found.spec.model_json_schema(),
        examples=({"op": name, **EXAMPLES[name]},),
    )
