"""Encoder options for one audio track: codec, rate, channels, and a start at time zero."""

from framemill.domain.capabilities import Capabilities
from framemill.domain.media import AudioStream
from framemill.domain.units import format_rate
from framemill.domain.work import AudioPart

_ENCODERS = {
    "aac": "aac",
    "mp3": "libmp3lame",
    "opus": "libopus",
    "vorbis": "libvorbis",
    "flac": "flac",
    "alac": "alac",
    "ac3": "ac3",
    "pcm_s16le": "pcm_s16le",
    "pcm_s24le": "pcm_s24le",
}
_LOSSLESS = {"flac", "alac", "pcm_s16le", "pcm_s24le"}
_MAX_RATE = 192_000
# Encoders that know only some rates.
_RATES = {
    "opus": (8000, 12_000, 16_000, 24_000, 48_000),
    "mp3": (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
    "aac": (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000),
    "ac3": (32_000, 44_100, 48_000),
    "vorbis": (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
}
# Bits per second and channel that libvorbis takes at each rate; outside it refuses to open (measured, 9.0).
_VORBIS = {
    8000: (8000, 40_000),
    11_025: (8000, 48_000),
    12_000: (8000, 48_000),
    16_000: (16_000, 96_000),
    22_050: (16_000, 80_000),
    24_000: (16_000, 80_000),
    32_000: (32_000, 160_000),
    44_100: (32_000, 192_000),
    48_000: (32_000, 192_000),
}
_MAX_OPUS = 256_000  # per channel
_MAX_CHANNELS = {"mp3": 2, "ac3": 6}
# Encoders refuse side layouts or map them by private tables; these orders are the ones they share.
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


def encode(
    audio: AudioStream,
    *,
    codec: str,
    bitrate: int,
    capabilities: Capabilities,
    channels: int | None = None,
    sample_rate: int | None = None,
    pad_start: bool = True,
    exact_bitrate: int | None = None,
) -> AudioPart:
    """The track encoded with `codec`; `bitrate` is for stereo, other layouts get their share.

    `exact_bitrate` is for the track whatever its layout. `pad_start` fills a
    late start with silence, so that the track begins at time zero and gaps
    inside stay in sync. Raises EncoderUnavailable.
    """
    encoder = capabilities.need_encoder(_ENCODERS[codec])
    count = min(channels or audio.channels, audio.channels, _MAX_CHANNELS.get(codec, 8))
    rate = rate_for(codec, sample_rate or audio.sample_rate)
    filters = (
        *(("aresample=async=1:first_pts=0",) if pad_start else ()),
        *((f"aformat=channel_layouts={_LAYOUTS[count]}",) if count in _LAYOUTS else ()),
    )
    return AudioPart(
        stream=audio.index,
        filters=filters,
        args=(
            *("-c:a:{n}", encoder),
            *(
                ()
                if codec in _LOSSLESS
                else (
                    "-b:a:{n}",
                    format_rate(_taken(codec, exact_bitrate or share(bitrate, count), rate, count)),
                )
            ),
            *("-ar:a:{n}", str(rate)),
        ),
        language=audio.language,
        title=audio.title,
    )


def encodable(codec: str) -> bool:
    """True for the codecs that `encode` makes."""
    return codec in _ENCODERS


def layout_of(channels: int) -> str:
    """The layout that encoders get for so many channels."""
    return _LAYOUTS.get(channels, "stereo")


def rate_for(codec: str, wanted: int) -> int:
    """The rate nearest above `wanted` that the codec's encoder takes, else its highest."""
    known = _RATES.get(codec)
    if known is None:
        return min(wanted, _MAX_RATE)
    return next((rate for rate in known if rate >= wanted), known[-1])


def _taken(codec: str, bitrate: int, rate: int, channels: int) -> int:
    """The bit rate nearest `bitrate` that the codec's encoder accepts."""
    if codec == "opus":
        return min(bitrate, _MAX_OPUS * channels)
    if codec == "vorbis":
        least, most = _VORBIS[rate]
        return max(least * channels, min(bitrate, most * channels))
    return bitrate


def copy(audio: AudioStream) -> AudioPart:
    """The track as it is."""
    return AudioPart(
        stream=audio.index,
        filters=(),
        args=("-c:a:{n}", "copy"),
        language=audio.language,
        title=audio.title,
    )


def kept_channels(audio: AudioStream, codec: str, channels: int | None = None) -> int:
    """How many channels `encode` leaves."""
    return min(channels or audio.channels, audio.channels, _MAX_CHANNELS.get(codec, 8))


def share(stereo_bitrate: int, channels: int) -> int:
    """Bits per second for `channels` at the quality that `stereo_bitrate` buys for two."""
    if channels == 1:
        return max(32_000, stereo_bitrate * 5 // 8)
    return stereo_bitrate * (channels if channels < 4 else channels - 1) // 2
