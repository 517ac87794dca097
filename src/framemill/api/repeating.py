"""`Idempotency-Key`: a request that is sent again is done once, and answered as it was.

`creates` stands at endpoints that make something. It claims the key before
the endpoint runs; `Repeatable` notes the answer before the client has it. What
is refused is forgotten, so that it can be tried again. A process that dies in
between leaves a claim that ends by itself (`services.repeats`).
"""

import hmac
import json
import logging
from enum import Enum
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framemill.api.dependencies import Action, Caller, TheApp, get_caller
from framemill.app import App
from framemill.errors import AnswerNotKept, FramemillError
from framemill.services.repeats import Answer, Claim

log = logging.getLogger(__name__)

REPLAYED = "Idempotency-Replayed"
_CLAIM = "claim"
_MOST_BYTES = 1 << 20  # of an answer that is kept
_MULTIPLE_CHOICES = 300

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same key with the same request is done once and answered as it was, for a day.",
    ),
]


class Answers(Enum):
    """What becomes of the answer to a request with a key."""

    KEPT = "it is kept, and given again"
    MADE_ANEW = "the service knows the key and gives the same thing with fresh addresses"
    SHOWN_ONCE = "it has a secret, and a repeated request is refused"


class AnsweredBefore(Exception):
    """The request was answered before, so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class _Creates:
    """The caller, where it may do this and its request is new; AnsweredBefore where it is not."""

    def __init__(self, action: Action, answers: Answers) -> None:
        self.action = action
        self._answers = answers

    async def __call__(
        self,
        request: Request,
        app: TheApp,
        caller: Annotated[Caller, Depends(get_caller)],
        idempotency_key: Key = None,
    ) -> Caller:
        caller = caller.asks(self.action)
        if idempotency_key is None:
            return caller
        digest = _digest(request, await request.body(), secret=app.secrets[-1])
        found = await run_in_threadpool(app.repeats.claim, caller.id, idempotency_key, digest)
        if isinstance(found, Claim):
            request.scope["state"][_CLAIM] = (found, self._answers is Answers.KEPT)
        elif self._answers is Answers.SHOWN_ONCE:
            raise AnswerNotKept
        elif found.body is not None:
            raise AnsweredBefore(found)
        return caller


def creates(action: Action, answers: Answers = Answers.KEPT) -> Any:  # noqa: ANN401 - as `may`
    """The dependency that gives the caller, where it may do this and did not do so before."""
    return Depends(_Creates(action, answers))


def install(api: FastAPI) -> None:
    """Let answers be given again."""
    api.add_exception_handler(AnsweredBefore, _again)


async def _again(_: Request, error: Exception) -> Response:
    assert isinstance(error, AnsweredBefore)
    answer = error.answer
    headers = {REPLAYED: "true"}
    if answer.location is not None:
        headers["Location"] = answer.location
    return Response(answer.body, answer.status, headers, media_type="application/json")


class Repeatable:
    """Notes what is answered to requests that were claimed."""

    def __init__(self, api: ASGIApp, *, app: App) -> None:
        self._api = api
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._api(scope, receive, send)
            return
        state: dict[str, Any] = scope["state"]  # Any: ASGI's
        held: list[Message] = []

        async def noted(message: Message) -> None:
            if _CLAIM not in state:
                await send(message)
                return
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                claim, whole = state.pop(_CLAIM)
                await self._settle(claim, held, whole=whole)
                for one in held:
                    await send(one)

        try:
            await self._api(scope, receive, noted)
        except Exception:
            if _CLAIM in state:
                await self._settle(state.pop(_CLAIM)[0], [], whole=False)
            raise

    async def _settle(self, claim: Claim, messages: list[Message], *, whole: bool) -> None:
        """Keep an answer, or forget the request where it was refused."""
        status = messages[0]["status"] if messages else None
        repeats = self._app.repeats
        try:
            if status is None or status >= _MULTIPLE_CHOICES:
                await run_in_threadpool(repeats.release, claim)
                return
            body = b"".join(one.get("body", b"") for one in messages[1:])
            answer = Answer(
                status=status,
                location=Headers(raw=messages[0]["headers"]).get("location"),
                body=body.decode() if whole and len(body) <= _MOST_BYTES else None,
            )
            await run_in_threadpool(repeats.keep, claim, answer)
        except FramemillError as error:
            # What was done is done: the client has to hear of it.
            log.warning("request.unkept code=%s key=%s", error.code, claim.id)


def _digest(request: Request, body: bytes, *, secret: str) -> str:
    """Tells requests apart: JSON that says the same is the same.

    Under the installation's secret: it is kept, and a body may hold a password that could be guessed.
    Under the oldest, as that is there before and after another is put in front of it.
    """
    try:
        said = json.dumps(json.loads(body), sort_keys=True)
    except ValueError:
        said = body.hex()
    whole = json.dumps([request.method, request.url.path, request.url.query, said])
    return hmac.digest(secret.encode(), whole.encode(), "sha256").hex()
