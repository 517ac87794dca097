"""What the OpenAPI description says beside what FastAPI knows: every problem that an endpoint may answer."""

from typing import Any, Final

from framemill.api.alternatives import name_all
from framemill.api.problems import MEDIA_TYPE, Problem

Json = dict[str, Any]  # Any: JSON

_REF: Final = "#/components/responses/"
_PROBLEMS: Final[dict[str, tuple[str, str]]] = {
    "400": ("BadRequest", "The request is no sound HTTP or JSON."),
    "401": ("Unauthenticated", "It is not known who asks."),
    "403": ("Forbidden", "Whoever asks may not do this."),
    "404": ("NotFound", "It is not there, or not for this caller."),
    "408": ("TooSlow", "The body came too slowly."),
    "409": ("Refused", "Understood, and refused: a state, a name, an input does not allow it."),
    "412": ("ChangedMeanwhile", "It was edited since the version that If-Match names."),
    "413": ("TooLarge", "Larger than a limit."),
    "415": ("UnsupportedMedia", "The body is of another type than this takes."),
    "421": ("UnknownHost", "The host's name is not one of ours."),
    "422": ("Malformed", "The request cannot be understood; `errors` names what is wrong."),
    "429": ("RateLimited", "More was asked for than one caller may ask in a minute."),
    "500": ("Broken", "Something of ours failed."),
    "503": ("Unavailable", "Something that we depend on does not answer."),
}
_RETRIED: Final = frozenset({"409", "429", "503"})
_WITH_BODY: Final = frozenset({"400", "408", "413", "415", "422"})
_TAG: Final = {"description": "What If-Match and If-None-Match take.", "schema": {"type": "string"}}


def complete(schema: Json) -> None:
    """Add the problems, and the headers of answers, to a description that FastAPI made."""
    parts = schema.setdefault("components", {})
    shapes = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        shapes.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    shapes |= problem.pop("$defs", {})
    shapes["Problem"] = problem
    parts["responses"] = {name: _response(status, text) for status, (name, text) in _PROBLEMS.items()}
    parts["responses"]["Problem"] = _response("default", "What went wrong.")
    name_all(shapes)
    for path, methods in schema.get("paths", {}).items():
        for method, operation in methods.items():
            _describe(operation, method=method, path=path)


def _describe(operation: Json, *, method: str, path: str) -> None:
    answers = operation["responses"]
    answers.pop("422", None)
    for status in sorted(_possible(operation, method=method, path=path)):
        answers.setdefault(status, {"$ref": _REF + _PROBLEMS[status][0]})
    answers["default"] = {"$ref": f"{_REF}Problem"}
    parameters = operation.get("parameters", ())
    for parameter in parameters:
        _never_null(parameter["schema"])
    names = {parameter["name"].lower() for parameter in parameters}
    for status, answer in answers.items():
        if status in {"201", "202"} and method == "post":
            answer["headers"] = {
                "Location": {"description": "Where it is.", "schema": {"type": "string"}},
            }
        if status == "200" and "if-none-match" in names:
            answer["headers"] = {"ETag": _TAG}
    if "if-none-match" in names and method == "get":
        answers["304"] = {"description": "The client has it.", "headers": {"ETag": _TAG}}
    first, _, more = operation.pop("description", "").partition("\n")
    if first:
        operation["summary"] = first
    if more.strip():
        operation["description"] = more.strip()


def _never_null(parameter: Json) -> None:
    """What may be left out of an address or a header cannot be null: FastAPI says one by the other."""
    kinds = [kind for kind in parameter.pop("anyOf", ()) if kind != {"type": "null"}]
    if kinds:
        [kind] = kinds
        parameter |= kind


def _possible(operation: Json, *, method: str, path: str) -> set[str]:
    """The statuses of problems that a request of this kind may meet."""
    found = {"421", "500"}
    if operation.get("security"):
        found |= {"401", "403", "429", "503"}
    if "{" in path:
        found.add("404")
    if operation.get("parameters"):
        found |= {"400", "422"}
    if "requestBody" in operation:
        found |= _WITH_BODY
    if method != "get":
        found |= {"404", "409"}
    if any(parameter["name"].lower() == "if-match" for parameter in operation.get("parameters", ())):
        found.add("412")
    return found


def _response(status: str, text: str) -> Json:
    answer: Json = {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in _RETRIED:
        answer["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        }
    return answer
