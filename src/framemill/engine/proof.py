"""The proof of a smart cut, from the finished file: it shows the range's pictures, all and no others.

What is compared with what is decided in commands.smart; docs/decisions/0009
says why it is enough.
"""

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from framemill.commands import witnesses
from framemill.commands.witnesses import Packet, read_packets
from framemill.domain.units import US
from framemill.engine.failures import forgivable
from framemill.engine.parts import mended
from framemill.engine.workbench import Workbench
from framemill.errors import FramemillError, OutputInvalid

# Containers round times; Matroska's clock has milliseconds.
_APART_US = 1100
_LEAD_US = 1_500_000
_BEHIND_US = 200_000
# Without an index a seek may land behind what it aims at.
_INDEXED = frozenset({"mov", "matroska"})
_BLIND_US = 12_000_000
# Mean difference of a likeness's cells, of 255: an encoder near transparency stays below one.
_MOST_DIFFERENT = Fraction(4)
# So much nearer to its neighbour, a picture is the neighbour: what encoding adds is less than that.
_NEARER = Fraction(1, 4)

Json = dict[str, Any]  # Any: the wish as JSON


@dataclass(frozen=True, slots=True)
class _Seen:
    """A decoded picture: when (µs), its exact hash, and its likeness."""

    time_us: Fraction
    hash: str
    likeness: bytes


def prove(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`smart_proof WISH`: looks at `out/FILE` as WISH (JSON) says; takes it away where it is not as promised.

    Then `only_if_missing` commands make up for it, and the job says so.
    Raises OutputInvalid instead where WISH is `strict`.
    """
    wish: Json = json.loads(argv[0])
    file = bench.scratch / "out" / wish["file"]
    try:
        _look(bench, wish)
    except FramemillError as error:
        if not forgivable(error):
            raise
        if wish["strict"]:
            raise OutputInvalid(
                f"{wish['label']} did not prove right: {error.message}",
                hint="use mode=encode, or leave out strict",
            ) from error
        file.unlink(missing_ok=True)
        mended(file).touch()
        said = f"{wish['label']}: encoded from end to end, since the smart cut failed: {error.message}"
        bench.say(said, True)


def _look(bench: Workbench, wish: Json) -> None:
    if not (bench.scratch / "out" / wish["file"]).is_file():
        raise OutputInvalid("its pieces could not be joined")
    demuxer: str = wish["demuxer"]
    bench.ffmpeg(witnesses.packets(wish["file"], demuxer=demuxer))
    base, made = _packets((bench.scratch / "out" / witnesses.LISTING).read_text("utf-8"))
    _check_order(made)
    clock = Fraction(*wish["time_base"])
    expected: list[tuple[Fraction, Packet, bool]] = []
    for span in wish["spans"]:
        stored = (bench.scratch / "out" / f"{span['name']}.crc").read_text("utf-8")
        for packet in _packets(stored)[1]:
            at = (packet.pts - span["first"]) * clock * US + span["offset_us"]
            expected.append((at, packet, _within(packet.pts, span["copied"])))
    expected.sort(key=lambda item: item[0])
    shown = sorted(made, key=lambda packet: packet.pts)
    if not len(shown) == len(expected) == wish["count"]:
        raise OutputInvalid(f"{wish['count']} pictures promised, {len(shown)} found")
    origin = shown[0].pts * base * US
    for packet, (at, stored_as, copied) in zip(shown, expected, strict=True):
        if abs(packet.pts * base * US - origin - at) > _APART_US:
            raise OutputInvalid(f"a picture is shown at another time than {_s(at)}")
        if copied and wish["same_bytes"] and packet.checksum != stored_as.checksum:
            raise OutputInvalid(f"the picture at {_s(at)} was to be a copy and is not")
    for span in wish["spans"]:
        for window in span["windows"]:
            _compare(bench, wish, span, window, base=base, origin=origin)


def _compare(
    bench: Workbench, wish: Json, span: Json, window: Json, *, base: Fraction, origin: Fraction
) -> None:
    """The decoded pictures of one end of a range beside the source's."""
    clock = Fraction(*wish["time_base"])
    start = round((window["first"] - span["first"]) * clock * US) + span["offset_us"]
    length = round((window["until"] - window["first"]) * clock * US)
    ahead = _LEAD_US if wish["demuxer"] in _INDEXED else _BLIND_US
    enter = max(0, start - ahead)
    bench.ffmpeg(
        witnesses.shown(
            wish["file"],
            demuxer=wish["demuxer"],
            start_us=enter,
            length_us=start - enter + length + _BEHIND_US,
            time_base=base,
            name="made",
        )
    )
    made = _seen(bench, "made", base, origin)
    shift = span["first"] * clock * US - span["offset_us"]
    wanted = _seen(bench, window["name"], clock, shift)
    times = [picture.time_us for picture in made]
    copied = span["copied"] and [n * clock * US - shift for n in span["copied"]]
    encoded: list[tuple[_Seen, int]] = []
    if not wanted:
        raise OutputInvalid("the source shows nothing there")
    for n, picture in enumerate(wanted):
        place = bisect_left(times, picture.time_us - _APART_US)
        if place == len(made) or times[place] > picture.time_us + _APART_US:
            raise OutputInvalid(f"no picture is shown at {_s(picture.time_us)}")
        if copied and copied[0] <= picture.time_us <= copied[1]:
            if made[place].hash != picture.hash:
                raise OutputInvalid(f"the copied picture at {_s(picture.time_us)} decodes to another one")
        elif _is_another(made[place], n, wanted):
            raise OutputInvalid(f"the picture at {_s(picture.time_us)} is not the source's")
        else:
            encoded.append((made[place], n))
    if any(_offset(encoded, wanted, by) for by in (-1, 1)):
        raise OutputInvalid(f"the pictures from {_s(wanted[0].time_us)} on are one early or late")


def _is_another(made: _Seen, place: int, wanted: Sequence[_Seen]) -> bool:
    """True where `made` does not look like the picture at `place`, or clearly more like a neighbour."""
    apart = _difference(made.likeness, wanted[place].likeness)
    beside = [wanted[n] for n in (place - 1, place + 1) if 0 <= n < len(wanted)]
    return apart > _MOST_DIFFERENT or any(
        _difference(made.likeness, other.likeness) + _NEARER < apart for other in beside
    )


def _offset(encoded: Sequence[tuple[_Seen, int]], wanted: Sequence[_Seen], by: int) -> bool:
    """True where encoded pictures together look more like those `by` places on: slow motion shows in sum."""
    pairs = [(made, n) for made, n in encoded if 0 <= n + by < len(wanted)]
    own = sum(_difference(made.likeness, wanted[n].likeness) for made, n in pairs)
    other = sum(_difference(made.likeness, wanted[n + by].likeness) for made, n in pairs)
    moved = sum(_difference(wanted[n].likeness, wanted[n + by].likeness) for _, n in pairs)
    return other < own and moved > _NEARER * len(pairs)


def _difference(one: bytes, other: bytes) -> Fraction:
    return Fraction(sum(abs(a - b) for a, b in zip(one, other, strict=True)), len(one))


def _check_order(made: Sequence[Packet]) -> None:
    if any(after.dts <= before.dts for before, after in pairwise(made)):
        raise OutputInvalid("decode times do not rise")
    if len({packet.pts for packet in made}) != len(made):
        raise OutputInvalid("two pictures are shown at one time")


def _packets(text: str) -> tuple[Fraction, tuple[Packet, ...]]:
    """Time base and pictures of a list; OutputInvalid where it has none."""
    stored = read_packets(text)
    if not stored.packets:
        raise OutputInvalid("it has no picture")
    return stored.time_base, stored.packets


def _seen(bench: Workbench, name: str, base: Fraction, origin: Fraction) -> list[_Seen]:
    """The witnesses of this name, with times from `origin` (µs) on."""
    out = bench.scratch / "out"
    lines = [
        [field.strip() for field in line.split(",")]
        for line in (out / f"{name}.hash").read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    likenesses = (out / f"{name}.gray").read_bytes()
    cells = witnesses.LIKENESS[0] * witnesses.LIKENESS[1]
    if len(likenesses) != cells * len(lines):
        raise OutputInvalid("its pictures could not be compared")
    return [
        _Seen(int(line[2]) * base * US - origin, line[5], likenesses[n * cells : (n + 1) * cells])
        for n, line in enumerate(lines)
    ]


def _within(pts: int, copied: Sequence[int] | None) -> bool:
    return copied is not None and copied[0] <= pts <= copied[1]


def _s(time_us: Fraction) -> str:
    return f"{float(time_us) / US:.3f} s"
