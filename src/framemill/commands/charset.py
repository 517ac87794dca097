"""Which character set a subtitle file is written in.

Marks and strict decoding settle nearly every file. What is left are the
sets of the nineties, told apart by whether the letters make a language:
general detectors take French for Polish on a single cue.
"""
# ruff: noqa: RUF001 - letters that look like others are what this is about

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

# Longest first: the mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 65_536
_LINE = 4096
# Beside letters, what texts of every language hold.
_SIGNS = frozenset("…–—‘’‚“”„«»‹›°©®™€£§·•¿¡´№\xa0\xad")
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"


@dataclass(frozen=True, slots=True)
class _Language:
    """The letters beyond ASCII of a language; `usual` are those that most of its text consists of."""

    charset: str
    letters: str
    usual: str = ""


# In order of preference where the letters cannot tell.
_LANGUAGES = (
    _Language("cp1252", "äöüß"),
    _Language("cp1252", "àâæçéèêëîïôœùûüÿ"),
    _Language("cp1252", "áéíóúüñªº"),
    _Language("cp1252", "ãõáâàçéêíóôúüªº"),
    _Language("cp1252", "àèéìîòóùú"),
    _Language("cp1252", "àéèëïíóúöü"),
    _Language("cp1252", "åäöæøéü"),
    _Language("cp1252", "áðéíóúýþæö"),
    _Language("cp1252", "àçèéíïòóúü"),
    _Language("cp1250", "ąćęłńóśźż"),
    _Language("cp1250", "áčďéěíňóřšťúůýž"),
    _Language("cp1250", "áäčďéíĺľňóôŕšťúýž"),
    _Language("cp1250", "áéíóöőúüű"),
    _Language("cp1250", "čćđšž"),
    _Language("cp1250", "ăâîşţ"),
    _Language("cp1254", "çğıöşüâîiû"),
    _Language("cp1257", "ąčęėįšųūž"),
    _Language("cp1257", "āčēģīķļņšūž"),
    _Language("cp1257", "äõöüšž"),
    _Language("cp1251", _CYRILLIC, "оеаинтсрвлкмдпуыя"),
    _Language("cp1251", _CYRILLIC + "іїєґ", "оаинтірвлекмдуі"),
    _Language("cp1251", "абвгдежзиклмнопрстуфхцчшђјљњћџ", "аиоенрстјуквдм"),
    _Language("koi8-r", _CYRILLIC, "оеаинтсрвлкмдпуыя"),
    _Language("cp1253", "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ", "αοιετσνηυρςπκμλ"),
    _Language("cp1255", "אבגדהוזחטיךכלםמןנסעףפץצקרשת", "יוהלארתמבשנכם"),
    _Language("cp1256", "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگک،؟", "اليمنرتوهبكد"),
)
_LATIN = frozenset({"cp1250", "cp1252", "cp1254", "cp1257"})
# Lead bytes of the characters that everyday text consists of, and of its punctuation.
_WIDE: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = (
    ("shift_jis", ((0x81, 0x83), (0x88, 0x97))),
    ("euc_kr", ((0xA1, 0xA3), (0xB0, 0xC8))),
    ("big5", ((0xA1, 0xA2), (0xA4, 0xC6))),
    ("gb18030", ((0xA1, 0xA3), (0xB0, 0xD7))),
)
# So much of a text must be everyday characters before it is taken for a wide set.
_SURE = 0.9
_LEAST_WIDE = 3


def decoded(data: bytes, charset: str | None = None) -> tuple[str, str, bool]:
    """The text, its character set, and whether that was guessed from the letters.

    `charset` says which it is; then ValueError where the bytes are none of it.
    """
    if charset is not None:
        return data.decode(charset), charset, False
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace"), name.removesuffix("-sig"), False
    if unmarked := _utf16(data):
        return data.decode(unmarked, "replace"), unmarked, False
    try:
        return data.decode("utf-8"), "utf-8", False
    except UnicodeDecodeError as error:
        # The last letter of a file that was cut off.
        if error.reason == "unexpected end of data" and error.start >= len(data) - 3:
            return data.decode("utf-8", "ignore"), "utf-8", False
    name = _told_by_letters(data)
    return data.decode(name, "replace"), name, True


def known(name: str) -> bool:
    """True for a character set that text can be decoded with."""
    try:
        "1".encode(name)
        return isinstance(b"1".decode(name), str)
    except (LookupError, UnicodeError, ValueError):
        return False


def _utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: in texts with times and line ends every second byte is often zero."""
    even, odd = data[0:_SAMPLE:2].count(0), data[1:_SAMPLE:2].count(0)
    half = len(data[:_SAMPLE]) // 2
    if half and odd > half // 4 and not even:
        return "utf-16-le"
    return "utf-16-be" if half and even > half // 4 and not odd else None


def _told_by_letters(data: bytes) -> str:
    sample = _with_high_bytes(data)
    best, most = "cp1252", 0.0
    for name, leads in _WIDE:
        if (score := _wide_score(sample, name, leads)) > max(most, _SURE):
            best, most = name, score
    for language in _LANGUAGES:
        if (score := _score(sample, language)) > most + 0.001:
            best, most = language.charset, score
    return best


def _with_high_bytes(data: bytes) -> bytes:
    """Only the lines that tell anything."""
    lines = (line for line in data.split(b"\n") if any(byte > 127 for byte in line))
    found = bytearray()
    for line in lines:
        found += line[:_LINE] + b"\n"
        if len(found) > _SAMPLE:
            break
    return bytes(found)


def _score(sample: bytes, language: _Language) -> float:
    """The share of letters beyond ASCII that belong to the language and stand where they may."""
    letters, usual = frozenset(language.letters), frozenset(language.usual or language.letters)
    text = sample.decode(language.charset, "replace")
    latin = language.charset in _LATIN
    points, total = 0.0, 0
    before = " "
    for char, after in zip(text, text[1:] + " ", strict=True):
        if char > "\x7f" and char not in _SIGNS:
            total += 1
            small = char.lower()[0]  # the dotted capital I has a lower case of two characters
            # A capital inside a word betrays the wrong set, and so do letters of two scripts.
            misplaced = char != small and before.islower()
            mixed = not latin and any(c.isascii() and c.isalpha() for c in (before, after))
            if small in letters and not misplaced and not mixed:
                unlikely = 0.3 if latin and before > "\x7f" and before.isalpha() else 0.0
                shouted = 0.05 if char != small and before.isupper() else 0.0
                points += (1.0 if small in usual else 0.6) - unlikely - shouted
        before = char
    return points / total if total else 0.0


def _wide_score(sample: bytes, name: str, leads: tuple[tuple[int, int], ...]) -> float:
    try:
        sample.decode(name)
    except UnicodeDecodeError:
        return 0.0
    wide = list(_pairs(sample))
    usual = sum(any(low <= lead <= high for low, high in leads) for lead, _ in wide)
    # An accent before an ASCII letter looks like a wide character, too.
    apart = sum(trail < 0x80 for _, trail in wide)
    return 0.0 if len(wide) < _LEAST_WIDE or apart > len(wide) // 2 else usual / len(wide)


def _pairs(sample: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(sample) - 1:
        if sample[at] < 0x80:
            at += 1
            continue
        yield sample[at], sample[at + 1]
        at += 2
