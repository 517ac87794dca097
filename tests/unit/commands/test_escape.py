"""Nothing in a value may end it: two levels of ffmpeg's own reading give back what went in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framemill.commands.escape import filter_option

_SPACE = " \n\t\r"
# Letters that mean something somewhere, far more often than others.
_HOSTILE = st.text(
    st.one_of(
        st.sampled_from("\\'\"[]{}(),;:=%@$#|&<>!?*~`^ \n\t\r/.-"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=60,
)


def token(text: str, at: int, ends: str) -> tuple[str, int]:
    """What ffmpeg's av_get_token reads from `at` on, and where it stops (libavutil/avstring.c)."""
    out: list[str] = []
    kept = 0  # so much of it was quoted: space there is no end of line
    while at < len(text) and text[at] in _SPACE:
        at += 1
    while at < len(text) and text[at] not in ends:
        c = text[at]
        at += 1
        if c == "\\" and at < len(text):
            out.append(text[at])
            at += 1
            kept = len(out)
        elif c == "'":
            while at < len(text) and text[at] != "'":
                out.append(text[at])
                at += 1
            at += 1
            kept = len(out)
        else:
            out.append(c)
    while len(out) > kept and out[-1] in _SPACE:
        out.pop()
    return "".join(out), at


@pytest.mark.slow
@settings(max_examples=10_000)
@given(_HOSTILE)
def test_any_value_comes_back_and_ends_where_it_was_ended(value: str) -> None:
    graph = f"{filter_option(value)}:next=1,other[out];[in]more"

    options, stopped = token(graph, 0, "[],;")
    read, rest = token(options, 0, ":")

    assert read == value
    assert options[rest:] == ":next=1"
    assert graph[stopped:] == ",other[out];[in]more"


def test_the_reader_of_this_test_reads_as_ffmpeg_documents() -> None:
    # https://ffmpeg.org/ffmpeg-utils.html#Quoting-and-escaping
    assert token("Crime d\\'Amour", 0, "") == ("Crime d'Amour", 14)
    assert token("'  this string starts and ends with whitespaces  '", 0, "")[0].endswith("  ")
    assert token("\\' The string \\'\\\\'string\\\\'\\' is a string ", 0, "")[0].startswith(
        "' The string '\\string"
    )
    assert token(" a ,b", 0, ",") == ("a", 3)
