"""Uploads: announcing a file, where its parts go, how far it is, completing it, giving it up.

The parts go straight to the store; where that is a folder of this machine,
`api.parts` takes them.
"""

import re
from collections.abc import Iterator
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from framemill.api import workspaces
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.forms import IncomingForm
from framemill.api.inflow import received
from framemill.api.repeating import Answers, Key, creates
from framemill.api.upload_views import (
    FORM,
    NOTHING_MORE,
    NUMBER,
    Completion,
    Form,
    Limits,
    NewUpload,
    NewUploadThere,
    UploadView,
    Urls,
    Wanted,
    view,
    where,
)
from framemill.app import App
from framemill.domain.videos import UploadState
from framemill.errors import PartNotFound, UploadNotFound
from framemill.services.upload_records import Announced, UploadRecord

router = APIRouter(tags=["uploads"])

Writes = Annotated[Caller, may(Action.UPLOADS_WRITE)]
Reads = Annotated[Caller, may(Action.UPLOADS_READ)]
Begins = Annotated[Caller, creates(Action.UPLOADS_WRITE, Answers.MADE_ANEW)]
_NUMBER = re.compile(NUMBER)
# Completing reads the whole file once; more at once would only take the disk from each other.
_completing = CapacityLimiter(4)


@router.post(
    "/workspaces/{workspace}/collections/{collection}/uploads",
    status_code=201,
    responses={200: {"model": UploadView, "description": "The collection has this content already."}},
)
def create(
    workspace: Annotated[str, Path(max_length=64)],
    collection: Annotated[str, Path(max_length=128)],
    new: NewUpload,
    response: Response,
    app: TheApp,
    caller: Begins,
    idempotency_key: Key = None,
) -> UploadView:
    """Announce a file; the answer says where its first parts go."""
    there = NewUploadThere(**new.model_dump(), workspace=workspace, collection=collection)
    return create_anywhere(there, response, app, caller, idempotency_key)


@router.post(
    "/uploads",
    status_code=201,
    responses={200: {"model": UploadView, "description": "The collection has this content already."}},
)
def create_anywhere(
    new: NewUploadThere,
    response: Response,
    app: TheApp,
    caller: Begins,
    idempotency_key: Key = None,
) -> UploadView:
    """The same, with the workspace and the collection in the body."""
    asked = Announced(
        filename=new.filename,
        bytes=new.size,
        sha256=new.sha256,
        workspace=_seen(app, caller, new.workspace),
        collection=new.collection,
        title=new.metadata.title,
        recorded_at=new.metadata.recorded_at,
        notes=new.metadata.notes,
        pipeline=new.pipeline,
        uploader=caller.name,
        idempotency_key=idempotency_key,
        kind=new.kind,
    )
    record = app.uploads.begin(asked)
    if record.id is None:
        response.status_code = 200
    return view(record)


@router.get("/uploads/limits")
def show_limits(app: TheApp, _caller: Annotated[Caller, may(Action.CATALOGUE_READ)]) -> Limits:
    """What is taken in at all: for looking at a file before anything of it is read."""
    settings = app.settings
    return Limits(max_bytes=settings.upload_max_bytes, types=tuple(settings.upload_types.split(",")))


@router.get("/uploads/{upload_id}")
def show(upload_id: str, app: TheApp, caller: Reads) -> UploadView:
    """How it stands, and which parts have arrived: for going on after a break, on any machine."""
    return view(_own(app, caller, upload_id))


@router.post("/uploads/{upload_id}/urls")
def sign(upload_id: str, wanted: Wanted, app: TheApp, caller: Writes) -> Urls:
    """Where these parts go."""
    upload = _own(app, caller, upload_id)
    for number in wanted.sha256:
        if not _NUMBER.fullmatch(number):
            raise PartNotFound(number[:20], count=upload.part_count)
    sums = {int(number): digest for number, digest in wanted.sha256.items()}
    urls = app.uploads.urls(upload_id, wanted.parts, sha256=sums)
    return Urls(parts=tuple(map(where, urls)))


@router.post(
    "/uploads/{upload_id}/complete",
    responses={202: {"model": UploadView, "description": "Another request is at it: ask again."}},
)
async def complete(
    upload_id: str, response: Response, app: TheApp, caller: Writes, told: Completion = NOTHING_MORE
) -> UploadView:
    """Make one file of the parts, verify it, and start what is to be made of it. May be repeated."""

    def work() -> UploadRecord:
        _own(app, caller, upload_id)
        parts = [(part.number, part.etag) for part in told.parts]
        return app.uploads.complete(upload_id, parts=parts, sha256=told.sha256)

    record = await to_thread.run_sync(work, limiter=_completing)
    if record.state is UploadState.COMPLETING:
        response.status_code = 202
    return view(record)


@router.delete("/uploads/{upload_id}", status_code=204)
def abort(upload_id: str, app: TheApp, caller: Writes) -> None:
    """Give it up; nothing of it stays."""
    _own(app, caller, upload_id)
    app.uploads.abort(upload_id)


@router.post(
    "/videos",
    status_code=201,
    responses={200: {"model": UploadView, "description": "The collection has this content already."}},
    openapi_extra={"requestBody": FORM},
)
async def take(
    request: Request,
    response: Response,
    app: TheApp,
    caller: Writes,
    of: Annotated[Form, Query()],
    idempotency_key: Key = None,
) -> UploadView:
    """A small file in one form; what is said of it stands in the address.

    It may stand in fields of the form instead, which come before the file.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(415, "this takes a form: multipart/form-data", {"Accept": "multipart/form-data"})
    kind, length = request.headers.get("content-type", ""), request.headers.get("content-length", "")
    most = int(length) if length.isdecimal() else app.settings.upload_max_bytes

    def work(pieces: Iterator[bytes]) -> UploadRecord:
        form = IncomingForm(kind, pieces)
        said = Form.of(form.fields(), beside=of)
        asked = Announced(
            filename=form.filename or "",
            bytes=most,
            sha256=said.sha256,
            workspace=_seen(app, caller, said.workspace),
            collection=said.collection,
            title=said.title,
            recorded_at=said.recorded_at,
            notes=said.notes,
            pipeline=said.pipeline,
            uploader=caller.name,
            idempotency_key=idempotency_key,
        )
        return app.uploads.take(asked, form.content())

    record = await received(request, work)
    if record.duplicate:
        response.status_code = 200
    return view(record)


def _seen(app: App, caller: Caller, workspace: str) -> str:
    """The id of a workspace that exists for the caller."""
    return workspaces.seen(app, caller, workspace).id


def _own(app: App, caller: Caller, upload_id: str) -> UploadRecord:
    """The upload; UploadNotFound also where it does not exist for the caller."""
    record = app.uploads.show(upload_id)
    caller.must_see(record.workspace_id, else_=UploadNotFound(upload_id))
    return record
