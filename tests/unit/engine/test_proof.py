"""The proof is worth what it refuses: each test shows it a file that is wrong in one way."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from framemill.commands.witnesses import LIKENESS
from framemill.engine.proof import prove
from framemill.engine.workbench import Workbench
from framemill.errors import DiskFull, InputUnreadable, OutputInvalid, ToolFailed
from framemill.tools.process import Finished

CELLS = LIKENESS[0] * LIKENESS[1]
# Eight pictures, ticks of 1/25 s: two encoded, four copied, two encoded.
COPIED = (12, 15)
TIMES = tuple(range(10, 18))


def packets(
    times: Sequence[int], *, decoded: Sequence[int] | None = None, checksums: str = "abcdefgh"
) -> str:
    rows = zip(decoded or range(len(times)), times, checksums, strict=False)
    return "#tb 0: 1/25\n" + "".join(f"0, {dts}, {pts}, 1, 100, {sum_}\n" for dts, pts, sum_ in rows)


def witnesses(folder: Path, name: str, times: Sequence[int], hashes: str, grey: Sequence[int]) -> None:
    lines = [f"0, {t}, {t}, 1, 30, {h}" for t, h in zip(times, hashes, strict=True)]
    (folder / f"{name}.hash").write_text("\n".join(["#tb 0: 1/25", *lines]))
    (folder / f"{name}.gray").write_bytes(b"".join(bytes([level]) * CELLS for level in grey))


class Desk:
    """A finished file as ffmpeg would tell of it; each part may be made wrong."""

    def __init__(self, scratch: Path) -> None:
        self.out = scratch / "out"
        self.out.mkdir()
        (self.out / "cut.mp4").write_bytes(b"film")
        (self.out / "s_0.crc").write_text(packets(TIMES))
        witnesses(self.out, "s_0_all", TIMES, "ABCDEFGH", range(10, 90, 10))
        self.listed = packets(range(8))
        self.hashes = "xyCDEFuv"
        self.grey: Sequence[int] = (11, 20, 30, 40, 50, 60, 71, 80)
        self.times: Sequence[int] = range(8)
        self.damage: Exception | None = None
        self.said: list[str] = []
        self.bench = Workbench(
            scratch=scratch, ffmpeg=self._ffmpeg, say=lambda text, _warning: self.said.append(text)
        )

    def prove(self, **changes: object) -> None:
        wish: dict[str, Any] = {
            "file": "cut.mp4",
            "label": "trim",
            "demuxer": "mov",
            "same_bytes": True,
            "strict": True,
            "time_base": [1, 25],
            "count": 8,
            "spans": [
                {
                    "name": "s_0",
                    "first": 10,
                    "offset_us": 0,
                    "copied": COPIED,
                    "windows": [{"name": "s_0_all", "first": 10, "until": 18}],
                }
            ],
            **changes,
        }
        prove(self.bench, (json.dumps(wish),))

    def _ffmpeg(self, argv: tuple[str, ...]) -> Finished:
        if "framecrc" in argv:
            # To a file: what a program may print is bounded, and a day of pictures is more.
            assert argv[-1] == "file:out/made.crc"
            (self.out / "made.crc").write_text(self.listed)
        elif self.damage is not None:
            raise self.damage
        else:
            witnesses(self.out, "made", self.times, self.hashes, self.grey)
        return Finished(exit_code=0, tail=(), wall_ms=0, cpu_ms=0, peak_memory_bytes=0)


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_file_that_is_right_is_left_as_it_is(desk: Desk) -> None:
    desk.prove()

    assert (desk.out / "cut.mp4").exists()
    assert desk.said == []


def _shifted(desk: Desk) -> None:
    desk.grey = (20, 30, 30, 40, 50, 60, 71, 80)


def _last_is_the_one_before(desk: Desk) -> None:
    desk.grey = (11, 20, 30, 40, 50, 60, 71, 70)


def _slowly_shifted(desk: Desk) -> None:
    witnesses(desk.out, "s_0_all", TIMES, "ABCDEFGH", (10, 11, 12, 13, 14, 15, 16, 17))
    desk.grey = (11, 12, 12, 13, 14, 15, 17, 17)


def _missing(desk: Desk) -> None:
    desk.listed = packets(range(7))


def _doubled(desk: Desk) -> None:
    desk.listed = packets((0, 1, 2, 3, 3, 5, 6, 7))


def _late(desk: Desk) -> None:
    desk.listed = packets((0, 1, 2, 3, 4, 5, 6, 8))


def _undecodable_order(desk: Desk) -> None:
    desk.listed = packets(range(8), decoded=(0, 1, 2, 3, 3, 5, 6, 7))


def _other_bytes(desk: Desk) -> None:
    desk.listed = packets(range(8), checksums="abcXefgh")


def _other_decode(desk: Desk) -> None:
    desk.hashes = "xyCDEzuv"


def _lost_in_decoding(desk: Desk) -> None:
    desk.times, desk.hashes, desk.grey = range(7), desk.hashes[:7], desk.grey[:7]


def _damaged(desk: Desk) -> None:
    desk.damage = InputUnreadable("cut.mp4", "a slice is broken")


def _not_made(desk: Desk) -> None:
    (desk.out / "cut.mp4").unlink()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_shifted, "the picture at 0.000 s is not the source's"),
        (_last_is_the_one_before, "the picture at 0.280 s is not the source's"),
        (_slowly_shifted, "not the source's|one early or late"),
        (_missing, "8 pictures promised, 7 found"),
        (_doubled, "at one time"),
        (_late, "shown at another time"),
        (_undecodable_order, "decode times do not rise"),
        (_other_bytes, "was to be a copy"),
        (_other_decode, "decodes to another"),
        (_lost_in_decoding, "no picture is shown"),
        (_damaged, "a slice is broken"),
        (_not_made, "could not be joined"),
    ],
)
def test_a_file_that_is_wrong_is_refused(spoil: Callable[[Desk], None], reason: str, desk: Desk) -> None:
    spoil(desk)

    with pytest.raises(OutputInvalid, match=reason):
        desk.prove()


def test_unless_strict_a_wrong_file_makes_room_for_an_encoded_one_and_the_user_is_told(desk: Desk) -> None:
    _other_decode(desk)

    desk.prove(strict=False)

    assert not (desk.out / "cut.mp4").exists()
    assert (desk.out / "cut.mp4.mended").exists()
    (said,) = desk.said
    assert said.startswith("trim: encoded from end to end, since the smart cut failed: the copied picture")


def test_a_machine_in_trouble_is_not_the_files_fault(desk: Desk) -> None:
    desk.damage = DiskFull("the disk is full")

    with pytest.raises(DiskFull):
        desk.prove(strict=False)

    assert (desk.out / "cut.mp4").exists()


def test_a_tool_that_fails_is_forgiven_once(desk: Desk) -> None:
    desk.damage = ToolFailed(tool="ffmpeg", exit_code=1)

    desk.prove(strict=False)

    assert not (desk.out / "cut.mp4").exists()
