"""Makes the pieces of a smart cut fit: parameter sets that do not clash, and the script that joins them."""

import json
import struct
from pathlib import Path

from framemill.commands.joining import timed_script
from framemill.engine.boxes import Sets, break_link, copy_hevc_sets, h264_sets, name_h264_sets
from framemill.engine.workbench import Workbench
from framemill.errors import OutputInvalid

_MOST_SETS = 31


def splice(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`splice SCRIPT WISH`: writes `out/SCRIPT` for the pieces below out/ that WISH (JSON) names.

    `codec`; `pieces`: each a file and how long it lasts in µs. Raises
    OutputInvalid where a piece is missing or they cannot be one stream.
    """
    target, wish = argv[0], json.loads(argv[1])
    out = bench.scratch / "out"
    files = [out / name for name, _ in wish["pieces"]]
    missing = [path.name for path in files if not path.is_file()]
    if missing:
        raise OutputInvalid(f"{missing[0]!r} was not made")
    try:
        _fit(files, wish["codec"])
    except (struct.error, IndexError) as error:
        # What stands in headers comes from the source, which may have written anything.
        raise OutputInvalid("the source's parameter sets cannot be read") from error
    (out / target).write_text(timed_script(wish["pieces"]), "utf-8")


def _fit(files: list[Path], codec: str) -> None:
    if codec == "h264" and len(files) > 1:
        name_h264_sets(files[0], _together([h264_sets(path) for path in files]))
    if codec == "hevc" and len(files) > 1:
        # Readers put the header's parameter sets before each keyframe: there they must be the copy's own.
        # Before our own pictures stand ours, which count from there on.
        copy_hevc_sets(next((path for path in files if path.stem.endswith("_copy")), files[0]), files[0])
        for path in files[1:]:
            # A keyframe may belong to an open group of pictures: behind others it must not count on any.
            if path.stem.endswith("_copy"):
                break_link(path)


def _together(all_sets: list[Sets]) -> Sets:
    """One header that names every parameter set; OutputInvalid where two differ under one number."""
    sequence: dict[int, bytes] = {}
    picture: dict[int, bytes] = {}
    for sets in all_sets:
        for known, group, skip in ((sequence, sets.sequence, 4), (picture, sets.picture, 1)):
            for one in group:
                number = _number(one, skip)
                if known.setdefault(number, one) != one:
                    raise OutputInvalid(f"two parameter sets have the number {number}")
    if len(sequence) > _MOST_SETS or len(picture) > _MOST_SETS:
        raise OutputInvalid("there are more parameter sets than a header may name")
    copied = max(all_sets, key=lambda sets: sets.rest)
    first = all_sets[0]
    return Sets(first.begin, tuple(sequence.values()), tuple(picture.values()), copied.rest)


def _number(data: bytes, skip: int) -> int:
    """The Exp-Golomb number that stands `skip` bytes into a parameter set. ITU-T H.264, 9.1."""
    # Bytes of escape never stand this early: numbers of parameter sets are small.
    bits = "".join(f"{byte:08b}" for byte in data[skip : skip + 4])
    zeros = len(bits) - len(bits.lstrip("0"))
    if 2 * zeros + 1 > len(bits):
        raise OutputInvalid("a parameter set has no number")
    return int(bits[: 2 * zeros + 1], 2) - 1


def discard(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`discard FILE...`: take files out of `out/`, where they are there."""
    for name in argv:
        Path(bench.scratch / "out" / name).unlink(missing_ok=True)
