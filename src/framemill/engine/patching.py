"""Making the outlying parts of an encode again, so that a near miss costs no second encode of the whole.

Between two keyframes at which nothing looks back, pictures can be replaced by
another encode of the same ones. Nothing else of the file changes, so what was
measured of it stays true.
"""

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from framemill.commands import patching, witnesses
from framemill.commands.joining import timed_script
from framemill.commands.trials import TRIAL
from framemill.commands.witnesses import Packet, Stored, read_packets
from framemill.domain.corrections import Part, corrections, mean_of
from framemill.domain.crf_search import Goal, Scale
from framemill.domain.quality import Metric
from framemill.domain.sampling import measured
from framemill.domain.units import US
from framemill.engine.failures import forgivable
from framemill.engine.splicing import splice
from framemill.engine.trials import filled, link, read
from framemill.engine.workbench import Workbench
from framemill.errors import FramemillError, OutputInvalid

Json = dict[str, Any]  # Any: the wish as JSON

_ROUNDS = 3
# A part has so many measured pictures at least, and lasts so long: each costs a start of the encoder.
_LEAST_MEASURED = 8
_LEAST_US = 2 * US
_APART_US = 1000  # times of pieces are whole microseconds, rounded once or twice
_SCRIPT, _DONE = "patched.ffconcat", "patched.mp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patched:
    """What came of it."""

    values: tuple[float, ...]  # the scores of all measured pictures
    share: float  # of the video that was made again
    crfs: tuple[float, float]  # of that, the lowest and the highest
    cpu_ms: int  # of measuring


@dataclass(frozen=True, slots=True, kw_only=True)
class _Film:
    """A file's pictures: as stored, and as shown with when that is, from the first (µs)."""

    stored: Stored
    shown: tuple[Packet, ...]
    times_us: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class _Stretch:
    """Pictures `first` to `until` of the film."""

    first: int
    until: int
    part: Part
    values: tuple[float, ...]
    piece: str | None = None  # what replaces it
    checksums: tuple[str, ...] = ()  # of its pictures


def patch(
    bench: Workbench,
    wish: Json,
    values: Sequence[float],
    *,
    crf: float,
    scale: Scale,
    goal: Goal,
    growth: float,
) -> Patched | None:
    """Replace parts of `out/<path>`, encoded at `crf`, so that the mean of `values` meets `goal`.

    None, with the file as it was, where that takes most of it, does not
    succeed, or cannot be done exactly.
    """
    made: list[str] = [_SCRIPT, _DONE, witnesses.LISTING]
    try:
        film = _looked_at(bench, wish["path"])
        stretches = _stretches(film, values, wish, crf)
        cpu_ms, numbers = 0, dict[float, int]()
        for _ in range(_ROUNDS):
            fixes = corrections([s.part for s in stretches], scale, goal, growth=growth)
            if fixes is None:
                return None
            for number, finer in fixes.items():
                stretch = stretches[number]
                stretch.piece = f"again{number}.mp4"
                made.append(stretch.piece)
                # Parameter sets of one crf are the same, those of another need a number of their own.
                sets = numbers.setdefault(finer, len(numbers) + 1)
                cpu_ms += _make(bench, wish, film, stretch, finer, sets)
            if goal.met(mean_of([s.part for s in stretches])):
                break
        else:
            return None
        _put_in_place(bench, wish, film, stretches, made)
    except FramemillError as error:
        if not forgivable(error):
            raise
        return None
    finally:
        for name in made:
            (bench.scratch / "out" / name).unlink(missing_ok=True)
    again = [s for s in stretches if s.piece]
    crfs = sorted(s.part.crf for s in again)
    return Patched(
        values=tuple(value for s in stretches for value in s.values),
        share=sum(s.until - s.first for s in again) / len(film.shown),
        crfs=(crfs[0], crfs[-1]),
        cpu_ms=cpu_ms,
    )


def _looked_at(bench: Workbench, name: str) -> _Film:
    bench.ffmpeg(witnesses.packets(name, demuxer="mov"))
    stored = read_packets((bench.scratch / "out" / witnesses.LISTING).read_text("utf-8"))
    shown = tuple(sorted(stored.packets, key=lambda p: p.pts))
    if not shown or any(a.pts == b.pts for a, b in pairwise(shown)):
        raise OutputInvalid("its pictures cannot be told apart")
    return _Film(
        stored=stored,
        shown=shown,
        times_us=tuple(round((p.pts - shown[0].pts) * stored.time_base * US) for p in shown),
    )


def _stretches(film: _Film, values: Sequence[float], wish: Json, crf: float) -> list[_Stretch]:
    every: int = wish["every"]
    times, count = film.times_us, len(film.shown)
    numbers = measured(count, every)
    # Of the last picture, whose motion goes on nowhere, there may be a score or not.
    if len(values) < len(numbers):
        raise OutputInvalid("not every picture was compared")
    least_us = max(_LEAST_US, _LEAST_MEASURED * every * wish["patch"]["apart_us"])
    begins = [0]
    for first in _closed(film):
        if times[first] - times[begins[-1]] >= least_us <= times[-1] - times[first]:
            begins.append(first)
    found = []
    for first, until in pairwise([*begins, count]):
        scores = tuple(values[bisect_left(numbers, first) : bisect_left(numbers, until)])
        found.append(
            _Stretch(
                first=first,
                until=until,
                part=Part(crf=crf, score=sum(scores) / len(scores), weight=len(scores)),
                values=scores,
            )
        )
    return found


def _closed(film: _Film) -> list[int]:
    """Numbers of the keyframes behind which nothing is shown, or looks at, what is stored before them."""
    found = []
    latest: int | None = None
    for place, packet in enumerate(film.stored.packets):
        if packet.key and latest is not None and latest < packet.pts == film.shown[place].pts:
            found.append(place)
        latest = packet.pts if latest is None else max(latest, packet.pts)
    return found


def _make(bench: Workbench, wish: Json, film: _Film, stretch: _Stretch, crf: float, sets: int) -> int:
    """Encode `stretch` at `crf` and measure it; the CPU time of measuring."""
    template, every = wish["patch"], wish["every"]
    assert stretch.piece is not None
    count = stretch.until - stretch.first
    start_us = film.times_us[stretch.first]
    at = patching.span(
        start_us,
        film.times_us[stretch.until] if stretch.until < len(film.times_us) else None,
        origin_us=template["origin_us"],
        apart_us=template["apart_us"],
    )
    fixed = {
        "crf": f"{crf:g}",
        "file": stretch.piece,
        "timescale": str(film.stored.time_base.denominator),
        "frames": str(count),
        "sets": str(sets),
    }
    bench.ffmpeg(filled(template["encode"], at | fixed))
    piece = _looked_at(bench, stretch.piece)
    wanted = [time - start_us for time in film.times_us[stretch.first : stretch.until]]
    if not _fits(piece, film, wish["codec"]) or not _alike(piece.times_us, wanted):
        raise OutputInvalid("a part that was made again does not fit")
    stretch.checksums = tuple(packet.checksum for packet in piece.shown)
    link(bench, TRIAL, stretch.piece)
    compared = bench.trial(filled(template["compare"], at | fixed), lambda _progress: None)
    wished = len(measured(count, every))
    scores = read(bench, every=every).of(Metric.VMAF)[:wished]
    if len(scores) < wished:
        raise OutputInvalid("not every picture was compared")
    # VMAF of a first picture lacks the motion before it.
    stretch.values = scores[1:] if stretch.first and len(scores) > 1 else scores
    stretch.part = Part(crf=crf, score=sum(stretch.values) / len(stretch.values), weight=len(stretch.values))
    return compared.cpu_ms


def _put_in_place(
    bench: Workbench, wish: Json, film: _Film, stretches: Sequence[_Stretch], made: list[str]
) -> None:
    out, template = bench.scratch / "out", wish["patch"]
    timescale = film.stored.time_base.denominator
    ends = (*film.times_us[1:], film.times_us[-1] + template["apart_us"])
    pieces: list[tuple[str, int]] = []
    for first, until, piece in _runs(stretches):
        name = piece or f"kept{first}.mp4"
        pieces.append((name, ends[until - 1] - film.times_us[first]))
        if piece is None:
            made.append(name)
            behind = film.shown[until].pts if until < len(film.shown) else None
            bench.ffmpeg(
                patching.kept(wish["path"], film.shown[first].pts, behind, timescale=timescale, name=name)
            )
    if wish["codec"] == "h264":
        splice(bench, (_SCRIPT, json.dumps({"codec": "h264", "pieces": pieces})))
    else:
        (out / _SCRIPT).write_text(timed_script(pieces), "utf-8")
    bench.ffmpeg(
        patching.put_together(
            _SCRIPT,
            wish["path"],
            mux=tuple(template["mux"]),
            language=template["language"],
            hevc=wish["codec"] == "hevc",
            timescale=timescale,
            name=_DONE,
        )
    )
    result = _looked_at(bench, _DONE)
    if any(later.dts <= earlier.dts for earlier, later in pairwise(result.stored.packets)):
        raise OutputInvalid("decode times do not rise")
    if not _fits(result, film, wish["codec"]) or not _alike(result.times_us, film.times_us):
        raise OutputInvalid("the joined pictures are not shown as before")
    wanted = [one for s in stretches for one in s.checksums or _checksums(film, s)]
    if [packet.checksum for packet in result.shown] != wanted:
        raise OutputInvalid("a picture was changed when it was put in place")
    (out / _DONE).replace(out / wish["path"])


def _runs(stretches: Sequence[_Stretch]) -> list[tuple[int, int, str | None]]:
    """First picture, end and piece of what is joined: neighbours that are kept stay one."""
    found: list[tuple[int, int, str | None]] = []
    for s in stretches:
        if found and found[-1][2] is None and s.piece is None:
            found[-1] = (found[-1][0], s.until, None)
        else:
            found.append((s.first, s.until, s.piece))
    return found


def _checksums(film: _Film, stretch: _Stretch) -> list[str]:
    return [packet.checksum for packet in film.shown[stretch.first : stretch.until]]


def _fits(one: _Film, other: _Film, codec: str) -> bool:
    """True where one header serves both; that of H.264 names the settings of all its pieces."""
    return codec == "h264" or one.stored.settings == other.stored.settings


def _alike(one: Sequence[int], other: Sequence[int]) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= _APART_US for a, b in zip(one, other, strict=True))
