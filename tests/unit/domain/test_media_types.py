from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.domain.media_types import OCTETS, disposition, is_manifest, media_type


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("original.mp4", "video/mp4"),
        ("hls/master.m3u8", "application/vnd.apple.mpegurl"),
        ("dash/manifest.mpd", "application/dash+xml"),
        ("hls/v/seg_00001.m4s", "video/iso.segment"),
        ("captions.vtt", "text/vtt; charset=utf-8"),
        ("poster.JPG", "image/jpeg"),
        ("page.html", OCTETS),
        ("drawing.svg", OCTETS),
        ("script.js", OCTETS),
        ("feed.xml", OCTETS),
        ("mp4", OCTETS),
        ("mp4/noending", OCTETS),
        ("film.mp4.exe", OCTETS),
    ],
)
def test_the_type_is_fixed_by_the_ending(name: str, expected: str) -> None:
    assert media_type(name) == expected


def test_manifests_are_known_by_their_type() -> None:
    assert [is_manifest(name) for name in ("a.m3u8", "b.mpd", "c.m4s")] == [True, True, False]


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("film.mp4", 'attachment; filename="film.mp4"'),
        ('a"b.mp4', "attachment; filename=\"a_b.mp4\"; filename*=UTF-8''a%22b.mp4"),
        ("naïve.mp4", "attachment; filename=\"na_ve.mp4\"; filename*=UTF-8''na%C3%AFve.mp4"),
        ("a\udc80.mp4", 'attachment; filename="a.mp4"'),
        ("100%41.mp4", "attachment; filename=\"100_41.mp4\"; filename*=UTF-8''100%2541.mp4"),
        ("../../etc/x.mp4", 'attachment; filename="x.mp4"'),
        ("..\\x.mp4", 'attachment; filename="x.mp4"'),
        ("a\r\nSet-Cookie: b.mp4", 'attachment; filename="aSet-Cookie: b.mp4"'),
        ("..", 'attachment; filename="download"'),
    ],
)
def test_a_name_to_save_under_is_made_harmless(filename: str, expected: str) -> None:
    assert disposition(filename) == expected


@given(st.text(min_size=1, max_size=50))
def test_any_name_makes_a_header_that_says_it_back(filename: str) -> None:
    made = disposition(filename)

    assert made.isascii()
    assert made.isprintable()
    message = EmailMessage()
    message["Content-Disposition"] = made
    said = message.get_filename()
    assert said is not None
    assert not set(said) & set("/\\\x00\r\n")
