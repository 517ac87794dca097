"""`/pipelines`: named lists of operations that every installation has."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from framemill.api.dependencies import Action, Caller, may
from framemill.planner.pipelines import PIPELINES, TEMPLATES, named_pipeline, pipeline_text
from framemill.planner.schema import pipeline_schema

router = APIRouter(prefix="/pipelines", tags=["pipelines"])
_Reader = Annotated[Caller, may(Action.CATALOGUE_READ)]
_KNOWN = PIPELINES | TEMPLATES


class PipelineSummary(BaseModel):
    """A named list of operations."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(examples=["publish"])
    summary: str


class PipelineView(PipelineSummary):
    """A pipeline with its steps."""

    steps: tuple[dict[str, Any], ...] = Field(description="Specs of operations, in order.")
    text: str = Field(description="The same as YAML, with comments.")


@router.get("")
def list_all(_: _Reader) -> tuple[PipelineSummary, ...]:
    """Every pipeline."""
    return tuple(PipelineSummary(name=name, summary=text) for name, text in _KNOWN.items())


@router.get("/schema")
def schema(_: _Reader) -> dict[str, Any]:
    """The JSON schema of pipelines, for editors and forms."""
    return pipeline_schema()


@router.get("/{name}")
def show(name: str, _: _Reader) -> PipelineView:
    """One pipeline with its steps."""
    if name not in _KNOWN:
        raise HTTPException(404, "there is no such pipeline")
    specs = named_pipeline(name)
    return PipelineView(
        name=name,
        summary=_KNOWN[name],
        steps=tuple(spec.model_dump(mode="json", exclude_defaults=True) | {"op": spec.op} for spec in specs),
        text=pipeline_text(name),
    )
