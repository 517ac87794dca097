"""Asking for work: `POST /jobs`, and `POST /plans` for what a job would do.

What is read are stored videos and never files of this machine: a caller names
videos, and specs name inputs.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from framemill.api import jobs, videos
from framemill.api.alternatives import Json, Way, one_of
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.discretion import discreet
from framemill.api.job_views import JobView
from framemill.api.repeating import Key, creates
from framemill.api.texts import WHOLE
from framemill.domain.media import as_data
from framemill.domain.plan import Plan
from framemill.operations.registry import load_spec
from framemill.operations.spec import Spec
from framemill.planner.pipelines import named_pipeline

router = APIRouter()

# Planning looks into the films, and may encode samples of them.
_planning = CapacityLimiter(2)
NORMAL = 5
_MOST_STEPS = 50
A_VIDEO = "01990000-0000-7000-8000-000000000000"
_EXAMPLES: list[Json] = [
    {"video": A_VIDEO, "operation": {"op": "trim", "start": 10, "end": 20}},
    {"video": A_VIDEO, "pipeline": "publish", "settings": {"ladder.crf": 22}},
]


def ways(what: str, **always: Sequence[str]) -> tuple[Way, ...]:
    """How work can be asked for; `always` what else each way needs and takes."""
    needs, takes = always.get("needs", ()), always.get("takes", ())
    return (
        Way(title=f"{what}OfOperation", needs=(*needs, "operation"), takes=takes),
        Way(title=f"{what}OfOperations", needs=(*needs, "operations"), takes=takes),
        Way(title=f"{what}OfPipeline", needs=(*needs, "pipeline"), takes=(*takes, "settings")),
    )


class OperationSpec(BaseModel):
    """One operation: `op`, and the fields that `GET /operations/{name}` describes."""

    model_config = ConfigDict(
        frozen=True, extra="allow", json_schema_extra={"examples": [{"op": "trim", "start": 10, "end": 20}]}
    )

    op: str = Field(min_length=1, max_length=64, description="Its name, one of `GET /operations`.")


class WorkOn(BaseModel):
    """What is to be done: an operation, a list of them, or a pipeline."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: OperationSpec | None = Field(None, description="One spec.")
    operations: tuple[OperationSpec, ...] | None = Field(
        None, min_length=1, max_length=_MOST_STEPS, description="Specs that may read each other's results."
    )
    pipeline: str | None = Field(None, max_length=64, description="The name of one of `/pipelines`.")
    settings: dict[str, Any] = Field(
        default_factory=dict, max_length=100, description="Fields of the pipeline's steps: `step.field`."
    )

    def must_be_one_kind(self) -> None:
        """ValueError where it is none of them, or several."""
        if sum(given is not None for given in (self.operation, self.operations, self.pipeline)) != 1:
            raise ValueError("give one of operation, operations and pipeline")
        if self.settings and self.pipeline is None:
            raise ValueError("settings are for a pipeline")

    def specs(self) -> tuple[Spec, ...]:
        """What is asked for; InvalidSpec names the field that is wrong."""
        if self.pipeline is not None:
            return named_pipeline(self.pipeline, self.settings)
        wanted = self.operations or (self.operation,)
        return tuple(load_spec({} if one is None else one.model_dump()) for one in wanted)


class Work(WorkOn):
    """What is to be done with a video."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra=one_of(*ways("Plan"), examples=_EXAMPLES)
    )

    video: str = Field(max_length=64, description="Its id. Results become its artifacts.")
    inputs: dict[str, Annotated[str, Field(max_length=64)]] = Field(
        default_factory=dict,
        max_length=100,
        json_schema_extra={"propertyNames": {"not": {"const": "input"}}},
        description="Ids of further videos of the same workspace, by the names that specs call them. "
        "`input` is the video itself.",
    )
    reuse: bool = Field(
        True,
        description="Take what an earlier job on the video made of the same. false: make everything anew.",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> "Work":
        self.must_be_one_kind()
        if self.inputs.get("input", self.video) != self.video:
            raise ValueError("the input called 'input' is the video itself")
        return self

    def videos(self) -> dict[str, str]:
        """Ids of all videos by the names of inputs."""
        return {**self.inputs, "input": self.video}


class JobRequest(Work):
    """A job to be."""

    model_config = ConfigDict(json_schema_extra=one_of(*ways("Job"), examples=_EXAMPLES))

    priority: Annotated[int, WHOLE] = Field(
        NORMAL, ge=1, le=10, description="10 is the most urgent; more than 5 needs admin."
    )


class PlanView(BaseModel):
    """What a job would do."""

    model_config = ConfigDict(frozen=True)

    estimate: Any = Field(description="Times, sizes and costs.")
    plan: Any = Field(description="Its steps with their exact commands, results, notes and warnings.")


@router.post("/jobs", status_code=202, tags=["jobs"])
def submit(
    wish: JobRequest,
    response: Response,
    app: TheApp,
    caller: Annotated[Caller, creates(Action.JOBS_SUBMIT)],
    idempotency_key: Key = None,
) -> JobView:
    """Queue work on a stored video."""
    if wish.priority > NORMAL:
        caller.must_be_allowed(Action.JOBS_PRIORITISE)
    for video in wish.videos().values():
        videos.seen(app, caller, video)
    job_id = app.video_jobs.submit(
        wish.specs(),
        video=wish.video,
        inputs=wish.videos(),
        priority=wish.priority,
        kind=wish.pipeline,
        owner=caller.name,
        idempotency_key=idempotency_key,
        reuse=wish.reuse,
    )
    response.headers["Location"] = f"/api/v1/jobs/{job_id}"
    return JobView.of(jobs.seen(app, caller, job_id))


@router.post("/plans", tags=["plans"])
async def make(wish: Work, app: TheApp, caller: Annotated[Caller, may(Action.PLANS_MAKE)]) -> PlanView:
    """Show what a job would do, without doing it."""

    def work() -> tuple[Plan, dict[str, Any]]:
        for video in wish.videos().values():
            videos.seen(app, caller, video)
        return app.video_plans.plan(wish.specs(), inputs=wish.videos(), reuse=wish.reuse)

    found, estimate = await to_thread.run_sync(work, limiter=_planning)
    return PlanView(estimate=estimate, plan=_without_paths(as_data(found)))


def _without_paths(data: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(data, dict):
        return {key: _without_paths(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_without_paths(item) for item in data]
    return discreet(data) if isinstance(data, str) else data
