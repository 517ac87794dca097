"""Looking at chunks before they become one stream. Joining itself is a copy by ffmpeg."""

import json
import struct
from pathlib import Path

from framemill.engine.boxes import decoder_setup
from framemill.engine.workbench import Workbench
from framemill.errors import OutputInvalid


def fit(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`chunks_fit MARK WISH`: makes `out/MARK`, and says why, where chunks below in/ are not one stream.

    WISH (JSON): `chunks`, files in their order; `meet`, pairs of lists by
    ffmpeg's framecrc: what the one chunk saw behind its end, and with what the
    next began.
    """
    mark, wish = argv[0], json.loads(argv[1])
    folder = bench.scratch / "in"
    why = _unlike([folder / name for name in wish["chunks"]]) or _apart(folder, wish["meet"])
    if why is not None:
        bench.say(f"{why}: encoded again as a whole", True)
        (bench.scratch / "out" / mark).write_text(why, "utf-8")


def _unlike(chunks: list[Path]) -> str | None:
    """A joined file names the parameter sets of its first chunk only: with others, noise would follow."""
    try:
        wanted = decoder_setup(chunks[0])
        odd = next((path.name for path in chunks if decoder_setup(path) != wanted), None)
    except (OutputInvalid, struct.error, IndexError):
        return "a chunk's header cannot be read"
    return f"{odd} has other parameter sets than {chunks[0].name}" if odd else None


def _apart(folder: Path, pairs: list[tuple[str, str]]) -> str | None:
    for number, (behind, begin) in enumerate(pairs, 1):
        seen, begun = _pictures(folder / behind), _pictures(folder / begin)
        if not seen or seen != begun:
            return f"chunk {number + 1} does not begin with the picture that follows chunk {number}"
    return None


def _pictures(listing: Path) -> list[str]:
    """Clock, time and checksum of each picture listed."""
    lines = listing.read_text("utf-8").splitlines()
    clocks = [line for line in lines if line.startswith("#tb")]
    # stream, decode time, time, duration, size, checksum: how long a frame lasts, a neighbour may decide.
    rows = [line.split(",") for line in lines if line and not line.startswith("#")]
    return [*clocks, *(",".join((row[2], *row[4:6])) for row in rows)] if rows else []
