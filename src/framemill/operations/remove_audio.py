"""The picture as it is, without its sound."""

from typing import Literal

from framemill.domain.plan import Role
from framemill.domain.work import Work
from framemill.operations.building.copying import copied, copying_container
from framemill.operations.building.naming import file_name
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
    container = copying_container(spec, media, stream)
    return copied(
        spec,
        planning,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION,
        wish=None,
        reasons={track.index: "removed as asked" for track in media.audio},
    )
