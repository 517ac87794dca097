"""Brings sound tracks to a loudness: measures, encodes, measures again, corrects what is off."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from framemill.commands import loudness
from framemill.commands.loudness import Loudness, Target
from framemill.engine.workbench import Workbench
from framemill.errors import OutputInvalid

# R128 allows half a unit for programmes of which the loudness can be known.
_OFF = 0.5
# Peaks move when sound is encoded with losses.
_OVER = 0.5
# What one more attempt is worth; not every track comes nearer.
_NEAR = 0.3
# Nearer than this is there already; measurements have one decimal.
_THERE = 0.1
_ATTEMPTS = 5

Json = dict[str, Any]  # Any: what the plan wrote


@dataclass(slots=True, kw_only=True)
class _Track:
    """One sound track on its way."""

    wish: Json  # stream, label, sample_rate, short, copied, encoded, filters
    before: Loudness
    chain: tuple[str, ...] = ()  # nothing: copied, or encoded as it is
    how: str = "untouched"
    correction: float = 0.0
    ceiling: float = 0.0
    after: Loudness | None = None
    limited: bool = False

    def args(self, number: int) -> list[str]:
        """Options that make this the output's `number`th track."""
        copied = not self.chain and self.wish["copied"]
        return [arg.replace("{n}", str(number)) for arg in self.wish["copied" if copied else "encoded"]]


@dataclass(slots=True, kw_only=True)
class _Work:
    bench: Workbench
    wish: Json
    target: Target
    tracks: list[_Track] = field(default_factory=list)


def normalize(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`normalize_loudness WISH`: make `out/<output>` with every track at the target loudness.

    WISH is JSON: `target`; `demuxer` of the source; `output`, its `read_as` and
    `first` (index of its first sound); `head` and `tail` of the command that
    makes it; `tracks`; `report` (a file below out/, or null). Raises
    OutputInvalid where a track cannot be brought there.
    """
    wish = json.loads(argv[0])
    work = _Work(bench=bench, wish=wish, target=Target(**wish["target"]))
    for number, track in enumerate(wish["tracks"]):
        before = _measure(bench, "in/source", wish["demuxer"], track["stream"])
        work.tracks.append(_begun(track, before, work.target))
        bench.report(0.3 * (number + 1) / len(wish["tracks"]))
    for attempt in range(_ATTEMPTS):
        _encode(work)
        bench.report(0.6 + 0.08 * attempt)
        if not _corrected(work):
            break
    else:
        _refuse(work)
    _tell(work)


def _begun(wish: Json, before: Loudness, target: Target) -> _Track:
    track = _Track(wish=wish, before=before, ceiling=target.peak)
    if not before.heard:
        return track
    gain = loudness.linear(before, target)
    if gain is not None and abs(gain) < _THERE:
        return track
    if gain is not None:
        track.chain, track.how = loudness.levelled(gain), f"one gain of {gain:+.1f} dB"
    elif wish["short"] or loudness.only_peaks(before, target):
        # What is shorter than loudnorm looks ahead it cannot follow.
        track.correction, track.limited = target.integrated - before.integrated, True
        track.how = "a gain and a limiter"
        track.chain = _limited(track)
    else:
        track.chain = loudness.dynamic(before, target)
        track.how = "gain that follows the sound"
    return track


def _limited(track: _Track) -> tuple[str, ...]:
    return loudness.limited(track.correction, track.ceiling, sample_rate=track.wish["sample_rate"])


def _encode(work: _Work) -> None:
    sounds: list[str] = []
    for number, track in enumerate(work.tracks):
        args = track.args(number)
        filters = (*track.wish["filters"], *track.chain)
        sounds += ("-map", f"0:{track.wish['stream']}")
        if "copy" not in args:
            sounds += (f"-filter:a:{number}", ",".join(filters))
        sounds += args
    work.bench.ffmpeg((*work.wish["head"], *sounds, *work.wish["tail"]))


def _corrected(work: _Work) -> bool:
    """Measure what was made; True where something was off and is to be made again."""
    again = False
    for number, track in enumerate(work.tracks):
        if not track.chain:
            track.after = track.before
            continue
        found = _measure(
            work.bench, f"out/{work.wish['output']}", work.wish["read_as"], work.wish["first"] + number
        )
        track.after = found
        off = work.target.integrated - found.integrated
        over = found.peak - work.target.peak
        if abs(off) <= _NEAR and over <= _OVER:
            continue
        again = True
        _correct(track, off, over)
    return again


def _correct(track: _Track, off: float, over: float) -> None:
    # What is there stays; a second gain with a limiter comes behind it.
    base = track.chain[: -len(_limited(track))] if track.limited else track.chain
    track.correction += off
    track.ceiling -= max(0.0, over)
    if not track.limited:
        track.how += ", corrected with a limiter"
    track.limited = True
    track.chain = (*base, *_limited(track))


def _refuse(work: _Work) -> None:
    for track in work.tracks:
        assert track.after is not None
        off = work.target.integrated - track.after.integrated
        if track.chain and abs(off) > _OFF:
            raise OutputInvalid(
                f"{track.wish['label']} was {track.before} and came to {track.after}, "
                f"not to {work.target.integrated:g} LUFS",
                hint="its peaks do not allow it: allow a higher true_peak, or ask for a lower target",
            )


def _tell(work: _Work) -> None:
    rows = []
    for track in work.tracks:
        label = f"{work.wish['name']}: {track.wish['label']}"
        assert track.after is not None
        if not track.before.heard:
            work.bench.say(f"{label} is silent or too short to have a loudness: left as it is", True)
        elif not track.chain:
            work.bench.say(f"{label} is there already: {track.before}", False)
        else:
            over = track.after.peak > work.target.peak + _OVER
            peaks = f"; its peaks stay above {work.target.peak:g} dBTP" if over else ""
            work.bench.say(f"{label} was {track.before}; is {track.after} ({track.how}){peaks}", over)
        heard = track.before.heard
        rows.append(
            {
                "stream": track.wish["stream"],
                "before": asdict(track.before) if heard else None,
                "after": asdict(track.after) if heard else None,
                "how": track.how,
            }
        )
    if work.wish["report"]:
        data = {"target": asdict(work.target), "tracks": rows}
        text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
        (work.bench.scratch / "out" / work.wish["report"]).write_text(text, encoding="utf-8")


def _measure(bench: Workbench, name: str, demuxer: str, stream: int) -> Loudness:
    done = bench.ffmpeg(loudness.measure(name, demuxer=demuxer, stream=stream))
    found = loudness.measured(done.tail)
    if found is None:
        raise OutputInvalid(f"the loudness of stream {stream} could not be measured")
    return found
