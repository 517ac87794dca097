"""`framemill info`: probe files and say what is in them. Loads neither pydantic nor the database."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framemill.cli.catalog import Entry
from framemill.cli.complaint import complain_about
from framemill.cli.exit_codes import OK
from framemill.cli.facts import told
from framemill.cli.program import AnyCommand, command
from framemill.cli.server_choice import chosen
from framemill.cli.terminal import err, harmless, out, out_json, painted, shown_path
from framemill.domain.media import MediaInfo, as_data
from framemill.errors import FramemillError

if TYPE_CHECKING:
    from framemill.tools.programs import Programs


def build(entry: Entry) -> AnyCommand:
    """The command."""
    return command(
        entry.name,
        info,
        summary="Show what a file contains: container, duration, streams, chapters, what is wrong.",
        examples=("framemill info movie.mp4", "framemill info *.mp4 --json | jq '.duration_us'"),
    )


def info(
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE...", help="What to look at.")] = None,
    given: Annotated[
        list[str] | None, typer.Option("--input", "-i", metavar="FILE", help="The same as FILE.")
    ] = None,
    count_frames: Annotated[
        bool, typer.Option("--count-frames", help="Count the frames by decoding the whole video.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document; a list of them for several files.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No warnings.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tracebacks of the unforeseen.")] = False,  # noqa: ARG001 - read before parsing
) -> int:
    """Probe each file."""
    paths = [*(given or ()), *(files or ())]
    if not paths:
        raise typer.BadParameter("give a file to look at", param_hint="FILE")
    if len(paths) == 1 and not Path(paths[0]).exists() and (choice := chosen()) is not None:
        from framemill.cli import remote_views
        from framemill.client.shelf import is_video_id

        if is_video_id(paths[0]):
            return remote_views.info(choice, paths[0], as_json=as_json)
    from framemill.tools.probe import probe

    programs, options = _tools()
    found: list[tuple[str, MediaInfo]] = []
    code = OK
    for path in paths:
        try:
            media = probe(Path(path), programs=programs, name=path, count_frames=count_frames, **options)
        except FramemillError as error:
            if len(paths) == 1:
                raise
            code = complain_about(error, as_json=False)
            continue
        found.append((path, media))
        if not as_json:
            _show(path, media, quiet=quiet)
    if as_json:
        documents = [_document(path, media) for path, media in found]
        out_json(documents[0] if len(paths) == 1 else documents)
    return code


def _show(path: str, media: MediaInfo, *, quiet: bool) -> None:
    out(painted(shown_path(path), "bold"))
    for line in told(media):
        out(line)
    for warning in () if quiet else media.warnings:
        err(f"{painted('warning:', 'yellow', sys.stderr)} {harmless(warning)}")


def _document(path: str, media: MediaInfo) -> dict[str, object]:
    data = as_data(media)
    assert isinstance(data, dict)
    return {"file": path, **data}


def _tools() -> "tuple[Programs, dict[str, Any]]":  # Any: keyword arguments of probe
    """The programs to use. Reading settings costs 0.2 s, so it is done only where there are some."""
    if not _has_settings():
        from framemill.tools.programs import find_programs

        return find_programs(), {"sandbox": "auto"}
    from framemill.app import open_app

    app = open_app()
    return app.programs, {"sandbox": app.settings.sandbox, "limits": app.limits}


def _has_settings() -> bool:
    if any(name.startswith("FRAMEMILL_") for name in os.environ):
        return True
    from platformdirs import user_config_path

    return (user_config_path("framemill", appauthor=False) / "framemill.toml").exists()
