"""The picture of a tap: filtered and encoded in software, and on a device where one is wanted and works."""

from dataclasses import replace
from fractions import Fraction

from framemill.commands import video
from framemill.commands.accelerating import accelerated
from framemill.domain.hardware import MAKERS, NAMES, Trial, Wish, encoder_name
from framemill.domain.media import VideoStream
from framemill.domain.profiles import Profile
from framemill.domain.work import VideoPart
from framemill.errors import EncoderUnavailable
from framemill.operations.planning import Planning


def picture_part(
    planning: Planning,
    stream: VideoStream,
    profile: Profile,
    *,
    filters: tuple[str, ...],
    rate: Fraction,
    hardware: Wish | None,
    vfr: bool = False,
    keyframes: video.Keyframes | None = None,
    hdr_from: VideoStream | None = None,
) -> tuple[VideoPart, tuple[str, ...]]:
    """The part, and what is to be said of where it is encoded.

    `hardware` is the request's wish, None for what the setting says. Raises
    EncoderUnavailable where a named device does not work.
    """
    trial, said = _device(planning, hardware, profile)
    part = VideoPart(
        stream=stream.index,
        filters=filters,
        args=video.encode(
            profile,
            rate=rate,
            capabilities=planning.capabilities,
            keyframes=keyframes,
            vfr=vfr,
            hdr_from=hdr_from,
        ),
    )
    if trial is None:
        return part, said
    form = accelerated(
        profile, trial, filters=filters, rate=rate, keyframes=keyframes, vfr=vfr, hdr_from=hdr_from
    )
    return replace(part, hardware=form), said


def _device(
    planning: Planning, hardware: Wish | None, profile: Profile
) -> tuple[Trial | None, tuple[str, ...]]:
    wish, found = hardware or planning.acceleration.default, planning.acceleration.found
    if wish == "off":
        return None, ()
    depth = f"{profile.codec} with {profile.bit_depth} bits"
    if wish == "auto":
        tried = [found.encoder(maker, profile.codec, profile.bit_depth) for maker in MAKERS]
        trial = next((t for t in tried if t is not None and t.works), None)
        if trial is None:
            return None, (f"no hardware encoder works here for {depth}: encoded in software",)
    else:
        name = encoder_name(wish, profile.codec)
        if (name is None or (profile.codec, profile.bit_depth) == ("h264", 10)) and hardware is None:
            return None, (f"{NAMES[wish]} has no encoder for {depth}: encoded in software",)
        trial = found.encoder(wish, profile.codec, profile.bit_depth)
        if trial is None or trial.reason is not None:
            why = trial.reason if trial is not None else f"there is none for {depth} in this ffmpeg"
            raise EncoderUnavailable(name or wish, reason=why)
    return trial, (f"encoded by {trial.name} ({NAMES[trial.maker]}), in software where that fails",)
