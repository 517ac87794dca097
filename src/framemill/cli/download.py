"""`framemill download`: a film from an address into a file. Into a collection: `cli.download_into`."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli.catalog import Entry
from framemill.cli.complaint import complain_about
from framemill.cli.exit_codes import OK
from framemill.cli.opened import opened
from framemill.cli.program import AnyCommand, command
from framemill.cli.progress import Watcher, watcher
from framemill.cli.terminal import err, out, out_json, painted, shown_path
from framemill.cli.wording import size
from framemill.domain.units import parse_size
from framemill.domain.videos import DEFAULT_WORKSPACE
from framemill.engine.events import Progress
from framemill.errors import FramemillError, InvalidSpec
from framemill.fetch.addresses import label_of, parse
from framemill.fetch.wishes import Come, Fetched, Reins, Wish
from framemill.interrupts import heeded
from framemill.operations.binding import path_of

if TYPE_CHECKING:
    from framemill.app import App

_PAGES = "From pages (yt-dlp)"
_VIDEOS = "As videos"
_HERE = "."


def build(entry: Entry) -> AnyCommand:
    """The command."""
    return command(
        entry.name,
        download,
        summary="Download films from addresses.\n\n"
        "A file comes on several connections where its server allows it; what broke off goes on when the "
        "same command is given again, and a file that changed on its server is never glued together. With "
        "--into they become videos, and what is made of new videos is queued. Only public addresses are "
        "fetched from. Other commands take an address wherever they take a file.",
        examples=(
            "framemill download https://example.com/harbour.mp4 -o films/",
            "framemill download https://example.com/harbour.mp4 -o film.mp4 --max-size 2GiB",
            "framemill download https://example.com/harbour.mp4 --into 'Camera 1' --pipeline publish",
            "framemill download https://video.example.com/watch/123 --format 'bv*[height<=1080]+ba/b'",
        ),
    )


def download(
    urls: Annotated[list[str], typer.Argument(metavar="URL...", help="What to download.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="PATH", help="The folder or the file. Default: here.")
    ] = _HERE,
    overwrite: Annotated[bool, typer.Option("--overwrite", "-y", help="Replace files that exist.")] = False,
    max_size: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Give up a file that is larger: 700M, 2GiB.")
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORMAT", help="Which format, in yt-dlp's words.", rich_help_panel=_PAGES
        ),
    ] = None,
    subtitles: Annotated[
        list[str] | None,
        typer.Option(metavar="LANG", help="Subtitles too; may be given again.", rich_help_panel=_PAGES),
    ] = None,
    playlist: Annotated[
        bool,
        typer.Option("--playlist", help="Everything that the page lists.", rich_help_panel=_PAGES),
    ] = False,
    rate: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="At most so many bytes a second.", rich_help_panel=_PAGES),
    ] = None,
    cookies: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A cookies.txt with logins to use.", rich_help_panel=_PAGES),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(
            metavar="COLLECTION",
            help="Make videos of this collection, and no files.",
            rich_help_panel=_VIDEOS,
        ),
    ] = None,
    workspace: Annotated[
        str,
        typer.Option(
            "--workspace",
            "-w",
            metavar="NAME",
            help="Where the collection is. Default: default.",
            rich_help_panel=_VIDEOS,
        ),
    ] = DEFAULT_WORKSPACE,
    pipeline: Annotated[
        str | None,
        typer.Option(
            "--pipeline",
            "-p",
            metavar="NAME",
            help="What is made of each: publish, proxy, none. Default: the workspace's.",
            rich_help_panel=_VIDEOS,
        ),
    ] = None,
    queued: Annotated[
        bool,
        typer.Option(
            "--async",
            help="Leave it to `framemill worker`: print the job's id and return.",
            rich_help_panel=_VIDEOS,
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Errors only, and the files.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tracebacks of the unforeseen.")] = False,  # noqa: ARG001 - read before parsing
) -> int:
    """Download each."""
    for url in urls:
        parse(url)  # before the first one begins
    if into is not None:
        from framemill.cli.download_into import Manner, Shelf, download_into

        fileish = {
            "--output": output != _HERE,
            "--overwrite": overwrite,
            "--max-size": max_size,
            "--format": format_,
            "--subtitles": subtitles,
            "--playlist": playlist,
            "--rate": rate,
            "--cookies": cookies,
        }
        if given := [name for name, value in fileish.items() if value]:
            raise InvalidSpec(f"{', '.join(given)} is for files, and --into makes videos")
        shelf = Shelf(workspace=workspace, collection=into, pipeline=pipeline)
        return download_into(urls, shelf, Manner(queued=queued, quiet=quiet, as_json=as_json))
    if pipeline is not None or queued or workspace != DEFAULT_WORKSPACE:
        raise InvalidSpec("--workspace, --pipeline and --async are for videos", hint="add --into COLLECTION")
    wish = Wish(
        max_bytes=_size(max_size),
        overwrite=overwrite,
        format=format_,
        subtitles=tuple(subtitles or ()),
        playlist=playlist,
        rate=_size(rate),
        cookies=path_of(cookies) if cookies else None,
    )
    place = path_of(output)
    if output.endswith("/"):
        place.mkdir(parents=True, exist_ok=True)
    if (len(urls) > 1 or playlist) and not place.is_dir():
        raise InvalidSpec(f"several files cannot all become {output!r}", hint="give a folder: -o films/")
    found: list[Fetched] = []
    code = OK
    with opened() as app, heeded(signal.SIGTERM, signal.SIGHUP):
        for url in urls:
            try:
                with watcher(quiet=quiet, only_bars=as_json) as watching:
                    files = _download(app, url, place, wish, watching)
            except FramemillError as error:
                if len(urls) == 1:
                    raise
                code = complain_about(error, as_json=False)
                continue
            except KeyboardInterrupt:
                if not quiet:
                    err("interrupted; what came is kept: the same command goes on")
                raise
            found += files
            if not as_json:
                _tell(files, quiet=quiet)
    if as_json:
        out_json({"files": [_document(file) for file in found]})
    return code


def _download(app: "App", url: str, place: Path, wish: Wish, watching: Watcher) -> Sequence[Fetched]:
    label = label_of(url)

    def heard(come: Come) -> None:
        percent = 100 * come.bytes / come.total if come.total else 0.0
        left = round(1000 * (come.total - come.bytes) / come.rate) if come.total and come.rate else None
        watching(
            Progress(
                job_id="",
                task=label,
                title=label,
                percent=percent,
                job_percent=percent,
                speed=None,
                eta_ms=left,
            )
        )

    return app.downloads.download(url, output=place, wish=wish, reins=Reins(heard=heard))


def _tell(files: Sequence[Fetched], *, quiet: bool) -> None:
    for file in files:
        out(shown_path(file.path))
        if not quiet:
            err(painted(f"  {size(file.bytes)}  sha256 {file.sha256}", "dim", sys.stderr))


def _document(file: Fetched) -> dict[str, object]:
    return {"path": str(file.path), "name": file.name, "bytes": file.bytes, "sha256": file.sha256}


def _size(text: str | None) -> int | None:
    return None if text is None else parse_size(text)
