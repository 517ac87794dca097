"""Looking at chunks before they become one stream. Joining itself is a copy by ffmpeg."""

import struct

from framemill.engine.boxes import decoder_setup
from framemill.engine.workbench import Workbench
from framemill.errors import OutputInvalid


def alike(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`chunks_alike FILE...`: OutputInvalid unless one decoder reads these files below in/ as one stream.

    A joined file names the parameter sets of its first chunk only: with others,
    the rest would decode to noise, or not at all.
    """
    first, *others = argv
    folder = bench.scratch / "in"
    try:
        wanted = decoder_setup(folder / first)
        odd = [name for name in others if decoder_setup(folder / name) != wanted]
    except (struct.error, IndexError) as error:
        raise OutputInvalid("a chunk's header cannot be read") from error
    if odd:
        raise OutputInvalid(f"{odd[0]!r} was encoded with other parameter sets than {first!r}")
