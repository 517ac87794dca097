import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.domain.media_types import media_type
from framemill.domain.sniffing import ENDINGS, HEAD, Shape, check_fits, ending_of, sniff
from framemill.errors import InvalidUpload

_ISO = b"\0\0\0\x20ftypisom" + bytes(1000)
_PACKET = b"G" + bytes(187)
_TS = _PACKET * 6


def test_an_ending_is_the_last_and_in_any_case() -> None:
    assert ending_of("a.tar.MP4") == "mp4"


@pytest.mark.parametrize(
    "name", ["film", "film.", ".mp4", "film.exe", "f.m3u8", "film.mp4.html", "film.mp4 "]
)
def test_other_endings_are_refused_and_the_hint_says_which_are_taken(name: str) -> None:
    with pytest.raises(InvalidUpload, match="not taken in") as caught:
        ending_of(name)

    assert caught.value.hint is not None
    assert "mp4, m4v" in caught.value.hint


def test_what_is_accepted_can_be_narrowed() -> None:
    with pytest.raises(InvalidUpload, match=r"\.mkv are not taken in; these are: mp4"):
        ending_of("film.mkv", ["mp4"])


@pytest.mark.parametrize(
    ("head", "shape"),
    [
        (_ISO, Shape.ISO),
        (b"\0\0\0\x08wide\0\0\0\0mdat", Shape.ISO),
        (b"\0\0\0\x01mdat" + bytes(8), Shape.ISO),
        (b"\0\x01\0\0moov" + bytes(8), Shape.ISO),
        (bytes.fromhex("1a45dfa3a3428288") + b"matroska", Shape.MATROSKA),
        (bytes.fromhex("1a45dfa3010000000000001f42820100000000000004") + b"webm", Shape.MATROSKA),
        (b"RIFF\x10\0\0\0AVI LIST", Shape.AVI),
        (b"RIFF\x10\0\0\0WAVEfmt ", Shape.WAV),
        (b"RF64\xff\xff\xff\xffWAVEds64", Shape.WAV),
        (_TS, Shape.TS),
        (_TS[100:], Shape.TS),
        ((bytes(4) + _PACKET) * 6, Shape.TS),
        (b"\0\0\x01\xba" + bytes(20), Shape.PS),
        (b"FLV\x01\x05", Shape.FLV),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), Shape.ASF),
        (b"OggS\0\x02", Shape.OGG),
        (b"fLaC\0\0\0\x22", Shape.FLAC),
        (bytes(30) + bytes.fromhex("060e2b34020501010d010201010204"), Shape.MXF),
        (b"ID3\x04\0\0\0\0\0\x23" + bytes(20), Shape.TAGGED),
        (b"\xff\xfb\x90\x64" + bytes(20), Shape.MP3),
        (b"\xff\xf1\x50\x80\x02\x1f\xfc", Shape.ADTS),
    ],
)
def test_each_kind_is_known_by_its_first_bytes(head: bytes, shape: Shape) -> None:
    assert sniff(head[:HEAD]) is shape


@pytest.mark.parametrize(
    "head",
    [
        b"\xff\xfe" + "<!DOCTYPE html><html>".encode("utf-16-le"),
        b"",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011">',
        b"    free<MPD>",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"PK\x03\x04",
        b"\x7fELF\x02\x01\x01",
        b"#!/bin/sh\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"%PDF-1.7",
        bytes(HEAD),
        b"\xff" * HEAD,
        b"RIFF\x10\0\0\0WEBPVP8 ",
        bytes.fromhex("1a45dfa3a3428287") + b"garbage",
    ],
)
def test_what_is_no_film_and_no_sound_fits_no_ending(head: bytes) -> None:
    assert sniff(head) is None
    for ending in ENDINGS:
        with pytest.raises(InvalidUpload, match="is taken in"):
            check_fits(head, ending)


def test_a_film_under_a_wrong_ending_is_refused_with_the_right_ones() -> None:
    check_fits(_ISO, "mov")

    with pytest.raises(InvalidUpload, match=r"no \.mkv but MP4 or QuickTime; .*\.mp4, \.m4v") as caught:
        check_fits(_ISO, "mkv")

    assert caught.value.code == "invalid_upload"


def test_no_type_on_the_web_is_one_that_a_browser_would_run() -> None:
    types = {media_type(f".{ending}") for ending in [*ENDINGS, "html"]}

    assert {t.partition("/")[0] for t in types} == {"video", "audio", "application"}
    assert {t for t in types if t.startswith("application/")} == {
        "application/mxf",
        "application/octet-stream",
    }


@given(st.binary(max_size=HEAD))
def test_any_bytes_are_judged(head: bytes) -> None:
    shape = sniff(head)

    assert shape is None or any(shape in ending for ending in ENDINGS.values())
