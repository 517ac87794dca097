"""What a server says went wrong, as errors of our own: the same codes, messages and next moves."""

from typing import TYPE_CHECKING, Any

from framemill.engine.stored import load_error
from framemill.errors import Forbidden, FramemillError, ServerRefused, ServerUnavailable, Unauthenticated

if TYPE_CHECKING:
    import httpx2

_LONGEST = 2000  # characters of what a server says
_MOST_WAIT_S = 120.0
_MOST_FAULTS = 5
# Worth another try, sooner or later.
_PASSING = frozenset({429, 502, 503, 504})
_OWN_WORDS = frozenset({"framemill_error", "internal_error"})


def refusal(answer: "httpx2.Response", url: str) -> FramemillError:
    """What an answer that is no success means. `url` is the server's."""
    status = answer.status_code
    if answer.is_redirect:
        return ServerUnavailable(
            f"{url} sends us elsewhere, and nobody follows with a key",
            hint=f"if it is right, name that address: {answer.headers.get('location', '')[:200]}",
        )
    problem = _problem(answer)
    if problem is None:
        if status in _PASSING:
            return ServerUnavailable(f"{url} answered {status}", wait_s=_wait(answer))
        return ServerUnavailable(
            f"{url} answered {status}, and not as Framemill does", hint="look at --server"
        )
    error = _known(problem)
    passing = status == 503 and (error.transient or isinstance(error, ServerRefused))
    if passing or status == 429 or error.code == "request_in_progress":
        return ServerUnavailable(
            f"{url}: {error.message}", hint=error.hint or "try again later", wait_s=_wait(answer)
        )
    if isinstance(error, Unauthenticated):
        error.hint = (
            "`framemill keys create NAME --scope write` on the server makes a key; "
            "--api-key-file or FRAMEMILL_API_KEY_FILE names the file that holds it"
        )
    elif isinstance(error, Forbidden):
        error.hint = error.hint or "look at the key's scope, and at what its owner may do in the workspace"
    return error


def harmless(data: Any) -> Any:  # noqa: ANN401 - JSON
    """JSON without control characters in its texts: strangers say them, and terminals obey."""
    if isinstance(data, str):
        return data if data.isprintable() else "".join(c for c in data if c.isprintable() or c in "\n\t")
    if isinstance(data, list):
        return [harmless(item) for item in data]
    return {name: harmless(item) for name, item in data.items()} if isinstance(data, dict) else data


def said(error: Exception) -> str:
    """What a library says of a connection, or what kind of trouble it was."""
    return str(error)[:_LONGEST] or type(error).__name__


def _problem(answer: "httpx2.Response") -> dict[str, Any] | None:  # Any: JSON
    try:
        data = harmless(answer.json())
    except ValueError:
        return None
    told = (
        isinstance(data, dict) and isinstance(data.get("code"), str) and isinstance(data.get("detail"), str)
    )
    return data if told else None


def _known(problem: dict[str, Any]) -> FramemillError:  # Any: JSON
    message, hint = problem["detail"][:_LONGEST], problem.get("hint")
    hint = hint[:_LONGEST] if isinstance(hint, str) else None
    error = load_error({"code": problem["code"][:80], "message": message, "hint": hint})
    if type(error) is not FramemillError or problem["code"] in _OWN_WORDS:
        return error
    faults = [
        f"{fault.get('field')}: {fault.get('message')}"[:_LONGEST]
        for fault in problem.get("errors") or ()
        if isinstance(fault, dict)
    ]
    more = "".join(f"\n{fault}" for fault in faults[:_MOST_FAULTS])
    return ServerRefused(f"the server refused ({problem['code'][:80]}): {message}{more}", hint=hint)


def _wait(answer: "httpx2.Response") -> float:
    """How long it asks us to wait; a date is not understood, and no wait is longer than two minutes."""
    asked = answer.headers.get("retry-after", "")
    return min(_MOST_WAIT_S, float(asked)) if asked.isascii() and asked.isdecimal() else 0.0
