import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.commands import ass
from framemill.commands.cues import Unreadable
from framemill.domain.subtitles import Cue, SubtitleText

_FILE = r"""[Script Info]
ScriptType: v4.00+
PlayResY: 720

[Aegisub Project Garbage]
Video File: /home/ann/film.mkv

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Alignment
Style: Default,Open Sans,36,&H00FFFFFF,2
Style: Sign,Arial,20,&H800000FF,8

[Graphics]
filename: /etc/passwd

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,nobody sees this
Dialogue: 1,0:00:01.50,0:00:02.25,Sign,,0,0,30,,{\pos(10,20)}Exit, left
"""


def test_a_file_keeps_its_styles_and_loses_what_is_no_subtitle() -> None:
    said = ass.read(_FILE)

    assert said.cues == (
        Cue(
            start_us=1_500_000,
            end_us=2_250_000,
            text=r"{\pos(10,20)}Exit, left",
            style="Sign",
            layer=1,
            margins=(0, 0, 30),
        ),
    )
    written = ass.write(said)
    assert "Style: Sign,Arial,20,&H800000FF,8" in written
    assert "Dialogue: 1,0:00:01.50,0:00:02.25,Sign,,0,0,30,,{\\pos(10,20)}Exit, left" in written
    assert "ann" not in written
    assert "passwd" not in written
    assert ass.read(written) == said


def test_fields_that_the_header_forgets_are_no_text() -> None:
    text = (
        "[Script Info]\n[Events]\nFormat: Layer, Start, End, Style, Name, Text\n"
        "Dialogue: 0,0:00:00.00,0:00:00.50,Default ,Olly,,,,,This is, well.\n"
    )

    (cue,) = ass.read(text).cues

    assert (cue.text, cue.style, cue.name) == ("This is, well.", "Default", "Olly")


def test_styles_are_changed_in_every_line_and_nowhere_else() -> None:
    said = ass.read(_FILE)

    changed = ass.restyled(said.header, [("fontsize", "50"), ("alignment", "8"), ("bold", "-1")])

    assert "Style: Default,Open Sans,50,&H00FFFFFF,8" in changed
    assert "Style: Sign,Arial,50,&H800000FF,8" in changed
    assert ass.play_height(changed) == 720


def test_ssa_counts_places_another_way() -> None:
    header = "[V4 Styles]\nFormat: Name, Alignment\nStyle: Default,2"

    assert "Style: Default,6" in ass.restyled(header, [("alignment", "8")])


@pytest.mark.parametrize(
    ("srt", "shown"),
    [
        ("<i>a</i> b", r"{\i1}a{\i0} b"),
        ("a\nb", r"a\Nb"),
        (r"{\an8}top", r"{\an8}top"),
        ('<font color="#ff8000">x</font>y', r"{\c&H0080FF&}x{\c}y"),
        (
            "<font color=yellow><font color=red>x</font>y</font>",
            r"{\c&H00FFFF&}{\c&H0000FF&}x{\c&H00FFFF&}y{\c}",
        ),
        ("<font face=Arial>x</font>", "x"),
        ("%{n}", r"%\{n\}"),
        ("C:\\new", "C:\\\u2060new"),
        ("1 < 2 > 0", "1 < 2 > 0"),
    ],
)
def test_srt_becomes_what_is_shown_the_same(srt: str, shown: str) -> None:
    assert ass.from_srt(srt) == shown


@given(st.text(alphabet="\\{}<>iNnhaé,\n&;=#", max_size=40))
def test_no_text_gets_out_of_its_line_or_opens_a_block(text: str) -> None:
    cue = Cue(start_us=0, end_us=1_000_000, text="x" + text)

    written = ass.write(SubtitleText(format="srt", cues=(cue,)))

    assert written.count("\n") == ass.write(SubtitleText(format="srt", cues=())).count("\n") + 1
    shown = ass.from_srt(text).replace(r"\{", "").replace(r"\}", "")
    assert shown.count("{") == shown.count("}")


def test_colours_are_dimmed_and_transparency_is_not() -> None:
    text = r"Style: A,&H80FFFFFF,&HFF Dialogue: {\c&HFFFFFF&\alpha&H80&\1a&HFF&}x"

    assert (
        ass.dimmed(text, 0.5) == r"Style: A,&H80808080,&H000080 Dialogue: {\c&H808080&\alpha&H80&\1a&HFF&}x"
    )


def test_a_font_inside_a_file_stays_as_it_is() -> None:
    text = "[Fonts]\nfontname: a_0.ttf\n!!&HA1!!\n\n[Events]\nDialogue: {\\c&HFFFFFF&}x"

    dim = text.replace("FFFFFF", "808080")
    assert ass.dimmed(text, 0.5) == dim
    assert ass.dimmed(text, 1) == text


def test_every_letter_of_a_style_is_in_the_sample_once() -> None:
    said = ass.read(_FILE + r"Dialogue: 0,0:00:03.00,0:00:04.00,Sign,,0,0,0,,{\i1}tie\N♪x" + "\n")

    sample = ass.one_of_each(said, wanted=str.isascii)

    (line,) = [line for line in sample.split("\n") if line.startswith("Dialogue:")]
    assert sorted(line.partition(",,0,0,0,,")[2]) == sorted(set("Exit, left" + "tie x"))


def test_a_cue_that_is_a_bomb_is_refused() -> None:
    with pytest.raises(Unreadable, match="characters"):
        ass.read(_FILE + "Dialogue: 0,0:00:03.00,0:00:04.00,Sign,,0,0,0,," + "m 0 0 " * 5000)


@pytest.mark.parametrize(
    ("word", "found"),
    [("yellow", "&H00FFFF"), ("#f80", "&H0088FF"), ("ff8000", "&H0080FF"), ("reddish", None)],
)
def test_colours_are_names_or_digits(word: str, found: str | None) -> None:
    assert ass.colour(word) == found
