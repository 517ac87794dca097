"""Reading, writing and restyling ASS, which is also the form in which text is drawn into pictures.

http://www.tcax.org/docs/ass-specs.htm describes the format, libass decides.
"""

import re
from collections.abc import Callable, Sequence

from framemill.commands.cues import MOST_CUES, MOST_TEXT, Unreadable, in_order, plain
from framemill.domain.subtitles import Cue, SubtitleText

# What libass assumes where a file says nothing, and so what our own files say.
WIDTH, HEIGHT = 384, 288
_EVENT = "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"
_STYLE = (
    "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, "
    "MarginL, MarginR, MarginV, Encoding"
)
_PLAIN = (
    "Default,Open Sans,16,&H00FFFFFF,&H00FFFFFF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,1,0,2,10,10,14,1"
)
_TIME = re.compile(r"\s*(\d{1,4}):(\d{1,2}):(\d{1,2})[.:,](\d{1,3})\s*")
_UNLISTED = re.compile(r"^\d{0,4},\d{0,4},\d{0,4},[^,{}]{0,40},")
_DRAWING = re.compile(r"\\p[1-9]")
_SECTION = re.compile(r"\s*\[([^\[\]]{1,60})\]\s*")
# Not that of \alpha and \1a, which is no colour.
_COLOUR = re.compile(r"(?<![aA])&H([0-9A-Fa-f]{1,8})")
# [Graphics], editors' own sections and the like are left out.
_KEPT = frozenset({"script info", "v4+ styles", "v4 styles", "v4 styles+", "fonts"})
_TAG = re.compile(r"<(/?)(i|b|u|s|font)\b([^<>]{0,200})>|(\{\\an[1-9]\})|(\{\\[^{}]{0,200}\})", re.IGNORECASE)
_FONT_COLOUR = re.compile(r"color\s*=\s*[\"']?#?([0-9A-Za-z]{3,20})", re.IGNORECASE)
# SSA counts the nine places another way: bottom, then top, then middle.
_OLDER_PLACES = dict(zip(range(1, 10), ("1", "2", "3", "9", "10", "11", "5", "6", "7"), strict=True))
_NAMED = {
    "white": "FFFFFF",
    "black": "000000",
    "red": "FF0000",
    "lime": "00FF00",
    "green": "008000",
    "blue": "0000FF",
    "yellow": "FFFF00",
    "cyan": "00FFFF",
    "aqua": "00FFFF",
    "magenta": "FF00FF",
    "fuchsia": "FF00FF",
    "gray": "808080",
    "grey": "808080",
    "silver": "C0C0C0",
    "orange": "FFA500",
}


def looks_like(text: str) -> bool:
    """True for a text that begins as ASS and SSA do."""
    head = text[:4000].lstrip("\ufeff \t\r\n").lower()
    return head.startswith("[script info]") or "[v4+ styles]" in head or "[v4 styles]" in head


def read(text: str) -> SubtitleText:
    """The header and cues of an ASS or SSA file; Unreadable where it holds too much."""
    header: list[str] = []
    cues: list[Cue] = []
    section, columns = "", _columns(_EVENT)
    for line in plain(text).split("\n"):
        if found := _SECTION.fullmatch(line[:80]):
            section = found[1].strip().lower()
            if section in _KEPT:
                header += ("", line.strip())
            continue
        if section in _KEPT and line.strip():
            header.append(line.strip())
        elif section == "events":
            kind, _, rest = line.partition(":")
            if kind.strip().lower() == "format":
                columns = _columns(rest)
            elif kind.strip().lower() == "dialogue" and (cue := _cue(rest, columns)) is not None:
                cues.append(cue)
                if len(cues) > MOST_CUES:
                    raise Unreadable(f"it has more than {MOST_CUES} cues")
    return SubtitleText(format="ass", cues=in_order(cues), header="\n".join(header).strip() + "\n")


def write(text: SubtitleText) -> str:
    """An ASS file; what was SRT or WebVTT gets a plain style."""
    ass = text.format == "ass"
    header = text.header if ass else _header(f"Style: {_PLAIN}")
    lines = (_dialogue(cue, cue.text if ass else from_srt(cue.text)) for cue in text.cues)
    return "\n".join((header, "[Events]", f"Format: {_EVENT}", *lines, ""))


def from_srt(text: str) -> str:
    """An SRT text as ASS: simple tags become overrides, everything else is shown as it stands."""
    found: list[str] = []
    at = 0
    colours: list[str] = []
    for tag in _TAG.finditer(text):
        found.append(_literal(text[at : tag.start()]))
        at = tag.end()
        closing, name = bool(tag[1]), (tag[2] or "").lower()
        if tag[4]:
            found.append(tag[4])
        elif name == "font" and not closing:
            colours.append(_colour(tag[3]))
            found.append(colours[-1])
        elif name == "font":
            if colours and colours.pop():
                found.append(next((c for c in reversed(colours) if c), r"{\c}"))
        elif name:
            found.append(rf"{{\{name}{0 if closing else 1}}}")
    return "".join((*found, _literal(text[at:]))).replace("\n", r"\N")


def dimmed(text: str, share: float) -> str:
    """An ASS file with every colour darkened: white text on HDR would dazzle."""

    def darker(match: re.Match[str]) -> str:
        digits = match[1].rjust(6, "0")
        alpha, colour = digits[:-6], digits[-6:]
        parts = (round(int(colour[n : n + 2], 16) * share) for n in (0, 2, 4))
        return f"&H{alpha}" + "".join(f"{part:02X}" for part in parts)

    section = ""
    lines = []
    for line in text.split("\n"):
        if found := _SECTION.fullmatch(line[:80]):
            section = found[1].strip().lower()
        # A font written as text may hold what looks like a colour.
        lines.append(line if section == "fonts" else _COLOUR.sub(darker, line))
    return "\n".join(lines)


def restyled(header: str, changes: Sequence[tuple[str, str]]) -> str:
    """A header whose every style has the values that `changes` names by column."""
    columns = _columns(_STYLE)
    wanted = {name.lower(): value for name, value in changes}
    lines = []
    older = False
    for line in header.split("\n"):
        if line.startswith("["):
            older = line.lower() == "[v4 styles]"
        kind, colon, rest = line.partition(":")
        if colon and kind.strip().lower() == "format":
            columns = _columns(rest)
        if colon and kind.strip().lower() == "style":
            values = rest.split(",")
            values = [wanted.get(c, v) for c, v in zip(columns, values, strict=False)]
            if older and "alignment" in wanted and "alignment" in columns:
                values[columns.index("alignment")] = _OLDER_PLACES[int(wanted["alignment"])]
            line = f"Style: {','.join(values).strip()}"
        lines.append(line)
    return "\n".join(lines)


def colour(word: str) -> str | None:
    """`yellow`, `#ff0` or `#ffff00` as ASS writes it, None for what is no colour."""
    digits = _NAMED.get(word.lower(), word.removeprefix("#"))
    if re.fullmatch(r"[0-9A-Fa-f]{3}", digits):
        digits = "".join(c * 2 for c in digits)
    if not re.fullmatch(r"[0-9A-Fa-f]{6}", digits):
        return None
    red, green, blue = digits[:2], digits[2:4], digits[4:]
    return f"&H{blue}{green}{red}".upper()


def play_height(header: str) -> int:
    """How many lines tall the picture is that sizes in the header refer to."""
    found = re.search(r"^PlayResY:\s*(\d{1,5})\s*$", header, re.MULTILINE | re.IGNORECASE)
    return int(found[1]) if found and int(found[1]) else HEIGHT


def one_of_each(text: SubtitleText, *, wanted: Callable[[str], bool]) -> str:
    """A small ASS file with each style's `wanted` characters, all at once: to see which a font lacks."""
    shown: dict[str, set[str]] = {}
    for cue in text.cues:
        bare = re.sub(r"\{[^{}]*\}", "", cue.text) if not _DRAWING.search(cue.text) else ""
        shown.setdefault(cue.style, set()).update(re.sub(r"\\[Nnh]", " ", bare))
    lines = (
        _dialogue(
            Cue(start_us=0, end_us=10_000_000, text="".join(sorted(filter(wanted, chars))), style=style), None
        )
        for style, chars in shown.items()
    )
    return "\n".join((text.header, "[Events]", f"Format: {_EVENT}", *lines, ""))


def _header(style: str) -> str:
    return "\n".join(
        (
            "[Script Info]",
            "ScriptType: v4.00+",
            f"PlayResX: {WIDTH}",
            f"PlayResY: {HEIGHT}",
            "ScaledBorderAndShadow: yes",
            "WrapStyle: 0",
            "",
            "[V4+ Styles]",
            f"Format: {_STYLE}",
            style,
            "",
        )
    )


def _columns(line: str) -> list[str]:
    return [name.strip().lower() for name in line.split(",")]


def _cue(rest: str, columns: Sequence[str]) -> Cue | None:
    fields = dict(zip(columns, rest.split(",", len(columns) - 1), strict=False))
    start, end = _micros(fields.get("start", "")), _micros(fields.get("end", ""))
    text = fields.get("text", "")
    if "marginl" not in columns:
        # Matroska's blocks have all fields, whatever the header of their track lists.
        text = _UNLISTED.sub("", text, count=1)
    if len(text) > MOST_TEXT:
        raise Unreadable(f"a cue has more than {MOST_TEXT} characters")
    if start is None or end is None or end <= start or not text.strip():
        return None
    left, right, vertical = (_whole(fields.get(f"margin{side}", "")) for side in "lrv")
    return Cue(
        start_us=start,
        end_us=end,
        text=text.strip(),
        style=fields.get("style", "Default").strip() or "Default",
        layer=_whole(fields.get("layer", "")),
        name=fields.get("name", "").strip(),
        margins=(left, right, vertical),
        effect=fields.get("effect", "").strip(),
    )


def _dialogue(cue: Cue, text: str | None) -> str:
    left, right, vertical = cue.margins
    shown = cue.text if text is None else text
    return (
        f"Dialogue: {cue.layer},{_clock(cue.start_us)},{_clock(cue.end_us)},{cue.style},{cue.name},"
        f"{left},{right},{vertical},{cue.effect},{shown}"
    )


def _micros(text: str) -> int | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hours, minutes, secs = (int(found[n]) for n in (1, 2, 3))
    return ((hours * 60 + minutes) * 60 + secs) * 1_000_000 + int(found[4].ljust(6, "0"))


def _clock(time_us: int) -> str:
    cs = round(time_us / 10_000)
    return f"{cs // 360_000}:{cs // 6000 % 60:02}:{cs // 100 % 60:02}.{cs % 100:02}"


def _whole(text: str) -> int:
    found = re.fullmatch(r"\s*(\d{1,5})\s*", text)
    return int(found[1]) if found else 0


def _literal(text: str) -> str:
    """Text that ASS shows as it stands: braces escaped, backslashes kept from meaning anything."""
    joiner = "\u2060"  # of no width
    return text.replace("\\", "\\" + joiner).replace("{", r"\{").replace("}", r"\}")


def _colour(attributes: str) -> str:
    found = _FONT_COLOUR.search(attributes)
    named = colour(found[1]) if found else None
    return rf"{{\c{named}&}}" if named else ""
