from dataclasses import replace

import pytest

from framemill.domain.hdr import facts, tone_mapped
from framemill.domain.media import Light
from tests.builders import CAPABILITIES, a_video

HDR10 = a_video(
    color_transfer="smpte2084",
    color_primaries="bt2020",
    light=Light(display_max=1000, max_content=900, max_average=300),
)


def test_hdr_is_told_by_facts_that_can_be_compared() -> None:
    assert facts(HDR10) == (
        "transfer smpte2084",
        "primaries bt2020",
        "mastered to 1000 nits",
        "MaxCLL 900",
        "MaxFALL 300",
    )
    assert facts(a_video()) == ()


def test_what_was_tone_mapped_is_not_hdr_for_whoever_reads_it_next() -> None:
    seen = tone_mapped(HDR10)

    assert (seen.hdr, seen.light, facts(seen)) == (None, None, ())
    assert tone_mapped(a_video()) == a_video()


@pytest.mark.parametrize(
    ("version", "carries"),
    [("9.0.2-17-g2a571b6068", True), ("7.1", True), ("7.0.2", False), ("5.1.6", False), ("N-119", False)],
)
def test_light_metadata_is_only_promised_of_an_ffmpeg_that_carries_it(version: str, carries: bool) -> None:
    assert replace(CAPABILITIES, ffmpeg_version=version).carries_light == carries
