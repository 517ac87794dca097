"""`framemill videos`: stored videos and what was made from them; editing, deleting, keeping to the rules."""

from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli import video_pages
from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK
from framemill.cli.opened import opened, operator
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.retention_options import removals_told
from framemill.cli.shelf_options import (
    Json,
    TheVideo,
    Workspace,
    Yes,
    agreed,
    collection_names,
    fields_of,
    moment,
    video_ids,
    whole_video_id,
    workspace_names,
)
from framemill.cli.terminal import err, out, out_json
from framemill.cli.wording import columns, size
from framemill.domain.videos import DEFAULT_WORKSPACE, VideoState

if TYPE_CHECKING:
    from framemill.app import App
    from framemill.services.retention import Removal
    from framemill.services.videos import VideoChanges

_STATES = [str(state) for state in VideoState if state is not VideoState.DELETING]


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command(
            "list",
            list_videos,
            summary="List a workspace's videos, the newest first.",
            examples=(
                "framemill videos list",
                "framemill videos list -w cameras --collection 'Front door' --find delivery",
            ),
        ),
        command(
            "show",
            show,
            summary="Show a video: its original, what people say about it, what was made from it.",
            examples=("framemill videos show 0199c0de",),
        ),
        command(
            "edit",
            edit,
            summary="Change what is said about a video, or move it to another collection.",
            examples=(
                "framemill videos edit 0199c0de --title 'The delivery' --recorded-at 2026-11-02T12:00",
                "framemill videos edit 0199c0de --collection 'Front door'",
            ),
        ),
        command(
            "delete",
            delete,
            summary="Delete videos with everything made from them; their jobs are cancelled.",
            examples=("framemill videos delete 0199c0de 0199c0ff",),
        ),
        command(
            "retention",
            retention,
            summary="Keep to the rules of what is kept for how long, now.\n\nWorkers do it once a day. "
            "`framemill workspaces edit` sets the rules.",
            examples=(
                "framemill videos retention --dry-run",
                "framemill videos retention -w cameras",
            ),
        ),
        examples=(
            "framemill videos list --collection uploads",
            "framemill videos show 0199c0de",
            "framemill videos retention --dry-run",
        ),
    )


def list_videos(
    workspace: Workspace = DEFAULT_WORKSPACE,
    collection: Annotated[
        str | None,
        typer.Option(
            "--collection",
            "-c",
            metavar="NAME",
            help="Only this collection's.",
            autocompletion=collection_names,
        ),
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(_STATES),
            help="Only videos in this state; may be given again.",
            autocompletion=lambda incomplete: [s for s in _STATES if s.startswith(incomplete)],
        ),
    ] = None,
    find: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Only videos with this in their title, file name or notes; looks at ten thousand at a time.",
        ),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(metavar="VIDEO", help="Only videos older than this one: where the last page ended."),
    ] = None,
    limit: Annotated[str, typer.Option(metavar="N", help="How many.")] = "20",
    as_json: Json = False,
) -> int:
    """One line each."""
    from framemill.store.videos import SEEN, Wanted

    words = [word for words in state or () for word in words.split(",")]
    if wrong := [word for word in words if word not in _STATES]:
        raise typer.BadParameter(f"{wrong[0]!r} is none of {', '.join(_STATES)}", param_hint="--state")
    if not (limit.isascii() and limit.isdecimal()) or not 1 <= int(limit) <= 1000:
        raise typer.BadParameter(f"{limit!r} is not a number from 1 to 1000", param_hint="--limit")
    with opened() as app:
        place = app.workspaces.get(workspace)
        names = {shelf.id: shelf.name for shelf in app.collections.list(place.id)}
        wanted = Wanted(
            workspace_id=place.id,
            collection_id=app.collections.get(place.id, collection).id if collection else None,
            states=tuple(VideoState(word) for word in words) or SEEN,
            text=find or None,
        )
        start = whole_video_id(app, before) if before else None
        page = app.videos.page(wanted, before=start, limit=int(limit))
    if as_json:
        out_json([video_pages.document(video) for video in page.videos])
        return OK
    for line in columns([video_pages.row(video, names) for video in page.videos]):
        out(line)
    if page.next is not None:
        err(f"more: --before {page.next}")
    elif not page.videos:
        err("no such videos" if collection or words or find or before else "no videos yet")
    return OK


def show(video: TheVideo, as_json: Json = False) -> int:
    """Everything about one."""
    with opened() as app:
        detail = app.videos.show(whole_video_id(app, video))
    if as_json:
        out_json(video_pages.as_document(detail))
        return OK
    for line in video_pages.told(detail):
        out(line)
    return OK


def edit(
    video: TheVideo,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="What it is called.")] = None,
    notes: Annotated[str | None, typer.Option(metavar="TEXT", help="What there is to say about it.")] = None,
    recorded_at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When it was recorded: 2026-11-02T12:00, in this machine's time zone, or with one; "
            "none: unknown.",
        ),
    ] = None,
    collection: Annotated[
        str | None,
        typer.Option(
            "--collection",
            "-c",
            metavar="NAME",
            help="Move it to this collection of its workspace.",
            autocompletion=collection_names,
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Change what is given."""
    changes: VideoChanges = {}
    if title is not None:
        changes["title"] = title
    if notes is not None:
        changes["notes"] = notes
    if recorded_at is not None:
        unknown = recorded_at.strip().lower() == "none"
        changes["recorded_at"] = None if unknown else moment(recorded_at, hint="--recorded-at")
    if collection is not None:
        changes["collection"] = collection
    if not changes:
        raise typer.BadParameter("give something to change", param_hint="--title")
    with opened() as app:
        record = app.videos.edit(whole_video_id(app, video), changes, actor=operator())
        detail = app.videos.show(record.id)
    if as_json:
        out_json(video_pages.as_document(detail))
        return OK
    for line in video_pages.told(detail):
        out(line)
    return OK


def delete(
    videos: Annotated[
        list[str],
        typer.Argument(
            metavar="VIDEO...", help="Ids, or ends of them that fit one video.", autocompletion=video_ids
        ),
    ],
    yes: Yes = False,
    as_json: Json = False,
) -> int:
    """Delete them."""
    with opened() as app:
        records = [app.videos.get(whole_video_id(app, video)) for video in dict.fromkeys(videos)]
        total = size(sum(record.stored_bytes for record in records))
        what = repr(records[0].title) if len(records) == 1 else f"{len(records)} videos"
        if not agreed(f"Delete {what} with everything made from it ({total})?", yes=yes):
            return OK
        gone = {record.id: app.videos.delete(record.id, actor=operator()) for record in records}
    if as_json:
        out_json([{"video": video_id, "deleted": True, "gone": done} for video_id, done in gone.items()])
        return OK
    for video_id, done in gone.items():
        out(f"{video_id} deleted")
        if not done:
            err("a worker has not let go of it yet; the rest goes when it has")
    return OK


def retention(
    workspace: Annotated[
        str | None,
        typer.Option(
            "--workspace",
            "-w",
            metavar="NAME",
            help="Its name or id. Default: every one that has rules.",
            autocompletion=workspace_names,
        ),
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> int:
    """Keep to the rules."""
    with opened() as app:
        names = (
            [workspace] if workspace else [place.name for place in app.workspaces.list() if place.retention]
        )
        planned = [removal for name in names for removal in app.retention.plan(name)]
        if dry or not planned:
            return _tell(planned, dry=True, as_json=as_json)
        total = size(sum(removal.bytes for removal in planned))
        if not yes and not as_json:
            _tell(planned, dry=True, as_json=False)
        if not agreed(f"Remove {len(planned)} things ({total})?", yes=yes):
            return OK
        return _tell(_applied(app, names), dry=False, as_json=as_json)


def _applied(app: "App", names: list[str]) -> "list[Removal]":
    return [removal for name in names for removal in app.retention.apply(name, actor=operator())]


def _tell(removals: "list[Removal]", *, dry: bool, as_json: bool) -> int:
    if as_json:
        out_json({"dry_run": dry, "removals": [fields_of(removal) for removal in removals]})
        return OK
    for line in removals_told(removals):
        out(line)
    gone = [removal for removal in removals if removal.kept is None]
    total = size(sum(removal.bytes for removal in gone))
    err(f"{'would remove' if dry else 'removed'} {len(gone)} things ({total})" if gone else "nothing goes")
    return OK
