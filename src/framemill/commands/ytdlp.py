"""Options for yt-dlp, and what its lines and failures mean. Starting it is tools' work.

It gets no choice in what matters: no configuration but ours, no plugins, no
other programs, no logins that nobody gave it, and no way out but our proxy.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from framemill.commands.source import guard_args
from framemill.errors import DownloadFailed, DownloadInterrupted

FLOOR = (2026, 7)
# Picture and sound that come apart are joined by `joining`. MP4 first: it plays everywhere.
_FORMAT = "bv*[ext=mp4]+ba[ext=m4a]/b[ext=mp4]/bv*+ba/b/ba"
_APART = re.compile(r"(.+)\.f[A-Za-z0-9_-]{1,60}\.([a-z0-9]{1,5})")
_NAME = "%(title).80B [%(id).40B].%(ext)s"
_PROGRESS = re.compile(r"framemill (\d+) (\d+|NA)(?:\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run of yt-dlp may do."""

    folder: str  # where its files go, and nothing else
    proxy: str  # with its password
    addresses: str  # the file that holds the address
    max_bytes: int | None
    format: str | None
    subtitles: Sequence[str]
    playlist: bool
    rate: int | None
    cookies: str | None


def options(wanted: Options) -> tuple[str, ...]:
    """The lines of the options file. A file, because a command line is everybody's to read."""
    return (
        *_SAFE,
        _line("--proxy", wanted.proxy),
        _line("--batch-file", wanted.addresses),
        _line("--paths", f"home:{wanted.folder}"),
        _line("--output", f"{'%(playlist_index)03d ' if wanted.playlist else ''}{_NAME}"),
        _line("--format", wanted.format or _FORMAT),
        "--yes-playlist" if wanted.playlist else "--no-playlist",
        *(() if wanted.max_bytes is None else (_line("--max-filesize", str(wanted.max_bytes)),)),
        *(() if wanted.rate is None else (_line("--limit-rate", str(wanted.rate)),)),
        *(() if wanted.cookies is None else (_line("--cookies", wanted.cookies),)),
        *(("--write-subs", _line("--sub-langs", ",".join(wanted.subtitles))) if wanted.subtitles else ()),
    )


_COME = "progress.downloaded_bytes"
_TOTAL = "progress.total_bytes,progress.total_bytes_estimate"
_SAFE = (
    "--no-plugin-dirs",
    "--no-cache-dir",
    "--no-remote-components",
    "--no-exec",
    "--no-cookies-from-browser",
    # ffmpeg would read addresses by itself, past the proxy; so would what it hands playlists to.
    "--ffmpeg-location /nonexistent",
    "--downloader native",
    "--fixup never",
    "--no-mtime",
    "--no-write-info-json",
    "--no-write-playlist-metafiles",
    "--no-overwrites",
    "--continue",
    "--socket-timeout 30",
    "--retries 5",
    "--fragment-retries 5",
    "--extractor-retries 2",
    "--abort-on-unavailable-fragments",
    "--concurrent-fragments 2",
    "--quiet",
    "--newline",
    "--progress",
    "--progress-delta 0.5",
    f'--progress-template "download:framemill %({_COME})s %({_TOTAL})s"',
)


def _line(name: str, value: str) -> str:
    """An option with its value as the options file takes it: shell-like words, on one line."""
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise DownloadFailed(f"{name}: no control characters, please", reason="refused")
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name} "{quoted}"'


def apart(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Of the files that yt-dlp left, pairs that belong together, by the name of what they would be."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        if (found := _APART.fullmatch(name)) is not None:
            groups.setdefault(found[1], []).append((name, found[2]))
    pairs = {}
    for stem, files in groups.items():
        if len(files) == 2:
            (one, ending), (two, other) = files
            pairs[f"{stem}.{_container({ending, other})}"] = (one, two)
    return pairs


def _container(endings: set[str]) -> str:
    if endings <= {"mp4", "m4a", "m4v"}:
        return "mp4"
    return "webm" if endings <= {"webm"} else "mkv"


def joining(one: str, two: str, out: str) -> tuple[str, ...]:
    """ffmpeg's options that copy the streams of two files, as strangers made them, into one."""
    return (
        "-y",
        *(*guard_args(), "-i", f"file:{one}"),
        *(*guard_args(), "-i", f"file:{two}"),
        *("-map", "0:v?", "-map", "0:a?", "-map", "1:v?", "-map", "1:a?"),
        *("-c", "copy", "-map_metadata", "-1"),
        *(("-movflags", "+faststart") if out.endswith(".mp4") else ()),
        f"file:{out}",
    )


def progress_of(line: str) -> tuple[int, int | None] | None:
    """Bytes that have come and bytes in all, where the line tells."""
    found = _PROGRESS.match(line)
    if found is None:
        return None
    return int(found[1]), None if found[2] == "NA" else int(found[2])


# The first that fits; in yt-dlp's words and those of the sites. The last field: it may pass.
_MEANINGS: tuple[tuple[re.Pattern[str], str, str, bool], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reason, words, passing)
    for pattern, reason, words, passing in (
        (
            "not a bot|captcha|unusual traffic",
            "bot_check",
            "the site takes us for a robot",
            False,
        ),
        ("in your (country|location|region)|geo.?restrict", "geo", "the site does not show it here", False),
        (
            "private video|log.?in|sign in|members.only|registered users|password|HTTP Error 40[13]",
            *("private", "the site shows it to certain people only", False),
        ),
        ("HTTP Error 429|rate.?limit", "busy", "the site is busy", True),
        (r"\bDRM\b", "unsupported", "it is encrypted for certain players", False),
        (
            "unsupported url|no video formats|no media|requested format|unable to extract|not a valid url",
            *("unsupported", "no video was found there that can be downloaded", False),
        ),
        (
            "ffmpeg could not be found|is not supported",
            *("unsupported", "it is a kind of stream that is not downloaded", False),
        ),
        (
            "unavailable|removed|deleted|does not exist|no longer|HTTP Error 4(04|10)",
            *("gone", "the site does not have it", False),
        ),
        (
            r"HTTP Error 5\d\d|timed out|connection|fragment|unable to download|incomplete",
            *("broken", "the site broke off", True),
        ),
    )
)
_HINTS = {
    "bot_check": "try later, or give a cookies.txt of a browser that is let in (FRAMEMILL_YTDLP_COOKIES)",
    "private": "give a cookies.txt of an account that may see it (FRAMEMILL_YTDLP_COOKIES)",
    "unsupported": "a newer yt-dlp may know the site; or give the address of the file itself",
}


def meaning(tail: Iterable[str], *, label: str) -> DownloadFailed:
    """What a failed run says."""
    said = [line for line in tail if line.strip()]
    errors = [line for line in said if "ERROR" in line] or said[-1:]
    text = "\n".join(errors)
    for pattern, reason, words, passing in _MEANINGS:
        if pattern.search(text):
            if passing:
                return DownloadInterrupted(f"{label}: {words}", reason=reason)
            return DownloadFailed(f"{label}: {words}", reason=reason, hint=_HINTS.get(reason))
    hint = _HINTS["unsupported"]
    return DownloadFailed(f"{label}: yt-dlp could not download it", reason="unsupported", hint=hint)
