"""One request for each operation as people would make it: for the catalogue, and to begin with."""

from typing import Any, Final

Json = dict[str, Any]  # Any: JSON, as each operation's spec reads it

EXAMPLES: Final[dict[str, Json]] = {
    "probe": {},
    "cut": {"every": "11m"},
    "trim": {"start": "00:41:12", "end": "00:44:03", "mode": "smart"},
    "concat": {"sources": ["input", "second"]},
    "transcode": {"profile": "web_720p"},
    "convert": {"output": "film.mkv"},
    "compress": {"target_size": "700M"},
    "speed": {"factor": 2},
    "extract_audio": {"format": "mp3"},
    "remove_audio": {},
    "replace_audio": {"audio": "music"},
    "normalize_audio": {"target": -16},
    "subtitles": {"action": "extract"},
    "thumbnails": {"count": 12},
    "gif": {"start": "1m", "duration": "4s", "width": 480},
    "preview": {"duration": "6s"},
    "storyboard": {"interval": "10s"},
    "scenes": {},
    "filter": {"chain": [{"filter": "scale", "height": 720}, {"filter": "sharpen"}]},
    "proxy": {},
    "quality": {"reference": "original"},
    "ladder": {"quality": "auto"},
    "index": {},
    "package": {},
}
