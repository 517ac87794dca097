"""Errors as RFC 9457 problems: the one table from error classes to statuses.

No stack trace, path of this machine or SQL leaves here; what was unforeseen
is logged under the correlation id that the client is told (`api.guards`).
"""

import re
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from framemill import errors
from framemill.api.discretion import discreet
from framemill.errors import FramemillError
from framemill.telemetry.log import get_log

log = get_log(__name__)

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[FramemillError], int] = {
    FramemillError: 500,
    errors.InvalidSettings: 500,
    errors.ToolFailed: 500,
    errors.DestinationUnwritable: 500,
    errors.OutputInvalid: 500,
    errors.BlobDamaged: 500,
    errors.AlertNotSent: 502,
    errors.DownloadFailed: 502,
    errors.ServerRefused: 502,
    errors.DatabaseUnavailable: 503,
    errors.StorageUnavailable: 503,
    errors.ToolMissing: 503,
    errors.ServerUnavailable: 503,
    errors.WorkerLost: 503,
    errors.TimedOut: 504,
    errors.DiskFull: 507,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.SignatureInvalid: 403,
    errors.SignatureExpired: 410,
    errors.ArtifactNotFound: 404,
    errors.BatchNotFound: 404,
    errors.BlobNotFound: 404,
    errors.CollectionNotFound: 404,
    errors.DeliveryNotFound: 404,
    errors.InputNotFound: 404,
    errors.JobNotFound: 404,
    errors.KeyNotFound: 404,
    errors.PartNotFound: 404,
    errors.ProfileNotFound: 404,
    errors.SessionNotFound: 404,
    errors.UploadNotFound: 404,
    errors.UserNotFound: 404,
    errors.VideoNotFound: 404,
    errors.WebhookNotFound: 404,
    errors.WorkspaceNotFound: 404,
    errors.LimitExceeded: 413,
    errors.TooManyAttempts: 429,
    errors.ChangedMeanwhile: 412,
    errors.IdempotencyConflict: 422,
    errors.InvalidProfile: 422,
    errors.InvalidSpec: 422,
    errors.MalformedMessage: 422,
    errors.AddressRefused: 409,
    errors.Cancelled: 409,
    errors.CodecNotInContainer: 409,
    errors.EncoderUnavailable: 409,
    errors.AnswerNotKept: 409,
    errors.IllegalTransition: 409,
    errors.IncompatibleInputs: 409,
    errors.InputUnreadable: 409,
    errors.InvalidUpload: 409,
    errors.LeaseLost: 409,
    errors.NameTaken: 409,
    errors.NoAudioStream: 409,
    errors.NoRules: 409,
    errors.NoSubtitleStream: 409,
    errors.NotSupported: 409,
    errors.NoVideoStream: 409,
    errors.OutputExists: 409,
    errors.QualityUnreachable: 409,
    errors.QuotaExceeded: 409,
    errors.RangeRefused: 409,
    errors.RequestInProgress: 409,
    errors.SourceChanged: 409,
    errors.TimeOutOfRange: 409,
    errors.UpscaleRefused: 409,
    errors.VideoExists: 409,
    errors.WeakPassword: 409,
}

_RETRY_AFTER_S = "5"
# What is refused before it is clear what it is about.
_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    413: errors.LimitExceeded.code,
    415: "unsupported_media_type",
}
_TOKEN = re.compile(r"(?<=^/media/)[^/]*")  # whoever has it can watch, so no log has it


class Fault(BaseModel):
    """One thing that is wrong in a request."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="Where: `body.priority`, `query.limit`.")
    message: str


class Problem(BaseModel):
    """What went wrong, for programs (`code`) and people (`detail`, `hint`)."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="A URN of the code.", examples=["urn:framemill:error:video_not_found"])
    title: str = Field(examples=["There is no such video."])
    status: int = Field(examples=[404])
    code: str = Field(
        description="Never changes its meaning; docs/errors explains each.", examples=["video_not_found"]
    )
    detail: str
    hint: str | None = Field(None, description="What to do next.")
    errors: tuple[Fault, ...] = Field((), description="All that is wrong with the fields of a request.")
    correlation_id: str = Field(description="Finds the request in the server's log.")


def respond(
    request: Request,
    *,
    status: int,
    code: str,
    detail: str,
    title: str | None = None,
    hint: str | None = None,
    faults: Sequence[Fault] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem as a response."""
    problem = Problem(
        type=f"urn:framemill:error:{code}",
        title=title or HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=discreet(detail),
        hint=None if hint is None else discreet(hint),
        errors=tuple(faults),
        correlation_id=correlation_id(request),
    )
    return JSONResponse(
        problem.model_dump(mode="json"), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


def correlation_id(request: Request) -> str:
    """The id under which the request is logged."""
    return str(request.scope.get("state", {}).get("correlation_id", ""))


def logged_path(request: Request) -> str:
    """The path as it may stand on one line of a log."""
    path: str = request.scope["path"]
    return "".join(c if c.isprintable() else "?" for c in _TOKEN.sub("...", path))


def install(api: FastAPI) -> None:
    """Let every foreseen error of `api` become a problem."""
    api.add_exception_handler(FramemillError, _deliberate)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, _refused)


async def _deliberate(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, FramemillError)
    return told(request, error)


def told(request: Request, error: FramemillError) -> JSONResponse:
    """A deliberate error as a response."""
    # An error without a status of its own has that of what it is a kind of.
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="framemill"'
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = _RETRY_AFTER_S
    if isinstance(error, errors.TooManyAttempts):
        headers["Retry-After"] = str(error.wait_s)
    if isinstance(error, errors.RequestInProgress):
        headers["Retry-After"] = "1"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning(
            "request.failed",
            code=error.code,
            path=logged_path(request),
            correlation_id=correlation_id(request),
            reason=str(error),
        )
    return respond(
        request,
        status=status,
        code=error.code,
        title=(type(error).__doc__ or error.code).strip().splitlines()[0],
        detail=error.message,
        hint=error.hint,
        headers=headers or None,
    )


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if (
        any(issue["loc"] == ("body",) for issue in error.errors())
        and await request.body()
        and not _is_json(kind)
    ):
        return respond(
            request,
            status=415,
            code="unsupported_media_type",
            title="The body is of another type than this takes.",
            detail=f"the body is {kind[:80] or 'of no type'!r}",
            hint="send JSON, with Content-Type: application/json",
            headers={"Accept": "application/json"},
        )
    faults = [
        Fault(
            field=".".join(str(part) for part in issue["loc"]),
            message=discreet(str(issue["msg"]).removeprefix("Value error, ")),
        )
        for issue in error.errors()
    ]
    first = faults[0]
    return respond(
        request,
        status=422,
        code=errors.InvalidSpec.code,
        title="The request cannot be understood.",
        detail=f"{first.field}: {first.message}",
        hint="correct the request; `errors` names every field that is wrong",
        faults=faults,
    )


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers) if error.headers else None
    if status == HTTPStatus.NOT_MODIFIED:
        return Response(status_code=status, headers=headers)
    code = _CODES.get(
        status, "bad_request" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "internal_error"
    )
    return respond(
        request,
        status=status,
        code=code,
        detail=str(error.detail),
        headers=headers,
    )
