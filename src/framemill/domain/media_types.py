"""What a file is on the web: a type fixed by its ending, never one that a browser would run.

What is not listed goes out as bytes to save: no HTML, no SVG, no script.
"""

import re
from typing import Final
from urllib.parse import quote

OCTETS: Final = "application/octet-stream"
_TYPES: Final = {
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mkv": "video/matroska",
    "3gp": "video/3gpp",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
    "wmv": "video/x-ms-wmv",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
    "ogv": "video/ogg",
    "mxf": "application/mxf",
    "ts": "video/mp2t",
    "m2ts": "video/mp2t",
    "mts": "video/mp2t",
    "m4s": "video/iso.segment",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "aac": "audio/aac",
    "ac3": "audio/ac3",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "wma": "audio/x-ms-wma",
    "m3u8": "application/vnd.apple.mpegurl",
    "mpd": "application/dash+xml",
    "vtt": "text/vtt; charset=utf-8",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "gif": "image/gif",
}
_MANIFESTS = ("application/vnd.apple.mpegurl", "application/dash+xml")
_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\%]')
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def media_type(name: str) -> str:
    """The type of a file of this name."""
    return _TYPES.get(name.rpartition(".")[2].lower() if "." in name else "", OCTETS)


def is_manifest(name: str) -> bool:
    """Whether it names other files of its package."""
    return media_type(name) in _MANIFESTS


def disposition(filename: str) -> str:
    """The Content-Disposition that makes browsers save a file under a name, whatever is in that: RFC 6266."""
    # The name without folders: some programs would follow them.
    clean = re.split(r"[/\\]", _CONTROLS.sub("", filename))[-1].strip(". ") or "download"
    plain = f'attachment; filename="{_UNSAFE.sub("_", clean)}"'
    return plain if not _UNSAFE.search(clean) else f"{plain}; filename*=UTF-8''{quote(clean, safe='')}"
