"""Reading, locking and listing videos as they came. The cost of a page does not grow with the table.

Every walk is along an index that ends in (state, id), one walk for each
state, and the page is merged of them. A text or a kind is looked for among
the newest few thousand.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import Select, exists, func, select, text
from sqlalchemy.orm import Session

from framemill.domain.sniffing import kind_of
from framemill.domain.states import JobState, TaskState
from framemill.domain.videos import UploadState, VideoState
from framemill.errors import VideoNotFound
from framemill.store.listing import first_id
from framemill.store.tables import Artifact, Job, Task
from framemill.store.video_tables import Upload, Video

SEEN = tuple(state for state in VideoState if state is not VideoState.DELETING)
# How many videos one page looks at in vain before it hands back where to go on.
_PATIENCE = 10_000
_CHUNK = 500
_SHORT_IDS = 1000  # the newest so many are found by the end of their ids
# As the index of these few says, or SQLite would not see that it fits.
_NOT_READY = text("videos.state <> 'ready'")
_FIRST, _LAST = str(UUID(int=0)), str(UUID(int=2**128 - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which videos are listed; what is not said does not matter."""

    workspace_id: str
    collection_id: str | None = None
    states: tuple[VideoState, ...] = SEEN
    kind: str | None = None  # what operations read it as: MEDIA or one of domain.sniffing.OTHERS
    text: str | None = None  # part of the title, the file's name or the notes, in any case
    since: datetime | None = None  # begun then or later
    until: datetime | None = None  # begun before, to the millisecond
    oldest_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some videos, and from where the next page goes on: None where there is none."""

    videos: tuple[Video, ...]
    next: str | None


def get_video(session: Session, video_id: str, *, lock: bool = False, going: bool = False) -> Video:
    """The video, locked where it will be changed; VideoNotFound.

    One that is being deleted is only found where `going` says so.
    """
    try:
        wanted = str(UUID(video_id))
    except ValueError:
        raise VideoNotFound(video_id) from None
    query = select(Video).where(Video.id == wanted).execution_options(populate_existing=lock)
    video = session.scalars(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if video is None or (video.state == VideoState.DELETING and not going):
        raise VideoNotFound(video_id)
    return video


def twin_of(session: Session, collection_id: str, sha256: str) -> Video | None:
    """The video of the collection that has this content, if there is one."""
    return session.scalars(
        select(Video).where(Video.collection_id == collection_id, Video.sha256 == sha256)
    ).one_or_none()


def videos_of(session: Session, workspace_id: str, video_ids: Sequence[str]) -> list[Video]:
    """Those of these videos that are in the workspace and not being deleted."""
    query = select(Video).where(Video.id.in_(video_ids), Video.workspace_id == workspace_id)
    return list(session.scalars(query.where(Video.state != VideoState.DELETING)))


def artifacts_of(session: Session, video_id: str) -> list[Artifact]:
    """Everything that was made from a video, the oldest first."""
    return list(session.scalars(select(Artifact).where(Artifact.video_id == video_id).order_by(Artifact.id)))


def artifacts_of_many(session: Session, video_ids: Sequence[str]) -> list[Artifact]:
    """Everything that was made from these videos."""
    return list(session.scalars(select(Artifact).where(Artifact.video_id.in_(video_ids))))


def worked_on(session: Session, video_ids: Sequence[str]) -> set[str]:
    """Those of these videos that have a job which has not ended."""
    states = [str(state) for state in JobState if not state.ended]
    found = session.scalars(
        select(Job.video_id).where(Job.video_id.in_(video_ids), Job.state.in_(states)).distinct()
    )
    return {video_id for video_id in found if video_id is not None}


def count_stored(session: Session, video: Video) -> None:
    """Bring `stored_bytes` up to the original and the artifacts as they are in this transaction."""
    session.flush()
    made = session.scalars(select(func.sum(Artifact.bytes)).where(Artifact.video_id == video.id)).one()
    video.stored_bytes = video.bytes + int(made or 0)


def jobs_to_end(session: Session, video_id: str) -> list[str]:
    """Ids of the video's jobs that run, wait, or keep something for a retry."""
    states = [str(state) for state in JobState if not state.ended] + [str(JobState.FAILED)]
    return list(session.scalars(select(Job.id).where(Job.video_id == video_id, Job.state.in_(states))))


def is_held(session: Session, video_id: str, *, now: datetime, completing_since: datetime) -> bool:
    """True while a worker that may be alive works on the video, or its upload is being completed."""
    leased = exists().where(Task.job_id == Job.id, Task.state == TaskState.LEASED, Task.lease_expires > now)
    worked_on = select(Job.id).where(Job.video_id == video_id, leased)
    completing = select(Upload.id).where(
        Upload.video_id == video_id,
        Upload.state == UploadState.COMPLETING,
        Upload.updated_at > completing_since,
    )
    return any(session.scalars(query.limit(1)).first() is not None for query in (worked_on, completing))


def going(session: Session, *, limit: int) -> list[str]:
    """Ids of videos that are being deleted, those for which it takes longest first."""
    return list(
        session.scalars(
            select(Video.id)
            .where(Video.state == VideoState.DELETING, _NOT_READY)
            .order_by(Video.updated_at)
            .limit(limit)
        )
    )


def forsaken(session: Session, *, before: datetime, limit: int) -> list[str]:
    """Ids of videos whose original was on its way, of which nothing was heard since, and nobody brings it."""
    uploads = exists().where(
        Upload.video_id == Video.id, Upload.state.in_([UploadState.OPEN, UploadState.COMPLETING])
    )
    jobs = exists().where(
        Job.video_id == Video.id, Job.state.in_([str(state) for state in JobState if not state.ended])
    )
    return list(
        session.scalars(
            select(Video.id)
            .where(
                *(Video.state == VideoState.UPLOADING, _NOT_READY, Video.updated_at < before),
                *(~uploads, ~jobs),
            )
            .limit(limit)
        )
    )


def ids_like(session: Session, part: str, *, limit: int = 10) -> list[str]:
    """Ids that begin with `part`, or that end with it and are among the newest."""
    digits = part.replace("-", "").lower()
    if not digits or len(digits) > 32 or set(digits) - set("0123456789abcdef"):
        return []
    low, high = (str(UUID(digits.ljust(32, fill))) for fill in "0f")
    seen = select(Video.id).where(Video.state != VideoState.DELETING)
    begin = session.scalars(seen.where(Video.id >= low, Video.id <= high).limit(limit))
    newest = session.scalars(seen.where(Video.id <= _LAST).order_by(Video.id.desc()).limit(_SHORT_IDS))
    end = (i for i in newest if i.replace("-", "").endswith(digits))
    return list(dict.fromkeys([*begin, *islice(end, limit)]))[:limit]


def count_videos(session: Session, wanted: Wanted) -> int:
    """How many there are, whatever their text and kind."""
    query = select(func.count()).where(
        Video.workspace_id == wanted.workspace_id, Video.state.in_([str(s) for s in wanted.states])
    )
    if wanted.collection_id is not None:
        query = query.where(Video.collection_id == wanted.collection_id)
    if wanted.since is not None:
        query = query.where(Video.id >= first_id(wanted.since))
    if wanted.until is not None:
        query = query.where(Video.id < first_id(wanted.until))
    return session.scalars(query.select_from(Video)).one()


def page_of_videos(session: Session, wanted: Wanted, *, before: str | None, limit: int) -> Page:
    """The next `limit` videos that are wanted, after the one that the page before ended with.

    A page may hold fewer though more follow, where most of what it looked at
    was not wanted.
    """
    if wanted.text is None and wanted.kind is None:
        ids = list(islice(_walk(session, wanted, before, limit + 1), limit + 1))
        found = _load(session, ids[:limit])
        return Page(videos=tuple(found), next=ids[limit - 1] if len(ids) > limit else None)
    found, last, seen = list[Video](), before, 0
    while seen < _PATIENCE:
        ids = list(islice(_walk(session, wanted, last, _CHUNK), _CHUNK))
        for video in _load(session, _fitting(session, ids, wanted)):
            found.append(video)
            if len(found) == limit:
                return Page(videos=tuple(found), next=video.id)
        if len(ids) < _CHUNK:
            return Page(videos=tuple(found), next=None)
        last, seen = ids[-1], seen + len(ids)
    return Page(videos=tuple(found), next=last)


def walk_query(wanted: Wanted, state: VideoState, *, before: str | None, limit: int) -> Select[str]:
    """The next ids in one state."""
    low = _FIRST if wanted.since is None else first_id(wanted.since)
    high = _LAST if wanted.until is None else first_id(wanted.until)
    query = select(Video.id).where(Video.state == state)
    if wanted.collection_id is None:
        query = query.where(Video.workspace_id == wanted.workspace_id)
    else:
        query = query.where(Video.collection_id == wanted.collection_id)
    if wanted.oldest_first:
        query = query.where(Video.id > before if before else Video.id >= low, Video.id < high)
        return query.order_by(Video.id).limit(limit)
    query = query.where(Video.id < min(before or high, high))
    if wanted.since is not None:
        query = query.where(Video.id >= low)
    return query.order_by(Video.id.desc()).limit(limit)


def _walk(session: Session, wanted: Wanted, before: str | None, limit: int) -> Iterator[str]:
    walks = (
        session.scalars(walk_query(wanted, state, before=before, limit=limit)).all()
        for state in dict.fromkeys(wanted.states)
    )
    return heapq.merge(*walks, reverse=not wanted.oldest_first)


def _load(session: Session, ids: Sequence[str]) -> list[Video]:
    found = {row.id: row for row in session.scalars(select(Video).where(Video.id.in_(ids)))} if ids else {}
    return [found[video_id] for video_id in ids if video_id in found]


def _fitting(session: Session, ids: Sequence[str], wanted: Wanted) -> list[str]:
    """Those of `ids` with the wanted text in what people wrote, and of the wanted kind, in the same order."""
    sought = (wanted.text or "").casefold()
    rows = session.execute(
        select(Video.id, Video.filename, Video.title, Video.notes).where(Video.id.in_(ids))
    )
    fitting = {
        video_id
        for video_id, *said in rows
        if wanted.kind in {None, kind_of(said[0])} and any(sought in one.casefold() for one in said)
    }
    return [video_id for video_id in ids if video_id in fitting]
