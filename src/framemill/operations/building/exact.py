"""What an exact cut encodes with: the user's profile, or one with the source's own looks.

Shared by cut, trim and concat. Encoding itself is operations.recoding's.
"""

from fractions import Fraction

from framemill.commands import sound
from framemill.commands.crossfading import Voice
from framemill.commands.segmenting import fine_clock
from framemill.domain.containers import CONTAINERS, Container, container_kept
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.profiles import Profile
from framemill.errors import InvalidSpec
from framemill.operations.building.companions import Sound, default_sound
from framemill.operations.building.naming import picture_container
from framemill.operations.building.recoding import Recoding
from framemill.operations.planning import Planning
from framemill.operations.profiles import make_profile
from framemill.operations.spec import Spec

# Close enough to the source that the eye finds no difference (VMAF 96 to 97 on ordinary footage).
_CRF = {"h264": 18, "hevc": 20, "av1": 24, "vp9": 24}
_FAMILY = {"h264": "h264", "hevc": "hevc", "av1": "av1", "vp9": "vp9", "vp8": "vp9"}
_AUDIO_BITRATE = 192_000


def profile_for(name: str | None, planning: Planning, media: MediaInfo, stream: VideoStream) -> Profile:
    """The profile of this name, or one that keeps the source's codec family, size, rate and container."""
    if name is not None:
        return planning.profile(name)
    codec = _FAMILY.get(stream.codec, "h264")
    kept = container_kept(media)
    container = kept if codec in kept.video else CONTAINERS["mp4"]
    audio = "aac" if "aac" in container.audio else default_sound(container)
    return make_profile(
        codec=codec,
        crf=_CRF[codec],
        preset="medium" if codec in {"h264", "hevc"} else ("8" if codec == "av1" else "4"),
        container=container.name,
        # HDR and 10-bit sources stay what they are where the codec can.
        bit_depth=10 if codec == "av1" or (codec != "h264" and stream.bit_depth > 8) else 8,
        audio_codec=audio,
        audio_bitrate=_AUDIO_BITRATE,
    )


def container_for(spec: Spec, profile: Profile) -> Container:
    """The container of the output's name, else the profile's; CodecNotInContainer where it does not fit."""
    return picture_container(spec, CONTAINERS[profile.container], codec=profile.codec)


def sound_for(profile: Profile, container: Container, *, to_the_sample: bool = False) -> Sound:
    """How sound is encoded: always anew, unless the profile asks for a copy and samples need no cut."""
    fits = profile.audio_codec in container.audio
    return Sound(
        codec=profile.audio_codec if fits else default_sound(container),
        bitrate=profile.audio_bitrate,
        channels=profile.channels,
        copied=container.audio if profile.audio_codec == "copy" and not to_the_sample else frozenset(),
    )


def mode_of(mode: str | None, profile: str | None) -> str:
    """`mode`, or what follows from the profile; InvalidSpec where they contradict each other."""
    if mode in {"copy", "smart"} and profile is not None:
        raise InvalidSpec(
            f"a profile needs mode=encode: {mode} keeps the streams as they are", hint="drop one of them"
        )
    return mode or ("encode" if profile is not None else "copy")


def steady(done: Recoding) -> bool:
    """True where the result's frames come regularly; False where they keep irregular times of the source."""
    assert done.tap.video is not None
    return "-enc_time_base" not in done.tap.video.args


def frames_kept(done: Recoding, *, joined: bool = False) -> tuple[str, ...]:
    """The picture's encoder options with a clock that keeps frames apart wherever the first one lies.

    `joined` pieces have no common clock of their own.
    """
    assert done.tap.video is not None
    args = done.tap.video.args
    shown = done.product.media.main_video
    assert shown is not None
    if steady(done):
        return (*args, *fine_clock(shown.frame_rate))
    if not joined:
        return args
    at = args.index("-enc_time_base")
    return (*args[:at], *args[at + 2 :], *fine_clock(Fraction(90_000)))


def voices(done: Recoding) -> tuple[Voice, ...]:
    """The form of each sound track of the result."""
    return tuple(
        Voice(
            part=part,
            sample_rate=sound.rate_for(codec, track.sample_rate),
            layout=sound.layout_of(channels),
        )
        for part, (track, codec, channels) in zip(done.beside.audio, done.beside.tracks, strict=True)
    )
