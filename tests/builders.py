"""Valid values for tests: say only what the test is about."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from framemill.domain.capabilities import Capabilities
from framemill.domain.media import AudioStream, MediaInfo, SubtitleStream, VideoStream
from framemill.domain.work import Product
from framemill.operations.planning import Facts, Planning, Question
from framemill.operations.profiles import load_profiles

CAPABILITIES = Capabilities(
    ffmpeg_version="9.0",
    ffprobe_version="8.1",
    packager_version="3.8",
    encoders=frozenset(
        [
            "libx264",
            "libx265",
            "libsvtav1",
            "libvpx-vp9",
            "aac",
            "libmp3lame",
            "libopus",
            "libvorbis",
            "flac",
            "alac",
            "ac3",
            "pcm_s16le",
            "mjpeg",
            "png",
            "libwebp",
            "mov_text",
            "webvtt",
            "subrip",
        ]
    ),
    filters=frozenset(["zscale", "scale", "bwdif", "tonemap", "libvmaf", "psnr", "ssim"]),
    muxers=frozenset(["mp4", "mov", "matroska", "webm", "mpegts", "hls", "dash", "segment", "avif"]),
)


def a_video(**changes: object) -> VideoStream:
    """1080p H.264 at 30 frames a second, ten seconds."""
    video = VideoStream(
        index=0,
        codec="h264",
        width=1920,
        height=1080,
        frame_rate=Fraction(30),
        color_space="bt709",
        color_transfer="bt709",
        color_primaries="bt709",
        duration_us=10_000_000,
        dispositions=("default",),
    )
    return replace(video, **changes)  # type: ignore[arg-type]  # the caller names VideoStream's fields


def an_audio(**changes: object) -> AudioStream:
    """Stereo AAC at 48 kHz, ten seconds."""
    audio = AudioStream(
        index=1,
        codec="aac",
        channels=2,
        sample_rate=48_000,
        layout="stereo",
        duration_us=10_000_000,
        dispositions=("default",),
    )
    return replace(audio, **changes)  # type: ignore[arg-type]  # the caller names AudioStream's fields


def a_subtitle(**changes: object) -> SubtitleStream:
    """English SubRip."""
    subtitle = SubtitleStream(index=2, codec="subrip", language="eng")
    return replace(subtitle, **changes)  # type: ignore[arg-type]  # the caller names SubtitleStream's fields


def a_film(**changes: object) -> MediaInfo:
    """Ten seconds of `a_video` and `an_audio` in MP4."""
    film = MediaInfo(
        container="mov", duration_us=10_000_000, size=5_000_000, video=(a_video(),), audio=(an_audio(),)
    )
    return replace(film, **changes)  # type: ignore[arg-type]  # the caller names MediaInfo's fields


def planning_for(
    *inputs: MediaInfo,
    name: str = "op",
    capabilities: Capabilities = CAPABILITIES,
    **known: Mapping[str, object],
) -> Planning:
    """What an operation may look at when it is planned alone on `inputs`.

    `known` are answers to questions without detail, such as `keyframes={"input": (0, 2_000_000)}`.
    """
    names = ["input", *(f"input{n}" for n in range(2, len(inputs) + 1))]
    media = dict(zip(names, inputs, strict=True))
    answers = {Question(kind, source): value for kind, by in known.items() for source, value in by.items()}
    return Planning(
        name=name,
        facts=Facts(media=media, stems=dict.fromkeys(names, "movie"), answers=answers),
        capabilities=capabilities,
        profiles=load_profiles(None),
        products={n: (Product(ref=n, label=n, media=m),) for n, m in media.items()},
    )
