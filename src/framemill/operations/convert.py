"""Another container or codec: what the container holds is copied, the rest encoded."""

import warnings
from typing import Literal

from pydantic import Field

from framemill.domain.containers import CONTAINERS, Container, container_named
from framemill.domain.left_behind import describe
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Role
from framemill.domain.profiles import Profile
from framemill.domain.work import Work
from framemill.errors import CodecNotInContainer, InvalidSpec, NotSupported
from framemill.operations.building.companions import Sound, default_sound
from framemill.operations.building.copying import copied, why_not_copied
from framemill.operations.building.naming import container_wanted, file_name
from framemill.operations.building.recoding import recode
from framemill.operations.planning import Planning
from framemill.operations.profiles import make_profile
from framemill.operations.spec import HardwareWish, Spec

_BITRATE = 192_000

with warnings.catch_warnings():
    # pydantic still has a deprecated method of this name.
    warnings.filterwarnings("ignore", message='Field name "copy"')

    class Convert(Spec):
        """Change the container, copying the streams that it can hold."""

        op: Literal["convert"] = "convert"
        version: Literal[1] = 1
        format: str | None = Field(
            None,
            description="File format: mp4, mkv, webm, mov, ts, avi, flv, m4a, mka, mp3, wav, flac, opus, ogg."
            " Unset: what the output's ending says.",
        )
        copy: Literal["auto", "always", "never"] = Field(  # type: ignore[assignment]  # the spec's word
            "auto",
            description="auto copies what the format holds and encodes the rest; always refuses to encode; "
            "never encodes picture and sound.",
        )
        hardware: HardwareWish = None


def plan(spec: Convert, planning: Planning) -> Work:
    """A copying step, or a tap where the picture has to be encoded."""
    container = _container(spec)
    product = planning.one(spec.source)
    if container.audio_only or product.media.main_video is None:
        planning.audio_of(product)
    stream = None if container.audio_only else product.media.main_video
    why = why_not_copied(product.media, stream, container) if stream else None
    if stream is not None and spec.copy == "never":
        why = "encoding is asked for"
    wish = Sound(
        codec=default_sound(container),
        bitrate=_BITRATE,
        copied=container.audio if spec.copy != "never" else frozenset(),
    )
    if spec.copy == "always":
        _refuse(product.media, stream, why, container)
    publish = file_name(spec, planning, container.extension)
    role = Role.AUDIO if stream is None else Role.RENDITION
    if stream is None or why is None:
        reasons = {v.index: f"{container.name} holds no picture" for v in product.media.video}
        return copied(
            spec,
            planning,
            container=container,
            publish=publish,
            role=role,
            wish=wish,
            reasons=reasons if container.audio_only else None,
        )
    done = recode(
        spec,
        planning,
        profile=_profile(stream, container),
        container=container,
        publish=publish,
        role=role,
        wish=wish,
        # AVI gives every frame the same length, FLV whole milliseconds, at which close frames collide.
        rate=stream.frame_rate if container.name in {"avi", "flv"} and stream.is_vfr else None,
        hardware=spec.hardware,
    )
    work = done.work()
    return Work(
        taps=work.taps,
        products=work.products,
        notes=(f"{planning.name}: {describe(stream)} is not copied: {why}", *work.notes),
        dropped=work.dropped,
    )


def _container(spec: Convert) -> Container:
    if spec.format is None:
        if spec.output is None:
            raise InvalidSpec("convert needs a format", hint="set `format` or give the output an ending")
        return container_wanted(spec, CONTAINERS["mp4"])
    found = container_named(spec.format)
    if found is None:
        raise InvalidSpec(
            f"{spec.format!r} is no file format that we write", hint=f"known: {', '.join(sorted(CONTAINERS))}"
        )
    if spec.output is not None and container_wanted(spec, found) is not found:
        raise InvalidSpec(
            f"the format is {found.name} but the output is called {spec.output!r}",
            hint="leave one of them out",
        )
    return found


def _refuse(media: MediaInfo, stream: VideoStream | None, why: str | None, container: Container) -> None:
    if stream is not None and why is not None:
        if stream.codec in container.video:
            raise NotSupported(f"the picture cannot be copied: {why}", hint="let copy be auto")
        raise CodecNotInContainer(codec=stream.codec, container=container.name, holds=container.video)
    for track in media.playable_audio:
        if track.codec not in container.audio:
            raise CodecNotInContainer(codec=track.codec, container=container.name, holds=container.audio)


def _profile(stream: VideoStream, container: Container) -> Profile:
    """A quality at which the eye sees no loss: the picture was not meant to change."""
    if stream.hdr is not None and "hevc" in container.video:
        return make_profile(codec="hevc", crf=20, bit_depth=10)
    if stream.hdr is not None and "av1" in container.video:
        return make_profile(codec="av1", crf=24, bit_depth=10, container="mkv", preset="6")
    if "h264" in container.video:
        return make_profile(codec="h264", crf=19)
    return make_profile(codec="vp9", crf=28, container="webm", audio_codec="opus")
