import pytest

from framemill.commands import cues
from framemill.commands.cues import Unreadable
from framemill.domain.subtitles import Cue

SECOND = 1_000_000


def spoken(text: str) -> list[tuple[int, int, str]]:
    return [(c.start_us // 1000, c.end_us // 1000, c.text) for c in cues.read(text).cues]


def test_srt_is_read_as_players_read_it() -> None:
    text = (
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,500 X1:10\r\nOne\r\ntwo\r\n\r\n"
        "2\r\n0:0:3.5-->00:00:04,75\r\n<i>Three</i>\r\n"  # point for comma, one digit, no blanks
        "\r\n00:00:06,000 --> 00:00:05,000\r\nbackwards\r\n\r\n"
        "9\r\n00:00:05,000 --> 00:00:06,000\r\n\r\nafter an empty line\r\n3\r\n"
    )

    assert spoken(text) == [
        (1000, 2500, "One\ntwo"),
        (3500, 4750, "<i>Three</i>"),
        (5000, 6000, "after an empty line\n3"),
    ]


def test_webvtt_loses_comments_names_and_classes_but_not_its_places() -> None:
    text = (
        "WEBVTT - a film\n\nSTYLE\n::cue { color: red }\n\nNOTE nobody reads this\n\nintro\n"
        "00:01.000 --> 00:02.000 line:0 align:start\n<v Ann><c.loud>Hi</c> &amp; <i.x>bye</i>\n\nNOTE end\n"
    )

    found = cues.read(text)

    assert found.format == "vtt"
    assert spoken(text) == [(1000, 2000, r"{\an8}Hi & <i>bye</i>")]
    assert cues.write_webvtt(found.cues) == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.000 line:0 align:start\nHi &amp; <i>bye</i>\n"
    )


def test_what_is_written_reads_back_as_itself() -> None:
    said = [
        Cue(start_us=0, end_us=SECOND, text="<b>a</b> & <3"),
        Cue(start_us=3_599_999_000, end_us=3_600_001_000, text="late\ntwo lines"),
    ]

    assert spoken(cues.write_srt(said)) == [(c.start_us // 1000, c.end_us // 1000, c.text) for c in said]
    assert spoken(cues.write_webvtt(said))[1] == (3_599_999, 3_600_001, "late\ntwo lines")


def test_a_text_cannot_end_its_cue_or_begin_another() -> None:
    evil = Cue(start_us=0, end_us=SECOND, text="a\n\n2\n00:00:00,000 --> 00:09:00,000\nb")

    assert len(spoken(cues.write_srt([evil]))) == 1


def test_fonts_and_sizes_that_converters_leave_are_taken_out_but_colours_stay() -> None:
    said = [
        Cue(start_us=0, end_us=1, text='<font face="Serif" size="18">plain</font>'),
        Cue(start_us=0, end_us=1, text='<font color="#ff0000">red</font>'),
    ]

    written = cues.write_srt(said)

    assert "\nplain\n" in written
    assert 'color="#ff0000"' in written


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("once upon a time", "no SRT"),
        ("1\n00:00:00,000 --> 00:00:09,000\n" + "a" * 30_000, "characters"),
        ("00:00:00,000 --> 00:00:09,000\na\n\n" * 1100, "at once"),
        ("00:00:00,000 --> 00:00:00,001\na\n\n" * 100_100, "more than 100000 cues"),
    ],
)
def test_what_is_none_or_too_much_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        cues.read(text)


def test_hidden_characters_go() -> None:
    (cue,) = cues.read("1\n00:00:00,000 --> 00:00:01,000\na\x00b\x1b[31mc\u2028d\n").cues

    assert cue.text == "ab[31mcd"
