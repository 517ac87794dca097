from fractions import Fraction

import pytest

from framemill.commands import playlists
from framemill.commands.playlists import Bandwidth, Segment

_MEDIA = """#EXTM3U
#EXT-X-TARGETDURATION:6
#EXT-X-MAP:URI="v/init.mp4"
#EXTINF:6.000,
v/1.m4s
#EXTINF:6.000,
v/2.m4s
#EXTINF:0.500,
v/3.m4s
#EXT-X-ENDLIST
"""


def test_segments_are_read_in_order_with_their_lengths() -> None:
    assert playlists.segments(_MEDIA)[2] == Segment(uri="v/3.m4s", duration_s=Fraction(1, 2))


def test_references_name_every_file_of_a_playlist() -> None:
    assert playlists.references(_MEDIA) == ("v/init.mp4", "v/1.m4s", "v/2.m4s", "v/3.m4s")


def test_a_short_last_segment_alone_is_no_peak() -> None:
    sizes = {"v/1.m4s": 6000, "v/2.m4s": 12_000, "v/3.m4s": 5000}

    measured = playlists.bandwidth(_MEDIA, sizes)

    # 2 and 3 together last 6.5 s: (12000 + 5000) * 8 / 6.5; 3 alone is too short to count.
    assert measured == Bandwidth(peak=20_924, average=14_720)


def test_the_peak_is_never_below_the_average() -> None:
    text = "#EXT-X-TARGETDURATION:6\n#EXTINF:1.0,\na\n"

    assert playlists.bandwidth(text, {"a": 1000}) == Bandwidth(peak=8000, average=8000)


def test_a_variant_counts_its_sound() -> None:
    master = (
        '#EXT-X-MEDIA:TYPE=AUDIO,URI="a.m3u8",GROUP-ID="audio",NAME="en"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=2,CODECS="avc1,mp4a",AUDIO="audio"\n'
        "v.m3u8\n"
    )
    measured = {"v.m3u8": Bandwidth(peak=100, average=80), "a.m3u8": Bandwidth(peak=10, average=9)}

    lines = playlists.with_bandwidths(master, measured).splitlines()

    assert lines[1] == '#EXT-X-STREAM-INF:BANDWIDTH=110,AVERAGE-BANDWIDTH=89,CODECS="avc1,mp4a",AUDIO="audio"'


def test_a_manifest_gets_one_base_url() -> None:
    manifest = '<?xml version="1.0"?>\n<MPD a="b">\n  <Period/>\n</MPD>'

    assert playlists.with_base_url(manifest, "../") == (
        '<?xml version="1.0"?>\n<MPD a="b">\n  <BaseURL>../</BaseURL>\n  <Period/>\n</MPD>'
    )


def test_a_key_covers_the_segments_and_not_what_comes_before_them() -> None:
    text = '#EXTM3U\n#EXT-X-MAP:URI="a/init.mp4"\n#EXTINF:6,\na/1.m4s\n#EXTINF:6,\na/2.m4s\n#EXT-X-ENDLIST\n'

    assert playlists.with_key(text, "key.bin").splitlines() == [
        "#EXTM3U",
        '#EXT-X-MAP:URI="a/init.mp4"',
        '#EXT-X-KEY:METHOD=AES-128,URI="key.bin"',
        "#EXTINF:6,",
        "a/1.m4s",
        "#EXTINF:6,",
        "a/2.m4s",
        "#EXT-X-ENDLIST",
    ]


@pytest.mark.parametrize(("text", "number"), [("#EXTM3U\n", 0), ("#EXT-X-MEDIA-SEQUENCE:7\n", 7)])
def test_segments_are_numbered_from_the_media_sequence(text: str, number: int) -> None:
    assert playlists.first_sequence_number(text) == number
