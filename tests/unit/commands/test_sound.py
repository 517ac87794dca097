import pytest

from framemill.commands import sound
from tests.builders import CAPABILITIES, an_audio


@pytest.mark.parametrize(
    ("codec", "wanted", "made"),
    [
        ("opus", 44_100, 48_000),
        ("opus", 8000, 8000),
        ("mp3", 96_000, 48_000),
        ("mp3", 37_800, 44_100),
        ("aac", 192_000, 96_000),
        ("vorbis", 96_000, 48_000),
        ("ac3", 22_050, 32_000),
        ("flac", 96_000, 96_000),
    ],
)
def test_a_rate_that_the_codec_does_not_know_becomes_the_next_one(codec: str, wanted: int, made: int) -> None:
    assert sound.rate_for(codec, wanted) == made


@pytest.mark.parametrize(
    ("codec", "track", "bitrate"),
    [
        ("vorbis", an_audio(sample_rate=8000, channels=1), "40k"),
        ("vorbis", an_audio(sample_rate=48_000), "192k"),
        ("vorbis", an_audio(sample_rate=16_000), "192k"),
        ("opus", an_audio(channels=1), "192k"),
    ],
)
def test_the_bit_rate_is_one_that_the_encoder_takes(codec: str, track: object, bitrate: str) -> None:
    part = sound.encode(
        track,  # type: ignore[arg-type]  # parametrize loses the type
        codec=codec,
        bitrate=192_000,
        exact_bitrate=192_000,
        capabilities=CAPABILITIES,
    )

    assert part.args[part.args.index("-b:a:{n}") + 1] == bitrate


def test_the_bit_rate_for_stereo_is_shared_by_layout() -> None:
    assert [sound.share(128_000, channels) for channels in (1, 2, 6)] == [80_000, 128_000, 320_000]
