"""`framemill upload`: files become videos, here or on a server."""

import getpass
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli.batch import count
from framemill.cli.catalog import Entry
from framemill.cli.complaint import document_of
from framemill.cli.exit_codes import OK, exit_code
from framemill.cli.opened import NOBODY, nobody_works, opened
from framemill.cli.program import AnyCommand, command
from framemill.cli.server_choice import Named, chosen, connected
from framemill.cli.terminal import err, harmless, out, out_json, painted, shown_path
from framemill.domain.videos import DEFAULT_COLLECTION, DEFAULT_WORKSPACE
from framemill.errors import FramemillError, InputNotFound

if TYPE_CHECKING:
    from framemill.app import App
    from framemill.cli.sending import Sender
    from framemill.cli.upload_doors import Door
    from framemill.client.uploads import Standing

# Nothing more can be sent where these happen to one file.
_FINAL = frozenset({"unauthenticated", "forbidden", "workspace_not_found", "collection_not_found"})


def build(entry: Entry) -> AnyCommand:
    """The command."""
    return command(
        entry.name,
        upload,
        summary="Bring files in as videos: into this machine's store, or to a server.\n\n"
        "The same command again goes on where it was; what is there already is not sent twice.",
        examples=(
            "framemill upload interview.mp4",
            "framemill upload footage --recursive --collection 'Camera 1' --pipeline publish",
            "framemill upload interview.mp4 --server https://video.example.org --api-key-file key",
        ),
    )


def upload(
    files: Annotated[
        list[str], typer.Argument(metavar="FILES", help="Files, folders, or patterns in quotes.")
    ],
    workspace: Annotated[
        str | None,
        typer.Option(
            "--workspace",
            "-w",
            metavar="NAME",
            help="Where they go. Default: default; on a server the only one that the key sees.",
        ),
    ] = None,
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", metavar="NAME", help="Default: uploads.")
    ] = None,
    pipeline: Annotated[
        str | None,
        typer.Option(
            "--pipeline",
            "-p",
            metavar="NAME",
            help="What is made of each: publish, proxy, none. Default: the workspace's.",
        ),
    ] = None,
    notes: Annotated[str, typer.Option(metavar="TEXT", help="Kept with each video.")] = "",
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Folders below, too.")] = False,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A Framemill server; FRAMEMILL_SERVER does the same. Default: this machine's store.",
        ),
    ] = None,
    key_file: Annotated[
        str | None,
        typer.Option(
            "--api-key-file",
            metavar="FILE",
            help="A file with a key of that server; FRAMEMILL_API_KEY_FILE does the same.",
        ),
    ] = None,
    side_by_side: Annotated[
        str, typer.Option("--parallel", metavar="N", help="How many parts go at once. Default: 4.")
    ] = "4",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Errors only, and the videos.")] = False,
) -> int:
    """Send them, one after the other."""
    from framemill.services.intake import Sieve, files_named

    hands = count(side_by_side, hint="--parallel", most=32)
    paths = [one.path for one in files_named(files, Sieve(recursive=recursive))]
    if not paths:
        missing = InputNotFound(", ".join(files))
        missing.hint = "no file there has a usual ending of films and sound; --recursive looks deeper"
        raise missing
    named = Named(server=server, key_file=key_file, workspace=workspace, collection=collection)
    with _sender(named, pipeline, notes, hands) as sender:
        ends = [*_all(sender, paths, quiet=quiet, as_json=as_json)]
    failed = [error for _, error in ends if isinstance(error, FramemillError)]
    if as_json:
        out_json([_document(path, end) for path, end in ends])
    return exit_code(failed[0].code) if failed else OK


@contextmanager
def _sender(named: Named, pipeline: str | None, notes: str, hands: int) -> "Iterator[Sender]":
    from framemill.app import read_settings
    from framemill.cli.sending import Sender, forget_old
    from framemill.cli.upload_doors import Here
    from framemill.client import shelf
    from framemill.client.uploads import There, Wish

    with ExitStack() as stack:
        door: Door
        if (choice := chosen(named)) is not None:
            server = stack.enter_context(connected(choice))
            where = shelf.place(server, workspace=choice.workspace, collection=choice.collection)
            door, workspace, collection = There(server), where.workspace, where.collection
            memory = read_settings().cache_dir / "uploads"
        else:
            app = stack.enter_context(opened())
            stack.callback(_say_who_works, app)
            door = Here(app, uploader=getpass.getuser())
            workspace = named.workspace or DEFAULT_WORKSPACE
            collection = named.collection or DEFAULT_COLLECTION
            memory = app.settings.cache_dir / "uploads"
        forget_old(memory)
        wish = Wish(workspace=workspace, collection=collection, pipeline=pipeline, notes=notes)
        yield Sender(door=door, wish=wish, memory=memory, side_by_side=hands)


def _say_who_works(app: "App") -> None:
    if sys.stderr.isatty() and nobody_works(app):
        err(NOBODY)


def _all(
    sender: "Sender", paths: Sequence[Path], *, quiet: bool, as_json: bool
) -> "Iterator[tuple[Path, Standing | FramemillError]]":
    """Each file with its video or why there is none; told as they come."""
    for path in paths:
        try:
            end: Standing | FramemillError = _one(sender, path, quiet=quiet, as_json=as_json)
        except FramemillError as error:
            if len(paths) == 1 or error.code in _FINAL:
                raise
            end = error
        if not as_json:
            _tell(path, end)
        yield path, end


def _one(sender: "Sender", path: Path, *, quiet: bool, as_json: bool) -> "Standing":
    from framemill.cli.upload_progress import meter

    size = path.stat().st_size if path.is_file() else 0
    with (
        meter(f"reading {path.name}", size, quiet=quiet, only_bars=as_json) as reading,
        meter(path.name, size, quiet=quiet, only_bars=as_json) as moved,
    ):
        return sender.send(path, reading=reading, moved=moved)


def _tell(path: Path, end: "Standing | FramemillError") -> None:
    name = harmless(shown_path(path))
    if isinstance(end, FramemillError):
        err(f"{painted('failed:', 'red', sys.stderr)} {name}: {harmless(end.message)} (code: {end.code})")
    elif end.duplicate:
        out(f"{end.video}  {name}  (was there already)")
    else:
        out(f"{end.video}  {name}")
        if end.error:
            err(f"{painted('note:', 'yellow', sys.stderr)} nothing is made of it: {end.error['message']}")


def _document(path: Path, end: "Standing | FramemillError") -> dict[str, object]:
    if isinstance(end, FramemillError):
        said = document_of(code=end.code, message=end.message, hint=end.hint)
        return {"file": str(path), "video": None, **said}
    return {"file": str(path), "video": end.video, "duplicate": end.duplicate, "job": end.job}
