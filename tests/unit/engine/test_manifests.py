from framemill.engine.manifests import Manifest, Reference, read_dash, read_hls

TIMELINE = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1M10.5S">
  <BaseURL>../</BaseURL>
  <Period id="0">
    <AdaptationSet>
      <Representation id="720p" bandwidth="900">
        <SegmentTemplate timescale="1000" initialization="hls/$RepresentationID$/init.mp4"
            media="hls/$RepresentationID$/seg_$Number%05d$.m4s" startNumber="1">
          <SegmentTimeline><S t="0" d="6000" r="1"/><S d="4000"/></SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
    <AdaptationSet>
      <Representation id="s"><BaseURL>hls/s.vtt</BaseURL></Representation>
    </AdaptationSet>
  </Period>
</MPD>
"""


def _uris(manifest: Manifest) -> list[str]:
    return [reference.uri for reference in manifest.references]


def test_a_timeline_names_each_segment() -> None:
    manifest = read_dash(TIMELINE)

    assert manifest.duration_us == 70_500_000
    assert manifest.complete
    assert _uris(manifest) == [
        "../hls/720p/init.mp4",
        "../hls/720p/seg_00001.m4s",
        "../hls/720p/seg_00002.m4s",
        "../hls/720p/seg_00003.m4s",
        "../hls/s.vtt",
    ]


def test_segments_of_one_length_are_counted_from_the_duration() -> None:
    text = """<MPD mediaPresentationDuration="PT10S"><Period><AdaptationSet>
      <SegmentTemplate timescale="1" duration="4" media="$Time$-$Bandwidth$.m4s"/>
      <Representation id="0" bandwidth="5"/></AdaptationSet></Period></MPD>"""

    assert _uris(read_dash(text)) == ["0-5.m4s", "4-5.m4s", "8-5.m4s"]


def test_a_live_manifest_is_not_complete() -> None:
    assert not read_dash('<MPD type="dynamic"/>').complete


def test_byte_ranges_say_how_large_a_file_must_be() -> None:
    text = """#EXTM3U
#EXT-X-MAP:URI="all.mp4",BYTERANGE="100@0"
#EXTINF:6,
#EXT-X-BYTERANGE:500@100
all.mp4
#EXTINF:6,
#EXT-X-BYTERANGE:400
all.mp4
#EXT-X-ENDLIST
"""

    assert read_hls(text) == Manifest(
        references=(
            Reference(uri="all.mp4", bytes=100),
            Reference(uri="all.mp4", bytes=600),
            Reference(uri="all.mp4", bytes=1000),
        ),
        duration_us=12_000_000,
        complete=True,
    )


def test_a_playlist_of_single_frames_claims_no_length() -> None:
    text = "#EXTM3U\n#EXT-X-I-FRAMES-ONLY\n#EXTINF:2,\na.m4s\n#EXT-X-ENDLIST\n"

    assert read_hls(text).duration_us is None


def test_an_encryption_key_beside_the_playlist_is_needed_too() -> None:
    text = '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="key.bin"\n#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n'

    assert _uris(read_hls(text)) == ["key.bin", "a.ts"]
