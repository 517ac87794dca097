"""Which files of the store rows name, and which rows say what a file must be."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from framemill.domain.states import JobState
from framemill.domain.videos import UploadState, VideoState
from framemill.store.tables import Artifact, Job
from framemill.store.video_tables import Upload, Video

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_OPEN_JOBS: Final = tuple(state for state in JobState if not state.ended)
_OPEN_UPLOADS: Final = tuple(state for state in UploadState if not state.ended)


def originals(session: Session, *, after: str | None, limit: int) -> Sequence[Video]:
    """Videos whose original is there, in the order of their ids, from behind `after`."""
    query = select(Video).where(Video.state == VideoState.READY, Video.key.is_not(None))
    if after is not None:
        query = query.where(Video.id > after)
    return session.scalars(query.order_by(Video.id).limit(limit)).all()


def made(session: Session, *, after: str | None, limit: int) -> Sequence[Artifact]:
    """What was made and is in the store, in the order of ids, from behind `after`."""
    query = select(Artifact).where(Artifact.key.is_not(None), Artifact.video_id.is_not(None))
    if after is not None:
        query = query.where(Artifact.id > after)
    return session.scalars(query.order_by(Artifact.id).limit(limit)).all()


def still_named(session: Session, row: Video | Artifact) -> bool:
    """Whether a row that was read before still says that its file is there."""
    query: Select[Video] | Select[Artifact]
    if isinstance(row, Video):
        query = select(Video).where(Video.id == row.id, Video.key == row.key, Video.state == VideoState.READY)
    else:
        going = exists().where(Video.id == Artifact.video_id, Video.state == VideoState.DELETING)
        query = select(Artifact).where(Artifact.id == row.id, Artifact.key == row.key, ~going)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none() is not None


def names_anything(session: Session) -> bool:
    """Whether any row names a file at all."""
    named = (Video.key.is_not(None), Upload.state.in_(_OPEN_UPLOADS), Artifact.key.is_not(None))
    columns = (Video.id, Upload.id, Artifact.id)
    return any(
        session.scalars(select(column).where(condition).limit(1)).first() is not None
        for column, condition in zip(columns, named, strict=True)
    )


def unnamed(session: Session, keys: Iterable[str], *, keeps_work: Iterable[str]) -> list[str]:
    """Those of `keys` that no row names, and that belong to no job which is not over.

    Where a key says what it belongs to, one look at an index answers for
    most; what is left is looked for in every row. Jobs that failed with one
    of the codes in `keeps_work` keep what their steps made for a retry.
    """
    left = list(keys)
    videos = {part for key in left if _ID.fullmatch(part := _part(key, 2))}
    near = _named(session, select(Video.key).where(Video.id.in_(videos))) | _named(
        session,
        select(Upload.key).where(Upload.video_id.in_(videos), Upload.state.in_(_OPEN_UPLOADS)),
        select(Artifact.key).where(Artifact.video_id.in_(videos)),
    )
    jobs = {job for key in left if (job := _job_of(key))}
    busy = _busy(session, jobs, keeps_work=set(keeps_work))
    left = [key for key in left if not near.intersection(_names_of(key)) and _job_of(key) not in busy]
    if not left:
        return []
    anywhere = {name for key in left for name in _names_of(key)}
    far = _named(
        session,
        select(Video.key).where(Video.key.in_(anywhere)),
        select(Upload.key).where(Upload.key.in_(anywhere), Upload.state.in_(_OPEN_UPLOADS)),
        select(Artifact.key).where(Artifact.key.in_(anywhere)),
    )
    return [key for key in left if not far.intersection(_names_of(key))]


def awaited(session: Session, begun: Sequence[tuple[str, str]], *, keeps_work: Iterable[str]) -> set[str]:
    """Those of the store's uploads in parts, (key, id), that a row waits for or somebody may be sending.

    Large results of jobs go in parts too, and so do originals that come in a
    form or from an address: no row has the ids of those, but their keys say
    what they belong to.
    """
    query = select(Upload.store_id).where(
        Upload.store_id.in_([upload for _, upload in begun]), Upload.state.in_(_OPEN_UPLOADS)
    )
    known = set(session.scalars(query))
    videos = {part for key, _ in begun if _ID.fullmatch(part := _part(key, 2))}
    in_parts = exists().where(Upload.video_id == Video.id, Upload.store_id != "")
    nameless = select(Video.id).where(Video.id.in_(videos), Video.state == VideoState.UPLOADING, ~in_parts)
    coming = set(session.scalars(nameless))
    jobs = {job for key, _ in begun if (job := _job_of(key))}
    busy = _busy(session, jobs, keeps_work=set(keeps_work))
    return {
        upload for key, upload in begun if upload in known or _part(key, 2) in coming or _job_of(key) in busy
    }


def _named(session: Session, *queries: Select[str | None] | Select[str]) -> set[str | None]:
    return {key for query in queries for key in session.scalars(query)}


def _busy(session: Session, jobs: set[str], *, keeps_work: set[str]) -> set[str]:
    query = select(Job.id, Job.state, Job.error).where(
        Job.id.in_(jobs), or_(Job.state.in_(_OPEN_JOBS), Job.state == JobState.FAILED)
    )
    return {
        found.id
        for found in session.execute(query)
        if found.state != JobState.FAILED or (found.error or {}).get("code") in keeps_work
    }


def _names_of(key: str) -> Iterator[str]:
    """What a row may call a file: itself, or a folder above it."""
    yield key
    yield from (key[: at.end()] for at in re.finditer("/", key))


def _part(key: str, number: int) -> str:
    return (*key.split("/"), *("",) * number)[number]


def _job_of(key: str) -> str:
    """The job that stored a file, as keys of results and of what steps keep say; "" where none."""
    part = _part(key, 1 if key.startswith("work/") else 3)
    # A publication that was begun again has a number behind the id.
    return found.group() if (found := _ID.match(part)) else ""
