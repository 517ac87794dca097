"""Quoting of user text for ffmpeg's own little languages; each level has one function.

See https://ffmpeg.org/ffmpeg-utils.html#Quoting-and-escaping and
https://ffmpeg.org/ffmpeg-filters.html#Notes-on-filtergraph-escaping.
"""


def metadata(value: str) -> str:
    """A value in an ffmetadata file."""
    return "".join(f"\\{c}" if c in "=;#\\\n" else c for c in value)


# Space around a value is cut off at both levels.
_SPACE = " \t\r\n"


def filter_option(value: str) -> str:
    """A value of a filter's option, escaped for the option parser and then for the graph parser."""
    option = "".join(f"\\{c}" if c in "\\':" + _SPACE else c for c in value)
    return "".join(f"\\{c}" if c in "\\'[],;" + _SPACE else c for c in option)
