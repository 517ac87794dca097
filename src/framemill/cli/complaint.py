"""How an error is told: a red line, its code, the next move; as JSON on stdout where that was asked for."""

import re
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

from framemill.cli.exit_codes import FAILED, USAGE, exit_code
from framemill.cli.terminal import err, harmless, out_json, painted
from framemill.errors import FramemillError


class Said(TypedDict):
    """An error as it is told."""

    code: str
    message: str
    hint: str | None


def complain(
    *, code: str, message: str, hint: str | None = None, details: Iterable[str] = (), as_json: bool = False
) -> int:
    """Tell one error; returns the exit code."""
    if as_json:
        out_json(document_of(code=code, message=message, hint=hint))
        return exit_code(code)
    first, *more = [harmless(line) for line in message.strip().splitlines()] or [code]
    err(f"{painted('error:', 'red', sys.stderr)} {first}")
    for line in (*more, *details):
        err(f"  {line}")
    err(f"  code: {code}")
    if hint:
        # Some hints are a question or a list, not a thing to do.
        tells = hint.startswith(("did you mean", "known"))
        err(f"  {'' if tells else 'try: '}{in_cli_words(harmless(hint))}")
    return exit_code(code)


def document_of(*, code: str, message: str, hint: str | None = None) -> dict[str, object]:
    """An error as `--json` tells it."""
    return {"error": {"code": code, "message": message, "hint": in_cli_words(hint) if hint else None}}


def complain_about(error: FramemillError, *, as_json: bool) -> int:
    """Tell a deliberate error."""
    return complain(code=error.code, message=error.message, hint=error.hint, as_json=as_json)


def error_of_job(error: Mapping[str, object], *, job_id: str) -> Said:
    """Why a job failed, from its record."""
    hint = str(error.get("hint") or "`framemill jobs show ID` has the whole story")
    return {
        "code": str(error.get("code") or "framemill_error"),
        "message": str(error.get("message") or "the job failed"),
        # Whoever wrote the hint did not know which job it would be.
        "hint": hint.replace("show ID", f"show {job_id}"),
    }


def error_of_interruption(job_id: str) -> Said:
    """That the user, or the system, ended the work."""
    return {
        "code": "cancelled",
        "message": "cancelled; nothing was left behind",
        "hint": f"`framemill jobs retry {job_id}` begins again",
    }


def in_cli_words(text: str) -> str:
    """A hint or warning, written for every door, in this one's words: `mode=encode` is `--mode encode`."""
    text = re.sub(r"\bset overwrite\b", "add --overwrite", text)
    return re.sub(
        r"(?<![\w`./-])([a-z][a-z_]+)=([a-z0-9_]+)", lambda m: f"--{m[1].replace('_', '-')} {m[2]}", text
    )


def complain_about_usage(message: str, *, usage: str, hint: str | None, as_json: bool) -> int:
    """Tell that the arguments make no sense."""
    details = [usage] if usage else []
    complain(code="usage", message=_sentence(message), hint=hint, details=details, as_json=as_json)
    return USAGE


def complain_about_the_unforeseen(error: BaseException, *, as_json: bool, verbose: bool) -> int:
    """Tell that we have a bug, shortly; the traceback where it was asked for."""
    if verbose:
        traceback.print_exception(error)
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    complain(
        code="internal_error",
        message=f"this should not happen: {said}",
        hint="run it again with --verbose and report what you see, together with `framemill doctor`",
        as_json=as_json,
    )
    return FAILED


def wants(arguments: Sequence[str], *flags: str) -> bool:
    """True where one of `flags` was given; asked before, and even if not, the arguments can be parsed."""
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return any(flag in before for flag in flags)


def _sentence(message: str) -> str:
    text = message.strip().rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
