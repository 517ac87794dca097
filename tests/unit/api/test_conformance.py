"""The whole description, tried with what it says and what it does not: every answer is one that it names.

`make conform` tries for long.
"""

import os
import re
from collections.abc import Iterator
from typing import Any
from unittest import SkipTest

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import positive_data_acceptance

from framemill.api.application import create_app
from framemill.api.dependencies import COOKIE
from framemill.app import App, open_app
from framemill.domain.access import Caller, Role, Scope
from framemill.operations.names import SUMMARIES
from framemill.planner.pipelines import PIPELINES, TEMPLATES
from framemill.settings import Settings
from tests.unit.api.conftest import Place, a_place, bearer

_EXAMPLES = int(os.environ.get("FRAMEMILL_TEST_EXAMPLES", "1"))
_CALLERS = ["nobody", *Role, "admin"]
# What is sound may be refused for what is there: beside the usual 401, 403, 404, 409 and 429 an edit since
# then (412), and what this installation takes at most (413).
_SOUND = ["2xx", "3xx", "401", "403", "404", "409", "412", "413", "429"]
# What a catalogue describes and no description of the API: operations, pipelines, and the fields of each.
_CATALOGUE = "|".join((*SUMMARIES, *PIPELINES, *TEMPLATES))
_OF_A_CATALOGUE = re.compile(rf"there is no (operation|pipeline) |({_CATALOGUE})\b")
# Streams of events end late, and are listened to in `test_events`; what ends the session, in `test_accounts`.
_APART = ["jobs_follow", "jobs_listen", "auth_logout"]
_SETTINGS = settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
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
    app.users.create("the-admin", password="a long sentence of hers", admin=True)
    signed_in = app.sign_in.with_cookie("the-admin", "a long sentence of hers", agent="tries")
    in_person = {"Cookie": f"{COOKIE}={signed_in.secret}", "Sec-Fetch-Site": "same-origin"}
    callers = {"nobody": {}, "admin": in_person}
    for role in Role:
        user = app.users.create(f"the-{role}")
        app.members.put(place.workspace, user.name, role)
        owner = Caller(id="", name=user.name, scope=Scope.ADMIN, user_id=user.id)
        callers[role] = bearer(app.access.create_key(role, scope=Scope.ADMIN, owner=owner).secret)
    return callers


def _described(app: App, *, known: dict[str, str], edges: bool) -> schemathesis.BaseSchema:
    """The description; with `known` what is asked for is there, with `edges` every bound is tried."""
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            # Other methods than an address has are tried in `test_methods`.
            "phases": {
                "coverage": {"enabled": edges, "unexpected-methods": []},
                "examples": {"enabled": True},
            },
            # Nothing takes a zero byte in an address (400): `test_rubbish` sends some.
            "generation": {"allow-x00": False},
            "checks": {"positive_data_acceptance": {"expected-statuses": _SOUND}},
            **({"parameters": {f"path.{name}": value for name, value in known.items()}} if known else {}),
        }
    )
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app(app), config=config)


def _refused_for_what_is_elsewhere(response: Response) -> bool:
    """Whether a refusal is of what no schema of a request could say."""
    if response.status_code != 422:
        return False
    problem = response.json()
    # The key stands for the request that came with it first (422, as the draft on Idempotency-Key has it).
    return problem["code"] == "idempotency_conflict" or bool(_OF_A_CATALOGUE.match(problem["detail"]))


def _try(
    described: schemathesis.BaseSchema,
    client: asgi.ASGIClient,
    headers: dict[str, str],
    phases: tuple[Phase, ...] = (Phase.explicit, Phase.generate),
) -> None:
    """Fail with what is wrong with each endpoint, if anything is."""

    def tried(case: schemathesis.Case[Any]) -> None:
        response = case.call(session=client, headers=headers)
        unsaid: list[CheckFunction] = (
            [positive_data_acceptance] if _refused_for_what_is_elsewhere(response) else []
        )
        if case.path.endswith("/health/ready") and response.status_code == 503:
            # What it looks at may answer late on a busy machine; that is what it is there to say.
            unsaid += [not_a_server_error, positive_data_acceptance]
        # Checks that ask again do so as the same caller.
        again = {"session": client, "headers": headers}
        case.validate_response(response, excluded_checks=unsaid, headers=headers, transport_kwargs=again)

    wrong: list[str] = []
    chosen = settings(_SETTINGS, phases=phases)
    for result in get_all_tests(schema=described, test_func=tried, settings=chosen, given_kwargs={}):
        operation, test = result.ok()  # type: ignore[union-attr]  # what is no schema fails here
        try:
            test()
        except FailureGroup as group:
            wrong += [f"{operation.label}: {error}" for error in group.exceptions]
        except SkipTest:
            continue  # where only examples are tried, and it has none
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


def test_every_answer_is_one_that_the_description_names(
    app: App, client: asgi.ASGIClient, callers: dict[str, dict[str, str]]
) -> None:
    described = _described(app, known={}, edges=True).exclude(operation_id=_APART)

    _try(described, client, callers["admin"])


@pytest.fixture(scope="module", name="known")
def _known(app: App, place: Place) -> schemathesis.BaseSchema:
    return _described(
        app,
        known={
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
        },
        edges=False,
    )


@pytest.mark.parametrize("who", _CALLERS)
def test_whoever_asks_about_what_is_there_gets_an_answer_of_the_description(
    client: asgi.ASGIClient, known: schemathesis.BaseSchema, callers: dict[str, dict[str, str]], who: str
) -> None:
    # What else can be said, one of them tries in the short form; who may say it, `test_policy` knows.
    some = _EXAMPLES == 1 and who != Role.OPERATOR
    phases = (Phase.explicit,) if some else (Phase.explicit, Phase.generate)
    # What is there has to stay.
    described = known if who == "nobody" else known.exclude(method="DELETE").exclude(operation_id=_APART)

    _try(described, client, callers[who], phases)
