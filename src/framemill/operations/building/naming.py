"""What results are called, and the container that a name's ending asks for."""

from framemill.domain.containers import CONTAINERS, Container, container_named
from framemill.errors import CodecNotInContainer, InvalidSpec
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec


def container_wanted(spec: Spec, default: Container) -> Container:
    """The container of `spec.output`'s ending, `default` where there is no name; InvalidSpec if unknown."""
    if spec.output is None:
        return default
    _, dot, ending = spec.output.rpartition("/")[2].rpartition(".")
    found = container_named(ending) if dot else None
    if found is None:
        raise InvalidSpec(
            f"the ending of {spec.output!r} is no file format that we write",
            hint=f"known: {', '.join(sorted(CONTAINERS))}",
        )
    return found


def picture_container(spec: Spec, default: Container, *, codec: str) -> Container:
    """As `container_wanted`; CodecNotInContainer where it cannot hold `codec`."""
    container = container_wanted(spec, default)
    if codec not in container.video:
        raise CodecNotInContainer(codec=codec, container=container.name, holds=container.video)
    return container


def file_name(spec: Spec, planning: Planning, ending: str) -> str:
    """Where a single result is published: `spec.output`, else `<stem>-<operation>.<ending>`."""
    return spec.output or f"{planning.stem(spec.source)}-{planning.name}.{ending}"


def in_folder(spec: Spec, name: str) -> str:
    """Where one of several results is published: below `spec.output`, or directly."""
    return f"{spec.output.rstrip('/')}/{name}" if spec.output else name
