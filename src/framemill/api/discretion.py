"""What of a text may leave the machine: names of files, not where they lie."""

import re

# In quotes a path may hold anything; outside it ends at a space. What follows a letter or a colon is a URL.
_QUOTED = re.compile(r"""(?P<quote>['"`])(?:file:)?~?/(?:[^'"`\n]*/)?(?P<name>[^'"`/\n]*)(?P=quote)""")
_BARE = re.compile(r"(?<![\w:/.~'\"`-])(?:file:)?~?/(?:[^\s'\"`/]+/)+(?P<name>[^\s'\"`/]*)")
_OURS = ("/api/", "/media/", "/storage/", "/health/", "/docs")


def discreet(text: str) -> str:
    """`text` with every absolute path reduced to its last name; addresses of this API stay."""
    return _BARE.sub(_shortened, _QUOTED.sub(_shortened, text))


def _shortened(found: re.Match[str]) -> str:
    whole, quote = found[0], found.groupdict().get("quote", "")
    if whole.removeprefix(quote).startswith(_OURS):
        return whole
    return f"{quote}{found['name']}{quote}"
