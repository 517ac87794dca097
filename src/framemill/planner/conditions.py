"""`when: audio and height > 720`: conditions of pipeline steps on the facts of the main input."""

import operator
import re
from collections.abc import Callable
from fractions import Fraction

from framemill.domain.media import MediaInfo
from framemill.domain.units import US
from framemill.errors import InvalidSpec

_COMPARE: dict[str, Callable[[Fraction, Fraction], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
_TERM = re.compile(r"(not\s+)?([a-z_]+)(?:\s*(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+)?))?")

WORDS = (
    "video",
    "audio",
    "subtitles",
    "chapters",
    "width",
    "height",
    "short_side",
    "fps",
    "duration",
    "hdr",
    "interlaced",
)


def check_condition(condition: str) -> None:
    """Refuse what is no condition with InvalidSpec."""
    for term in _terms(condition):
        _parts(term, condition)


def holds(condition: str, media: MediaInfo) -> bool:
    """Whether every term joined by `and` is true; a bare word means more than zero.

    Words are those in WORDS, `duration` in seconds. Raises InvalidSpec for
    anything else.
    """
    check_condition(condition)
    return all(_true(*_parts(term, condition), media) for term in _terms(condition))


def _terms(condition: str) -> list[str]:
    return [term.strip() for term in re.split(r"\s+and\s+", condition.strip())]


def _parts(term: str, condition: str) -> tuple[str | None, str, str | None, str | None]:
    match = _TERM.fullmatch(term)
    if match is None or match[2] not in WORDS:
        raise InvalidSpec(
            f"when: {condition!r} is not a condition",
            hint=f"write e.g. `audio` or `height > 720`; words: {', '.join(WORDS)}",
        )
    return match[1], match[2], match[3], match[4]


def _true(negated: str | None, word: str, sign: str | None, number: str | None, media: MediaInfo) -> bool:
    value = _value(word, media)
    truth = _COMPARE[sign](value, Fraction(number)) if sign and number else value > 0
    return truth is not bool(negated)


def _value(word: str, media: MediaInfo) -> Fraction:
    video = media.main_video
    counts = {
        "video": int(video is not None),
        "audio": len(media.playable_audio),
        "subtitles": len(media.subtitles),
        "chapters": len(media.chapters),
    }
    if word in counts:
        return Fraction(counts[word])
    if word == "duration":
        return Fraction(media.duration_us, US)
    if video is None:
        return Fraction(0)
    return {
        "width": Fraction(video.display_width),
        "height": Fraction(video.display_height),
        "short_side": Fraction(video.short_side),
        "fps": video.frame_rate,
        "hdr": Fraction(int(video.hdr is not None)),
        "interlaced": Fraction(int(video.interlaced)),
    }[word]
