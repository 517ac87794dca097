"""What of a text may be kept or told: no secrets, and of paths only the last name.

One place for log lines, job records, problems and reports of faults. Values
that only an installation knows to be secret are learned when its settings are
read; everything else is known by its form.
"""

import re
import threading
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Final

STARS: Final = "***"
_SHORTEST: Final = 8  # characters of a learned secret: shorter ones are words
_DEEPEST: Final = 8
_PLAIN_WORD = re.compile(r"[a-z]{1,15}|[A-Z]{1,15}|\d{1,9}", re.ASCII)

_NAME = (
    r"(?:passw(?:or)?d|passphrase|secret|token|signature|credentials?|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|session[_-]?id|sse[_-]?key|storage[_-]?keys|framemill_session|x-amz-\w{1,30})"
)
_SECRET_NAME = re.compile(
    rf"{_NAME}|authorization|cookie|\bdsn\b|broker_url|database_url|\bsig\b|\bpwd\b", re.IGNORECASE
)
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>`]+", re.IGNORECASE)
# Stand for one server with its password; in theirs an @ or / is often not escaped.
_SERVERS = re.compile(
    r"(?:postgres\w*|mysql|redis|rediss|sentinel|amqps?|pyamqp)(?:\+\w+)?", re.IGNORECASE | re.ASCII
)

_END: Final = r"[^\s\"'&;,)}\]]"  # what a value is made of that stands without quotes
# Each with what stays before the stars.
_FORMS: Final = tuple(
    (re.compile(form, flags), kept)
    for form, flags, kept in (
        (r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}-----|\Z)", re.DOTALL, ""),
        (r"\b((?:proxy-)?authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?)[^\"'\r\n]+", re.IGNORECASE, r"\1"),
        (r"\b((?:set-)?cookie[\"']?\s{0,3}[:=]\s{0,3}[\"']?)[^\"'\r\n]+", re.IGNORECASE, r"\1"),
        (r"\b(bearer\s{1,3})[\w.~+/=-]{12,}", re.IGNORECASE, r"\1"),
        (r"\b([Bb]asic\s{1,3})(?=\S*[A-Z0-9=])[A-Za-z0-9+/]{8,}={0,2}", re.NOFLAG, r"\1"),
        (r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?", re.NOFLAG, ""),
        (r"\bfm_[\w-]{12,}", re.NOFLAG, ""),
        (r"\bwhsec_[\w+/=-]{12,}", re.NOFLAG, ""),
        (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", re.NOFLAG, ""),
        (r"(/media/)[\w.~-]{16,}", re.NOFLAG, r"\1"),
        # As in JSON and in Python's words: what is in quotes belongs to the name whatever it is.
        (rf"({_NAME}[\w-]{{0,40}}[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"'])[^\"'\r\n]+", re.IGNORECASE, r"\1"),
        (rf"({_NAME}[\w-]{{0,40}}\s{{0,3}}=\s{{0,3}}){_END}+", re.IGNORECASE, r"\1"),
        (rf"((?:[?&;\s]|^)(?:sig|pwd|key|auth)=){_END}+", re.IGNORECASE, r"\1"),
        # After a colon may stand a sentence: a word of letters alone is no secret there.
        (rf"({_NAME}[\w-]{{0,40}}:\s{{0,3}})(?=[a-z]*[^\sa-z\"'&;,)}}\].]){_END}{{6,}}", re.NOFLAG, r"\1"),
    )
)

# In quotes a path may hold anything; outside it ends at a space. What follows a letter or a colon is a URL.
_QUOTED = re.compile(r"""(?P<quote>['"`])(?:file:)?~?/(?:[^'"`\n]*/)?(?P<name>[^'"`/\n]*)(?P=quote)""")
_BARE = re.compile(r"(?<![\w:/.~'\"`-])(?:file:)?~?/(?:[^\s'\"`/]+/)+(?P<name>[^\s'\"`/]*)")
_HOME = re.compile(r"(?<![\w:/.~-])/(?:(?:home|Users)/[^\s'\"`/:,;)]+|root)(?=[\s'\"`:,;)]|$)")
_OURS = ("/api/", "/media/", "/storage/", "/health/", "/docs")


class _Learned:
    """Secrets that this process was told of, and the pattern that finds any of them."""

    def __init__(self) -> None:
        self._values: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self.pattern: re.Pattern[str] | None = None

    def add(self, values: Iterable[str]) -> None:
        new = {value for value in values if len(value) >= _SHORTEST and not _PLAIN_WORD.fullmatch(value)}
        with self._lock:
            if new <= self._values:
                return
            self._values |= new
            longest_first = sorted(self._values, key=lambda value: (-len(value), value))
            self.pattern = re.compile("|".join(re.escape(value) for value in longest_first))


_learned = _Learned()


def learn(*secrets: str) -> None:
    """Find these values from now on wherever they stand, in this process.

    Those of less than eight characters, and plain words, are left: they would
    be found in half of all sentences.
    """
    _learned.add(secrets)


def without_secrets(text: str) -> str:
    """`text` with stars for keys, tokens, passwords, signatures, cookies, and all that a URL may hide."""
    if (learned := _learned.pattern) is not None:
        text = learned.sub(STARS, text)
    if "://" in text:
        text = _URL.sub(lambda found: _bare_url(found[0]), text)
    for pattern, kept in _FORMS:
        text = pattern.sub(kept + STARS, text)
    return text


def without_paths(text: str) -> str:
    """`text` with every absolute path reduced to its last name; addresses of our own API stay."""
    return _BARE.sub(_shortened, _QUOTED.sub(_shortened, _HOME.sub("~", text)))


def discreet(text: str) -> str:
    """`text` for whoever is not on this machine: neither secrets nor paths."""
    return without_paths(without_secrets(text))


def hides(name: str) -> bool:
    """True for names of fields whose values are secret whatever they look like."""
    return _SECRET_NAME.search(name) is not None


def redacted(value: object, *, paths: bool = True, deep: int = 0) -> object:
    """`value` as it may be kept, through mappings and lists; with `paths` those become names too.

    Numbers, truths and None stay; of a path its name stays; all else becomes its text.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    clean = discreet if paths else without_secrets
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, PurePath):
        return clean(value.name if paths else str(value))
    if deep < _DEEPEST and isinstance(value, Mapping):
        return {
            clean(str(key)): STARS
            if hides(str(key)) and isinstance(one, (str, bytes))
            else redacted(one, paths=paths, deep=deep + 1)
            for key, one in value.items()
        }
    if deep < _DEEPEST and isinstance(value, (list, tuple, set, frozenset)):
        return [redacted(one, paths=paths, deep=deep + 1) for one in value]
    return clean(str(value))


def _bare_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if _SERVERS.fullmatch(scheme):
        userinfo, at, rest = rest.rpartition("@")
    else:
        authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
        userinfo, at, _ = authority.rpartition("@")
        rest = rest[len(userinfo) + len(at) :]
    rest, question, _ = rest.partition("?")
    rest, fragment, after = rest.partition("#")
    shown = f"{scheme}://{STARS + at if at else ''}{rest}"
    if question:
        return f"{shown}?{STARS}"
    return f"{shown}#{STARS if '=' in after else after}" if fragment else shown


def _shortened(found: re.Match[str]) -> str:
    whole, quote = found[0], found.groupdict().get("quote", "")
    if whole.removeprefix(quote).startswith(_OURS):
        return whole
    return f"{quote}{found['name']}{quote}"
