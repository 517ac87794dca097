"""Reading what the programs can do, once per installed version, and which versions to warn about."""

import contextlib
import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from framemill.domain.capabilities import Capabilities
from framemill.errors import ToolMissing
from framemill.tools.children import environment
from framemill.tools.programs import Programs

_SCHEMA = 1  # of the cache file
_WAIT_S = 20
_LISTS = ("encoders", "decoders", "filters", "muxers", "demuxers")
# ` V....D libx264   H.264 ...`, ` TSC scale  V->V  ...`, `  E  mp4 ...`, ` D d lavfi ...`.
_ROW = re.compile(r"^ {1,2}[A-Z.|]{1,7}(?: d)? {1,4}([\w,.+-]+)(?: |$)")
_VERSION = re.compile(r"version[ :]+(?:n-?)?(\S+)")

# Oldest release line that the commands were run on; the reason is what a user reads.
_OLDEST = (5, 1)
_BAD: tuple[tuple[str, str, str], ...] = (
    # program, version pattern, reason
    ("ffmpeg", r"[0-4]\.|5\.0", "older than 5.1, the oldest that Framemill's commands were tried on"),
    ("ffprobe", r"[0-4]\.|5\.0", "older than 5.1, the oldest that Framemill's commands were tried on"),
)


def read_capabilities(programs: Programs, *, cache_dir: Path | None = None) -> Capabilities:
    """What `programs` offer. With `cache_dir` they are asked once, until one of them changes.

    Raises ToolMissing where a program does not run.
    """
    cache = cache_dir / f"capabilities-{_key(programs)}.json" if cache_dir else None
    if cache is not None and (known := _load(cache)) is not None:
        return known
    read = _ask(programs)
    if cache is not None:
        _save(cache, read)
    return read


def version_warnings(capabilities: Capabilities) -> tuple[str, ...]:
    """One sentence for each program whose version is known to be bad."""
    versions = {"ffmpeg": capabilities.ffmpeg_version, "ffprobe": capabilities.ffprobe_version}
    return tuple(
        f"{program} {versions[program]}: {reason}"
        for program, pattern, reason in _BAD
        if re.match(pattern, versions[program])
    )


def _ask(programs: Programs) -> Capabilities:
    # All at once: each takes 20 ms and does nothing but print.
    asked = {
        "ffmpeg": _start(programs.ffmpeg, "-version"),
        "ffprobe": _start(programs.ffprobe, "-version"),
        **{name: _start(programs.ffmpeg, f"-{name}") for name in _LISTS},
    }
    if programs.packager is not None:
        asked["packager"] = _start(programs.packager, "--version")
    said = {name: _answer(name, process) for name, process in asked.items()}
    return Capabilities(
        ffmpeg_version=_version(said["ffmpeg"]),
        ffprobe_version=_version(said["ffprobe"]),
        packager_version=_version(said["packager"]) if "packager" in said else None,
        **{name: parse_list(said[name]) for name in _LISTS},
    )


def parse_list(text: str) -> frozenset[str]:
    """Names in the output of `ffmpeg -encoders` and its like; a muxer may have several."""
    # Encoders, decoders and demuxers begin after a ruled line; the legend before it looks the same.
    _, ruled, body = text.partition("\n ---") if "\n ---" in text else text.partition("\n --\n")
    rows = (_ROW.match(line) for line in (body if ruled else text).splitlines() if " = " not in line)
    return frozenset(name for row in rows if row for name in row[1].split(","))


def _start(program: Path, *args: str) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            (str(program), *(("-hide_banner",) if args != ("--version",) else ()), *args),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise ToolMissing(program.name, looked_in=(str(program.parent),)) from error


def _answer(name: str, process: "subprocess.Popen[bytes]") -> str:
    try:
        out, _ = process.communicate(timeout=_WAIT_S)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise ToolMissing(name, looked_in=("it does not answer",)) from error
    return out.decode("utf-8", "replace")


def _version(text: str) -> str:
    found = _VERSION.search(text)
    return found[1] if found else "unknown"


def _key(programs: Programs) -> str:
    """Changes whenever a program does."""
    parts: list[object] = [_SCHEMA]
    for path in (programs.ffmpeg, programs.ffprobe, programs.packager):
        if path is None:
            parts.append(None)
            continue
        try:
            found = path.stat()
        except OSError as error:
            raise ToolMissing(path.name, looked_in=(str(path.parent),)) from error
        parts.append((str(path.resolve()), found.st_size, found.st_mtime_ns))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _load(cache: Path) -> Capabilities | None:
    try:
        data: Mapping[str, object] = json.loads(cache.read_bytes())
        lists = {name: frozenset(map(str, list(data[name]))) for name in _LISTS}  # type: ignore[call-overload]  # checked by the except below
        packager = data["packager_version"]
        return Capabilities(
            ffmpeg_version=str(data["ffmpeg_version"]),
            ffprobe_version=str(data["ffprobe_version"]),
            packager_version=str(packager) if packager is not None else None,
            **lists,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent or damaged: ask again


def _save(cache: Path, read: Capabilities) -> None:
    """Written beside and renamed, so that no other process sees half; a full disk costs only time."""
    data = {
        "ffmpeg_version": read.ffmpeg_version,
        "ffprobe_version": read.ffprobe_version,
        "packager_version": read.packager_version,
        **{name: sorted(getattr(read, name)) for name in _LISTS},
    }
    with contextlib.suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=cache.parent, prefix=cache.name)
        try:
            with os.fdopen(handle, "w") as file:
                json.dump(data, file)
            Path(temporary).replace(cache)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
