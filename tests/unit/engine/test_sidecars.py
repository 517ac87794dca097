from pathlib import Path

import pytest

from framemill.engine.sidecars import read_subtitles
from framemill.errors import InputUnreadable
from tests.corpus import file, needs_corpus

_CUE = b"1\n00:00:00,000 --> 00:00:01,000\nhello\n"


def test_a_file_is_told_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "film.txt"
    path.write_bytes(b"\xef\xbb\xbfWEBVTT\n\n00:01.000 --> 00:02.000\nhi\n")

    said, about = read_subtitles(path, name="film.txt")

    assert (said.format, about.charset, about.starts_us, about.end_us) == (
        "vtt",
        "utf-8",
        (1_000_000,),
        2_000_000,
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is no SRT"),
        (b"hello", "it is no SRT"),
        (b"WEBVTT\n", "no cue"),
        (b"\x00" * 4096, "no text|it is no SRT"),
        (_CUE + b"\x00\x01\x02" * 50, "no text"),
        (b"\x7fELF" + bytes(range(256)) * 40, "no text|it is no SRT"),
        (b"[Script Info]\nScriptType: v4.00+\n", "no cue"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "it is no SRT"),
        (_CUE + b" " * 17_000_000, "larger than"),
        (b"\xff" * 4_000_000, "it is no SRT"),
        (b"00:00:01,000 " * 300_000, "it is no SRT"),
    ],
)
def test_what_is_no_subtitle_file_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "evil.srt"
    path.write_bytes(content)

    with pytest.raises(InputUnreadable, match=reason) as refused:
        read_subtitles(path, name="evil.srt")
    assert "SRT, WebVTT or ASS" in str(refused.value)


def test_a_charset_that_does_not_fit_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(_CUE + "ë".encode("latin-1"))

    with pytest.raises(InputUnreadable, match="not written in utf-8"):
        read_subtitles(path, name="a.srt", written_in="utf-8")


def test_a_folder_and_a_device_are_never_read(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(InputUnreadable):
            read_subtitles(path, name="x")


@needs_corpus
@pytest.mark.parametrize(
    ("name", "kind", "charset", "first", "count"),
    [
        ("latin1.srt", "srt", "cp1252", "Ça va, garçon ? Déjà vu à Noël.", 1),
        ("subtitles-unicode.srt", "srt", "utf-8", "ÁÉíöÙ", 1),
        ("Tears_Of_Steel_rus.vtt", "vtt", "utf-8", "Ты придурок, Том!", 76),
        ("name-filter-metachars.srt", "srt", "utf-8", "Quotes ' \" and \\ and %{n}", 2),
        ("example.ass", "ass", "utf-8", "This is the first subtitle.", 1),
    ],
)
def test_real_files_are_read(name: str, kind: str, charset: str, first: str, count: int) -> None:
    said, about = read_subtitles(file(f"sidecar/{name}"), name=name)

    assert (said.format, about.charset, said.cues[0].text, len(said.cues)) == (kind, charset, first, count)
