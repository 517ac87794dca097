"""A chain of filters, checked as a whole and done in one encode."""

from dataclasses import replace
from typing import Literal

from pydantic import Field

from framemill.domain.containers import container_kept
from framemill.domain.plan import Role
from framemill.domain.promises import end_of
from framemill.domain.work import Work
from framemill.errors import CodecNotInContainer
from framemill.operations.building.copying import copied, why_not_copied
from framemill.operations.building.naming import container_wanted, file_name
from framemill.operations.chain import filtering
from framemill.operations.chain.canvas import Canvas
from framemill.operations.chain.drawing import changes_picture, drawn, titled
from framemill.operations.chain.items import Chain
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec


class Filter(Spec):
    """Change picture and sound by a chain of filters, in the order given."""

    op: Literal["filter"] = "filter"
    version: Literal[1] = 1
    chain: Chain = Field(
        min_length=1,
        max_length=50,
        description="One filter and its fields, such as `crop width=640 height=360` or `text 'Hello: you'`; "
        "repeat it for more. Filters: scale, crop, auto_crop, pad, rotate, flip, fps, deinterlace, denoise, "
        "sharpen, colour, fade, stabilise, watermark, text, blur, volume, loudness.",
    )
    profile: str | None = Field(
        None, description="How to encode; without one the source's codec family is kept at high quality."
    )


def plan(spec: Filter, planning: Planning) -> Work:
    """A tap, or a step where the chain reads files of its own or goes over the source twice.

    Raises InvalidSpec for an item that is impossible where it stands, NoVideoStream
    and NoAudioStream where an item has nothing to work on.
    """
    media = planning.one(spec.source).media
    if media.main_video is None or (spec.profile is None and not changes_picture(spec.chain)):
        work = _sound_alone(spec, planning)
        if work is not None:
            return work
    return filtering.encoded(spec, planning, spec.chain, profile_name=spec.profile)


def _sound_alone(spec: Filter, planning: Planning) -> Work | None:
    """A step that leaves the picture as it is, if any; None where it cannot stay so."""
    product = planning.one(spec.source)
    media = product.media
    stream = media.main_video
    canvas = drawn(
        Canvas(
            planning=planning,
            source=spec.source,
            stream=None,
            end_us=media.duration_us,
            sound_end_us=max((end_of(media, track)[0] for track in media.playable_audio), default=0),
            has_sound=media.main_audio is not None,
        ),
        spec.chain,
    )
    planning.audio_of(product)
    container = container_wanted(spec, container_kept(media))
    if stream is not None and why_not_copied(media, stream, container):
        return None
    if stream is None and not container.audio:
        raise CodecNotInContainer(codec="sound alone", container=container.name)
    profile = planning.profile(spec.profile) if spec.profile else None
    wish = filtering.sound_for(media, container, profile, filters=canvas.sound)
    work = copied(
        spec,
        planning,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.AUDIO if stream is None else Role.RENDITION,
        wish=wish,
    )
    return replace(
        work,
        steps=tuple(replace(step, title=f"{titled(spec.chain)}: {wish.codec}") for step in work.steps),
        notes=(*work.notes, *(f"{planning.name}: {text}" for text in canvas.notes)),
    )
