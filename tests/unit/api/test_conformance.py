"""The whole description, tried with what it says and what it does not: every answer is one that it names.

`FRAMEMILL_TEST_EXAMPLES=1000` tries for long.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CheckFunction
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import positive_data_acceptance

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.access import Scope
from framemill.settings import Settings
from tests.unit.api.conftest import Place, a_place, bearer

_EXAMPLES = int(os.environ.get("FRAMEMILL_TEST_EXAMPLES", "1"))
_CALLERS = ["nobody", "write"] if _EXAMPLES == 1 else ["nobody", "read", "write", "admin"]
# Of parameters: a length of time, and which of them exclude each other.
_WITH_RULES = {"stats_show", "stats_costs", "admin_list_stuck"}
# Streams of events end late: who is let in listens to them in `test_events`, and here in the long form.
_STREAMS = ["jobs_follow", "jobs_listen"] if _EXAMPLES == 1 else []
_SETTINGS = settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", name="app")
def _app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = open_app(Settings(data_dir=tmp_path_factory.mktemp("tried"), rate_reads=0, rate_writes=0))
    yield app
    app.close()


@pytest.fixture(scope="module", name="place")
def _place(app: App) -> Place:
    return a_place(app, "here")


@pytest.fixture(scope="module", name="client")
def _client(app: App) -> Iterator[asgi.ASGIClient]:
    served: Any = create_app(app)  # Any: the two say differently what ASGI is
    with asgi.get_client(served) as client:
        yield client


@pytest.fixture(scope="module", name="callers")
def _callers(app: App, place: Place) -> dict[str, dict[str, str]]:
    admin = app.access.create_key("tries", scope=Scope.ADMIN).secret
    return {
        "admin": bearer(admin),
        "write": bearer(place.write),
        "read": bearer(place.read),
        "nobody": {},
    }


def _described(app: App, *, known: dict[str, str], edges: bool) -> schemathesis.BaseSchema:
    """The description; with `known` what is asked for is there, with `edges` every bound is tried."""
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "phases": {"coverage": {"enabled": edges}, "examples": {"enabled": True}},
            **({"parameters": {f"path.{name}": value for name, value in known.items()}} if known else {}),
        }
    )
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app(app), config=config)


def _ending(described: schemathesis.BaseSchema) -> schemathesis.BaseSchema:
    return described.exclude(operation_id=_STREAMS) if _STREAMS else described


def _try(described: schemathesis.BaseSchema, client: asgi.ASGIClient, headers: dict[str, str]) -> None:
    """Fail with what is wrong with each endpoint, if anything is."""

    def tried(case: schemathesis.Case[Any]) -> None:
        # No JSON schema says all: which fields go together, what a name may be.
        unsaid: list[CheckFunction] = []
        if case.operation.body or case.operation.definition.raw["operationId"] in _WITH_RULES:
            unsaid.append(positive_data_acceptance)
        case.call_and_validate(session=client, headers=headers, excluded_checks=unsaid)

    wrong: list[str] = []
    for result in get_all_tests(schema=described, test_func=tried, settings=_SETTINGS, given_kwargs={}):
        operation, test = result.ok()  # type: ignore[union-attr]  # what is no schema fails here
        try:
            test()
        except FailureGroup as group:
            wrong += [f"{operation.label}: {error}" for error in group.exceptions]
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


def test_every_answer_is_one_that_the_description_names(
    app: App, client: asgi.ASGIClient, callers: dict[str, dict[str, str]]
) -> None:
    _try(_ending(_described(app, known={}, edges=True)), client, callers["admin"])


@pytest.mark.parametrize("who", _CALLERS)
def test_whoever_asks_about_what_is_there_gets_an_answer_of_the_description(
    app: App, place: Place, client: asgi.ASGIClient, callers: dict[str, dict[str, str]], who: str
) -> None:
    known = {
        "workspace": place.workspace,
        "collection": place.collection,
        "video_id": place.video,
        "job_id": place.job,
        "batch_id": place.batch,
        "artifact_id": place.artifact,
        "upload_id": place.upload,
        "webhook_id": place.webhook,
        "delivery_id": place.delivery,
        "name": "publish",
    }
    described = _described(app, known=known, edges=False)
    if who != "nobody":  # what is there has to stay
        described = _ending(described.exclude(method="DELETE"))

    _try(described, client, callers[who])
