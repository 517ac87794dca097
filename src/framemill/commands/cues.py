"""Reading and writing SRT and WebVTT. Reading is lenient as players are, writing is strict.

What is read comes from strangers: bounded in every way, and nothing of it
but times and text goes on. ASS is commands.ass'.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from framemill.domain.subtitles import Cue, SubtitleText

MOST_CUES = 100_000
MOST_TEXT = 20_000  # characters of a cue
MOST_AT_ONCE = 1000  # cues shown together: each is drawn anew for every frame

_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,:](\d{1,3})"
_TIMES = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(.*)")
_COUNTER = re.compile(r"\s*\d{1,9}\s*")
_VTT_TAG = re.compile(r"<(/?)([^<>]{0,200})>")
_NOISE = re.compile(r"</?(?:font|span)\b[^<>]{0,200}>", re.IGNORECASE)
_COLOURED = re.compile(r"\bcolor\s*=", re.IGNORECASE)
_PLACE = re.compile(r"\{\\an([1-9])\}")
_BRACED = re.compile(r"\{\\[^{}]{0,200}\}")
_HIDDEN = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0x7F, 0x2028, 0x2029, 0xFEFF))
_LINE = re.compile(r"\bline:\s*(-?\d{1,4})(?:\.\d+)?(%?)")


class Unreadable(ValueError):
    """A text is no subtitle file; the words say why."""


def read(text: str) -> SubtitleText:
    """The cues of an SRT or WebVTT file, told by its content; Unreadable where it is neither."""
    webvtt = text.lstrip("\ufeff").startswith("WEBVTT")
    cues = tuple(_cues(plain(text).split("\n"), webvtt=webvtt))
    return SubtitleText(format="vtt" if webvtt else "srt", cues=in_order(cues))


def write_srt(cues: Iterable[Cue]) -> str:
    """An SRT file; fonts and sizes, which players ignore, are left out."""
    shown = (cue for cue in cues if cue.text.strip())
    return "".join(
        f"{number}\n{_clock(cue.start_us, ',')} --> {_clock(cue.end_us, ',')}\n{_tidy(cue.text)}\n\n"
        for number, cue in enumerate(shown, 1)
    )


def write_webvtt(cues: Iterable[Cue]) -> str:
    """A WebVTT file."""
    blocks = (
        f"{_clock(cue.start_us, '.')} --> {_clock(cue.end_us, '.')}{_settings(cue)}\n{_vtt_text(cue.text)}\n"
        for cue in cues
        if cue.text.strip()
    )
    return "\n".join(("WEBVTT\n", *blocks))


def plain(text: str) -> str:
    """`text` with line ends of one kind and without control characters, which only hide things."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_HIDDEN)


def in_order(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """By start; Unreadable where more are shown at once than anybody reads."""
    ordered = tuple(sorted(cues, key=lambda cue: cue.start_us))
    edges = sorted((*((c.start_us, 1) for c in ordered), *((c.end_us, -1) for c in ordered)))
    together = 0
    for _, step in edges:
        together += step
        if together > MOST_AT_ONCE:
            raise Unreadable(f"it shows more than {MOST_AT_ONCE} cues at once")
    return ordered


def _cues(lines: Sequence[str], *, webvtt: bool) -> Iterator[Cue]:
    heads = [(n, found) for n, line in enumerate(lines) if (found := _TIMES.fullmatch(line[:400]))]
    if not heads and not webvtt:
        raise Unreadable("it is no SRT, WebVTT or ASS file")
    if len(heads) > MOST_CUES:
        raise Unreadable(f"it has more than {MOST_CUES} cues")
    ends = [n for n, _ in heads[1:]] + [len(lines)] * bool(heads)
    for (at, head), until in zip(heads, ends, strict=True):
        start, end = _time(head.groups()[:4]), _time(head.groups()[4:8])
        body = lines[at + 1 : until]
        if webvtt:
            # A cue ends with an empty line; behind it stand comments and names.
            body = body[: next((n for n, line in enumerate(body) if not line.strip()), len(body))]
        elif until < len(lines) and body and _COUNTER.fullmatch(body[-1]):
            body = body[:-1]
        text = "\n".join(line.rstrip() for line in body if line.strip())
        if len(text) > MOST_TEXT:
            raise Unreadable(f"a cue has more than {MOST_TEXT} characters")
        if end <= start or not text:
            continue
        settings = head[9].strip() if webvtt else ""
        shown = _place(settings) + _from_vtt(text) if webvtt else text
        yield Cue(start_us=start, end_us=end, text=shown, settings=settings)


def _time(parts: Sequence[str | None]) -> int:
    hours, minutes, secs, fraction = (part or "0" for part in parts)
    return ((int(hours) * 60 + int(minutes)) * 60 + int(secs)) * 1_000_000 + int(
        fraction.ljust(3, "0")
    ) * 1000


def _clock(time_us: int, point: str) -> str:
    ms = round(time_us / 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"


def _place(settings: str) -> str:
    """SRT's mark for a cue of the upper half."""
    found = _LINE.search(settings)
    if found is None:
        return ""
    line = int(found[1])
    upper = line < 50 if found[2] else 0 <= line < 8
    return r"{\an8}" if upper else ""


def _from_vtt(text: str) -> str:
    """SRT's dialect of a WebVTT text: bold, italic and underline stay, voices and classes go."""
    kept = _VTT_TAG.sub(lambda m: m[0] if m[2].strip().lower() in {"i", "b", "u"} else _styled(m), text)
    return html.unescape(kept.replace("&lrm;", "").replace("&rlm;", "")).replace("\n\n", "\n")


def _styled(tag: re.Match[str]) -> str:
    # <i.loud> is italic with a class.
    name = re.split(r"[.\s]", tag[2].strip().lower(), maxsplit=1)[0]
    return f"<{tag[1]}{name}>" if name in {"i", "b", "u"} else ""


def _tidy(text: str) -> str:
    lines = _without_noise(text).split("\n")
    # An empty line would end the cue, an arrow would begin one.
    return "\n".join(line.replace("-->", "->") for line in lines if line.strip())


def _without_noise(text: str) -> str:
    return text if _COLOURED.search(text) else _NOISE.sub("", text)


def _vtt_text(text: str) -> str:
    bare = _NOISE.sub("", _BRACED.sub("", text))
    parts = re.split(r"(</?[ibuIBU]>)", bare)
    safe = (p.lower() if n % 2 else html.escape(html.unescape(p), quote=False) for n, p in enumerate(parts))
    return "\n".join(line for line in "".join(safe).split("\n") if line.strip()) or " "


def _settings(cue: Cue) -> str:
    if cue.settings:
        return " " + re.sub(r"[^\w:%.,\- ]", "", cue.settings)
    found = _PLACE.search(cue.text)
    if found is None:
        return ""
    column, row = (int(found[1]) - 1) % 3, (int(found[1]) - 1) // 3
    line = ("", " line:50%", " line:0")[row]
    return line + (" position:0% align:start", "", " position:100% align:end")[column]
