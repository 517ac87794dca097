"""Times, sizes and rates as people write them, and back.

Times are whole microseconds, sizes bytes, rates bits per second.
"""

import re
from decimal import Decimal
from fractions import Fraction

from framemill.errors import InvalidSpec

US = 1_000_000

_CLOCK = re.compile(r"(?:(\d+):)?([0-5]?\d):([0-5]?\d(?:\.\d{1,9})?)", re.ASCII)
_WORDS = re.compile(
    r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?", re.ASCII
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE | re.ASCII)
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)(?:b(?:it)?(?:ps|/s)?)?", re.IGNORECASE | re.ASCII)
# No exponents: `1e-99999999` would be worked out digit by digit.
_FRAME_RATE = re.compile(r"\d{1,9}(?:\.\d{1,9})?|\d{1,9}/\d{1,9}", re.ASCII)
_LEVEL = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(db|%|x?)", re.IGNORECASE | re.ASCII)
_MOST_DB = 20
_MOST_SECONDS = 10**9  # thirty years: more is a slip, and beyond what ffmpeg counts
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def parse_time(text: str | int | float | Decimal) -> int:
    """Microseconds of `90`, `90s`, `1m30s`, `1h2m`, `250ms`, `00:01:30.500` or a number of seconds."""
    found = _seconds_of(text)
    if found is None or not (found.is_finite() and 0 <= found < _MOST_SECONDS):
        raise InvalidSpec(f"{text!r} is not a time", hint="write 90, 90s, 1m30s or 00:01:30.500")
    return round(found * US)


def _seconds_of(text: str | int | float | Decimal) -> Decimal | None:
    if isinstance(text, int | float | Decimal) and not isinstance(text, bool):
        return Decimal(str(text))
    word = str(text).strip().lower()
    if clock := _CLOCK.fullmatch(word):
        hours, minutes, seconds = clock.groups()
        return Decimal(hours or 0) * 3600 + Decimal(minutes) * 60 + Decimal(seconds)
    if _NUMBER.fullmatch(word):
        return Decimal(word)
    if word and (words := _WORDS.fullmatch(word)):
        h, m, s, ms = (Decimal(part or 0) for part in words.groups())
        return h * 3600 + m * 60 + s + ms / 1000
    return None


def format_time(us: int) -> str:
    """`HH:MM:SS.mmm`, rounded to the millisecond; a sign only where negative."""
    sign, us = ("-", -us) if us < 0 else ("", us)
    ms = (us + 500) // 1000
    return f"{sign}{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def seconds(us: int) -> str:
    """Plain decimal seconds for a command line: `90.5`, exact to the microsecond."""
    sign, us = ("-", -us) if us < 0 else ("", us)
    whole, rest = divmod(us, US)
    return f"{sign}{whole}" + (f".{rest:06}".rstrip("0") if rest else "")


def parse_size(text: str | int) -> int:
    """Bytes of `700M` (10^6), `1.5GiB` (2^30) or a plain number."""
    if isinstance(text, int) and not isinstance(text, bool) and text > 0:
        return text
    if (m := _SIZE.fullmatch(str(text).strip())) and not (m[3] and not m[2]):
        base = 1024 if m[3] else 1000
        size = int(Decimal(m[1]) * base ** _POWER[m[2].lower()])
        if size > 0:
            return size
    raise InvalidSpec(f"{text!r} is not a size", hint="write 700M, 1.5GiB or a number of bytes")


def format_size(size: int) -> str:
    """`1.5 GB` with decimal units."""
    units = ("B", "kB", "MB", "GB", "TB")
    power = min(len(units) - 1, (len(str(size)) - 1) // 3)
    return f"{size} B" if power == 0 else f"{size / 1000**power:.1f} {units[power]}"


def parse_rate(text: str | int) -> int:
    """Bits per second of `2500k`, `2.5M` or a plain number."""
    if isinstance(text, int) and not isinstance(text, bool) and text > 0:
        return text
    if m := _RATE.fullmatch(str(text).strip()):
        rate = int(Decimal(m[1]) * 1000 ** _POWER[m[2].lower()])
        if rate > 0:
            return rate
    raise InvalidSpec(f"{text!r} is not a bit rate", hint="write 2500k, 2.5M or a number of bits per second")


def format_rate(rate: int) -> str:
    """`2500k`: whole kilobits per second, as encoders take them."""
    return f"{max(1, round(rate / 1000))}k"


def parse_level(text: str | int | float) -> float:
    """The factor that `0.5`, `50%` or `-6dB` makes sound louder or quieter by."""
    wrong = InvalidSpec(f"{text!r} is not a volume", hint="write 0.5, 50% or -6dB; 10 (20dB) at most")
    m = None if isinstance(text, bool) else _LEVEL.fullmatch(str(text).strip())
    if m is None:
        raise wrong
    value, unit = float(m[1]), m[2].lower()
    if unit == "db":
        if value > _MOST_DB:
            raise wrong
        return float(10 ** (value / 20))
    factor = value / 100 if unit == "%" else value
    if not 0 <= factor <= 10 ** (_MOST_DB / 20):
        raise wrong
    return factor


def parse_frame_rate(text: str | int | float) -> Fraction:
    """An exact rate of `30`, `29.97` (taken as 30000/1001) or `30000/1001`."""
    word = str(text).strip()
    try:
        rate = Fraction(word if _FRAME_RATE.fullmatch(word) else 0)
    except ZeroDivisionError:
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise InvalidSpec(f"{text!r} is not a frame rate", hint="write 25, 29.97 or 30000/1001")
    for nominal in (24, 30, 48, 60, 120):
        ntsc = Fraction(nominal * 1000, 1001)
        if rate.denominator != 1 and abs(rate - ntsc) < Fraction(1, 200):
            return ntsc
    return rate
