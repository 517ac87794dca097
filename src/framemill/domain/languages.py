"""Languages as people write them (`de`, `deu`, `ger`) and as containers do (`ger`)."""

import re

# ISO 639-1 and 639-2 (bibliographic), which Matroska and ffmpeg write.
_TWO = {
    "ar": "ara",
    "bg": "bul",
    "bn": "ben",
    "bs": "bos",
    "ca": "cat",
    "cs": "cze",
    "cy": "wel",
    "da": "dan",
    "de": "ger",
    "el": "gre",
    "en": "eng",
    "es": "spa",
    "et": "est",
    "eu": "baq",
    "fa": "per",
    "fi": "fin",
    "fr": "fre",
    "ga": "gle",
    "gl": "glg",
    "he": "heb",
    "hi": "hin",
    "hr": "hrv",
    "hu": "hun",
    "hy": "arm",
    "id": "ind",
    "is": "ice",
    "it": "ita",
    "ja": "jpn",
    "ka": "geo",
    "kk": "kaz",
    "ko": "kor",
    "lt": "lit",
    "lv": "lav",
    "mk": "mac",
    "ms": "may",
    "nb": "nob",
    "nl": "dut",
    "nn": "nno",
    "no": "nor",
    "pl": "pol",
    "pt": "por",
    "ro": "rum",
    "ru": "rus",
    "sk": "slo",
    "sl": "slv",
    "sq": "alb",
    "sr": "srp",
    "sv": "swe",
    "ta": "tam",
    "te": "tel",
    "th": "tha",
    "tr": "tur",
    "uk": "ukr",
    "ur": "urd",
    "vi": "vie",
    "zh": "chi",
}
# Languages whose other, terminological code is in use as well.
_OTHER = {
    "ces": "cze",
    "cym": "wel",
    "deu": "ger",
    "ell": "gre",
    "eus": "baq",
    "fas": "per",
    "fra": "fre",
    "hye": "arm",
    "isl": "ice",
    "kat": "geo",
    "mkd": "mac",
    "msa": "may",
    "nld": "dut",
    "ron": "rum",
    "slk": "slo",
    "sqi": "alb",
    "zho": "chi",
}
_KNOWN = frozenset(_TWO.values())


def code(language: str) -> str | None:
    """The three letters of `de`, `deu`, `ger` or `de-AT`; None for what is no such code."""
    word = re.split(r"[-_]", language.strip().lower(), maxsplit=1)[0]
    if not re.fullmatch(r"[a-z]{2,3}", word):
        return None
    return _TWO.get(word) if len(word) == 2 else _OTHER.get(word, word)


def in_name(stem: str) -> str | None:
    """The language that a file's name says, as `movie.de` and `movie_eng.forced` do."""
    for word in reversed(re.split(r"[._\s]", stem)[1:]):
        found = code(word)
        if found in _KNOWN:
            return found
        if word.lower() not in {"forced", "sdh", "cc", "default"}:
            return None
    return None
