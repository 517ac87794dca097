"""Steps that join pieces into one file, for trim and concat."""

from collections.abc import Sequence

from framemill.commands import joining, muxing
from framemill.commands.joining import Piece
from framemill.domain.containers import Container
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Command, Step, StepInput, TextFile
from framemill.domain.transitions import Transition
from framemill.errors import CodecNotInContainer
from framemill.operations.building.exact import frames_kept, voices
from framemill.operations.building.recoding import Recoding
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec


def encoded_step(
    spec: Spec,
    planning: Planning,
    done: Recoding,
    pieces: Sequence[Piece],
    *,
    inputs: tuple[StepInput, ...],
    chapters: TextFile | None = None,
    dissolve: Transition | None = None,
) -> Step:
    """A step that decodes `pieces` and encodes them as one, the way `done` says."""
    tap = done.tap
    listed = muxing.chapter_input() if chapters else ()
    argv = (
        *("-nostdin", "-hide_banner", "-y"),
        *joining.encoded(
            pieces,
            voices(done),
            picture=frames_kept(done, joined=True),
            also_opened=listed,
            dissolve=dissolve,
        ),
        *tap.extra,
        # A piece's own chapters are those of its file.
        *("-map_chapters", str(len(pieces)) if chapters else "-1"),
        *tap.mux,
        f"file:out/{tap.output.path}",
    )
    return Step(
        key=planning.name,
        operation=spec.op,
        title=f"{len(pieces)} pieces joined, {tap.title}",
        commands=(Command(tool="ffmpeg", argv=argv, duration_us=sum(p.length_us for p in pieces)),),
        inputs=inputs,
        outputs=(tap.output,),
        texts=(chapters,) if chapters else (),
        estimate=tap.estimate,
    )


def pictures_copied(media: MediaInfo, container: Container) -> tuple[VideoStream, ...]:
    """The pictures that a copy keeps, the main one first; CodecNotInContainer where that does not fit."""
    main = media.main_video
    if main is None:
        return ()
    if main.codec not in container.video:
        refused = CodecNotInContainer(codec=main.codec, container=container.name)
        refused.hint = "use mode=encode"
        raise refused
    others = (v for v in media.video if v is not main and not v.is_cover and v.codec in container.video)
    return (main, *others)
