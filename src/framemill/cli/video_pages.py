"""How stored videos are shown: rows of a list, the page of one."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from framemill.cli.shelf_options import day, fields_of
from framemill.cli.terminal import harmless, painted
from framemill.cli.wording import columns, media_line, size
from framemill.domain.media import as_data
from framemill.domain.videos import VideoState

if TYPE_CHECKING:
    from framemill.domain.media import MediaInfo
    from framemill.services.shelf_records import StoredArtifact, VideoDetail, VideoRecord

_COLOURS = {VideoState.READY: "green", VideoState.FAILED: "red", VideoState.UPLOADING: "cyan"}


def row(video: "VideoRecord", collections: Mapping[str, str]) -> tuple[str, ...]:
    """A line of the list; `collections` are names by id."""
    shelf = collections.get(video.collection_id, "")
    said = str((video.error or {}).get("code") or "")
    return (
        video.id,
        day(video.created_at),
        str(video.state),
        size(video.stored_bytes),
        harmless(shelf),
        harmless(said or video.title),
    )


def told(detail: "VideoDetail") -> Iterator[str]:
    """The page of one video."""
    video = detail.video
    state = painted(str(video.state), _COLOURS.get(video.state, "cyan"))
    yield f"{painted(harmless(video.title), 'bold')} {state}  {video.id}"
    yield f"  {'in':<10} {harmless(f'{detail.workspace} / {detail.collection}')}"
    yield f"  {'came':<10} {day(video.created_at)}" + (
        f", from {harmless(video.uploader)}" if video.uploader else ""
    )
    if video.recorded_at:
        yield f"  {'recorded':<10} {day(video.recorded_at)}"
    yield f"  {'file':<10} {harmless(video.filename)}, {_original(video)}"
    if said := media_line(_data(video.media)):
        yield f"  {'holds':<10} {said}"
    if video.sha256:
        yield f"  {'sha256':<10} {video.sha256}"
    if video.source_url:
        yield f"  {'from':<10} {harmless(video.source_url)}"
    yield f"  {'stored':<10} {size(video.stored_bytes)} in all"
    if video.error:
        yield f"  {painted('error', 'red')}      {harmless(str(video.error.get('message')))}"
        yield f"             code: {video.error.get('code')}"
    for number, line in enumerate(video.notes.splitlines()):
        yield f"  {'' if number else 'notes':<10} {harmless(line)}"
    if detail.artifacts:
        yield ""
        yield painted("Made from it", "bold")
        yield from (f"  {line}" for line in columns([_made(artifact) for artifact in detail.artifacts]))


def document(video: "VideoRecord") -> dict[str, object]:
    """A video's record as JSON data."""
    return {**fields_of(video), "media": _data(video.media), "state": str(video.state)}


def as_document(detail: "VideoDetail") -> dict[str, object]:
    """Everything, as JSON data."""
    return {
        **document(detail.video),
        "workspace": detail.workspace,
        "collection": detail.collection,
        "artifacts": [{**fields_of(one), "media": _data(one.media)} for one in detail.artifacts],
    }


def _original(video: "VideoRecord") -> str:
    if video.state is VideoState.READY and (video.key is None or not video.bytes):
        return "removed by the rules of retention"
    return size(video.bytes)


def _made(artifact: "StoredArtifact") -> tuple[str, ...]:
    facts = media_line(_data(artifact.media))
    return (artifact.role, harmless(artifact.name), size(artifact.bytes), facts)


def _data(media: "MediaInfo | None") -> dict[str, Any] | None:  # Any: JSON
    if media is None:
        return None
    data = as_data(media)
    assert isinstance(data, dict)
    return data
