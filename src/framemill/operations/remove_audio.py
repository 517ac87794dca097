"""The picture as it is, without its sound."""

from typing import Literal

from framemill.domain.containers import container_kept
from framemill.domain.plan import Role
from framemill.domain.work import Work
from framemill.errors import NotSupported
from framemill.operations.building.copying import copied, why_not_copied
from framemill.operations.building.naming import file_name, picture_container
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec


class RemoveAudio(Spec):
    """Drop the sound; the picture stays untouched."""

    op: Literal["remove_audio"] = "remove_audio"
    version: Literal[1] = 1


def plan(spec: RemoveAudio, planning: Planning) -> Work:
    """One copying step in the source's own kind of container."""
    media = planning.one(spec.source).media
    stream = planning.video_of(planning.one(spec.source))
    container = picture_container(spec, container_kept(media), codec=stream.codec)
    if why := why_not_copied(media, stream, container):
        raise NotSupported(
            f"the picture cannot stay as it is: {why}",
            hint="name the output .mp4 or .mov, or use convert, which encodes the picture",
        )
    return copied(
        spec,
        planning,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION,
        wish=None,
        reasons={track.index: "removed as asked" for track in media.audio},
    )
