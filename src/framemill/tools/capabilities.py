"""Reading what the programs can do, once per installed version, and which versions to warn about."""

import hashlib
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from framemill.domain.capabilities import Capabilities
from framemill.errors import ToolMissing
from framemill.tools.children import environment
from framemill.tools.programs import Programs
from framemill.tools.remembered import load, mark_of, save

_SCHEMA = 2  # of the cache file
_WAIT_S = 20
_LISTS = ("encoders", "decoders", "filters", "muxers", "demuxers")
# ` V....D libx264   H.264 ...`, ` TSC scale  V->V  ...`, `  E  mp4 ...`, ` D d lavfi ...`.
_ROW = re.compile(r"^ {1,2}[A-Z.|]{1,7}(?: d)? {1,4}([\w,.+-]+)(?: |$)")
_VERSION = re.compile(r"version[ :]+(?:n-?)?(\S+)")

# Older than any that Framemill's commands were tried on. A build from a repository has no such number.
_TOO_OLD = re.compile(r"[0-4]\.|5\.0")


def read_capabilities(programs: Programs, *, cache_dir: Path | None = None) -> Capabilities:
    """What `programs` offer. With `cache_dir` they are asked once, until one of them changes.

    Raises ToolMissing where a program does not run.
    """
    cache = cache_dir / f"capabilities-{_key(programs)}.json" if cache_dir else None
    if cache is not None and (known := _known(cache)) is not None:
        return known
    read = _ask(programs)
    if cache is not None:
        save(cache, {**asdict(read), **{name: sorted(getattr(read, name)) for name in _LISTS}})
    return read


def version_warnings(capabilities: Capabilities) -> tuple[str, ...]:
    """One sentence for each program whose version is known to be bad."""
    versions = {"ffmpeg": capabilities.ffmpeg_version, "ffprobe": capabilities.ffprobe_version}
    return tuple(
        f"{program} {version}: older than 5.1, the oldest that Framemill's commands were tried on"
        for program, version in versions.items()
        if _TOO_OLD.match(version)
    )


def _ask(programs: Programs) -> Capabilities:
    # All at once: each takes 20 ms and does nothing but print.
    with ThreadPoolExecutor(max_workers=len(_LISTS) + 2) as pool:
        versions = {
            name: pool.submit(_said, name, path, "-hide_banner", "-version")
            for name, path in (("ffmpeg", programs.ffmpeg), ("ffprobe", programs.ffprobe))
        }
        lists = {
            name: pool.submit(_said, "ffmpeg", programs.ffmpeg, "-hide_banner", f"-{name}") for name in _LISTS
        }
    return Capabilities(
        ffmpeg_version=_version(versions["ffmpeg"].result()),
        ffprobe_version=_version(versions["ffprobe"].result()),
        packager_version=_version(_said("packager", programs.packager, "--version"))
        if programs.packager
        else None,
        **{name: parse_list(text.result()) for name, text in lists.items()},
    )


def parse_list(text: str) -> frozenset[str]:
    """Names in the output of `ffmpeg -encoders` and its like; a muxer may have several."""
    # Encoders, decoders and demuxers begin after a ruled line; the legend before it looks the same.
    _, ruled, body = text.partition("\n ---") if "\n ---" in text else text.partition("\n --\n")
    rows = (_ROW.match(line) for line in (body if ruled else text).splitlines() if " = " not in line)
    return frozenset(name for row in rows if row for name in row[1].split(","))


def _said(tool: str, program: Path, *args: str) -> str:
    try:
        done = subprocess.run(
            (str(program), *args),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
            timeout=_WAIT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolMissing(tool, looked_in=(f"{program}, which does not run",)) from error
    return done.stdout.decode("utf-8", "replace")


def _version(text: str) -> str:
    found = _VERSION.search(text)
    return found[1] if found else "unknown"


def _key(programs: Programs) -> str:
    """Changes whenever a program does."""
    paths = (programs.ffmpeg, programs.ffprobe, programs.packager)
    parts = (_SCHEMA, *(path and mark_of(path) for path in paths))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _known(cache: Path) -> Capabilities | None:
    data = load(cache)
    if not isinstance(data, dict):
        return None
    try:
        return Capabilities(**{**data, **{name: frozenset(map(str, data[name])) for name in _LISTS}})
    except (KeyError, TypeError):
        return None  # damaged: ask again
