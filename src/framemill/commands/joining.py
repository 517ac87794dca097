"""Joining pieces into one file: decoded, brought to one form and encoded; or by copy with the concat demuxer.

https://ffmpeg.org/ffmpeg-filters.html#concat and https://ffmpeg.org/ffmpeg-formats.html#concat
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from framemill.commands import crossfading, source
from framemill.commands.clipping import window, window_of_sound
from framemill.commands.crossfading import Voice
from framemill.domain.transitions import Transition
from framemill.domain.units import US, seconds

# Longer than any codec's delay, and whole in every time base.
_GAP_US = 2 * US


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One input's share of a joined file."""

    opened: tuple[str, ...]  # its input options
    picture: int  # stream
    filters: tuple[str, ...]
    sounds: tuple[int | None, ...]  # streams, one per track of the result; None is silence
    length_us: int  # of its picture, which its sound is cut or filled up to
    cut: bool = False  # it is a range of what is read
    skip_us: int = 0  # how much is read before it
    early_us: int = 0  # how much its beginning lies before its first frame
    sound_filters: tuple[str, ...] = ()  # last, when the sound is as long as the picture
    frames: int = 0  # of its picture, where a transition counts on it


def encoded(
    pieces: Sequence[Piece],
    voices: Sequence[Voice],
    *,
    picture: tuple[str, ...],
    also_opened: tuple[str, ...] = (),
    dissolve: Transition | None = None,
) -> tuple[str, ...]:
    """Inputs, graph, maps and encoder options; `picture` are the encoder's, `also_opened` a further input.

    With a `dissolve` the pieces overlap; else one follows the other.
    """
    outputs = [*("-map", "[v]"), *picture]
    for number, voice in enumerate(voices):
        outputs += ("-map", f"[a{number}]", *(arg.replace("{n}", str(number)) for arg in voice.part.args))
    return (
        *(arg for piece in pieces for arg in piece.opened),
        *also_opened,
        *("-filter_complex", _graph(pieces, voices, dissolve)),
        *outputs,
    )


def heard(pieces: Sequence[Piece], voices: Sequence[Voice]) -> tuple[str, ...]:
    """Graph, maps and encoder options of the pieces' sound alone, joined; nothing where there is none."""
    if not voices:
        return ()
    chains: list[str] = []
    for k, piece in enumerate(pieces):
        for n, (stream, voice) in enumerate(zip(piece.sounds, voices, strict=True)):
            chains.append(f"{_sound(k, stream, voice, piece)}[a{k}x{n}]")
    pads = "".join(f"[a{k}x{n}]" for k in range(len(pieces)) for n in range(len(voices)))
    made = "".join(f"[a{n}]" for n in range(len(voices)))
    chains.append(f"{pads}concat=n={len(pieces)}:v=0:a={len(voices)}{made}")
    outputs: list[str] = []
    for number, voice in enumerate(voices):
        outputs += ("-map", f"[a{number}]", *(arg.replace("{n}", str(number)) for arg in voice.part.args))
    return ("-filter_complex", ";".join(chains), *outputs)


def script(names: Sequence[str], lengths_us: Sequence[int] | None = None) -> str:
    """A script for the concat demuxer; the names are ours: plain letters and digits.

    `lengths_us` leaves a gap behind each file, which `closed` takes out again.
    """
    lengths = [f"duration {seconds(n + _GAP_US)}\n" for n in lengths_us or ()] or [""] * len(names)
    files = (f"file {name}\n{length}" for name, length in zip(names, lengths, strict=True))
    return "ffconcat version 1.0\n" + "".join(files)


def timed_script(pieces: Sequence[tuple[str, int]]) -> str:
    """A script for the concat demuxer: each file stands where those before it end, to the microsecond."""
    files = (f"file {name}\nduration {seconds(length)}\n" for name, length in pieces)
    return "ffconcat version 1.0\n" + "".join(files)


def closed(lengths_us: Sequence[int]) -> tuple[str, ...]:
    """Copying options for what `script` reads.

    Sound codecs begin a file with samples from before its start, which its edit
    list hides. Behind a join nothing hides them: they fall into the gap, and
    are left out there.
    """
    begins = [end + n * _GAP_US for n, end in enumerate(accumulate(lengths_us[:-1]), 1)]
    hidden = "+".join(rf"between(pts*tb\,{seconds(b - _GAP_US // 2)}\,{seconds(b - 1000)})" for b in begins)
    passed = "+".join(rf"gte(DTS*TB\,{seconds(b - _GAP_US // 2)})" for b in begins)
    back = f"({passed})*{seconds(_GAP_US)}/TB"
    shift = f"setts=pts=PTS-{back}:dts=DTS-{back}"
    return (
        *("-c", "copy", "-bsf:v", shift, "-bsf:a", f"noise=drop={hidden},{shift}"),
        # Sound from before the first file's start must not move its picture.
        "-copyts",
    )


def scripted(path: str, *, demuxer: str) -> tuple[str, ...]:
    """Open our own script `path`, which may name files of one kind beside it and no others."""
    guard = list(source.guard_args())
    # The files it names inherit the list of allowed demuxers.
    guard[guard.index("-format_whitelist") + 1] = f"concat,{demuxer}"
    return (*guard, "-f", "concat", "-safe", "1", "-i", f"file:{path}")


def _graph(pieces: Sequence[Piece], voices: Sequence[Voice], dissolve: Transition | None) -> str:
    chains: list[str] = []
    pads: list[str] = []
    for k, piece in enumerate(pieces):
        cut = piece.cut and window(piece.skip_us, piece.length_us, early_us=piece.early_us)
        shown = (*(cut or ()), *piece.filters)
        chains.append(f"[{k}:{piece.picture}]{','.join(shown) or 'null'}[v{k}]")
        pads.append(f"[v{k}]")
        for n, (stream, voice) in enumerate(zip(piece.sounds, voices, strict=True)):
            chains.append(f"{_sound(k, stream, voice, piece)}[a{k}x{n}]")
            pads.append(f"[a{k}x{n}]")
    if dissolve is not None:
        lengths = [piece.frames for piece in pieces]
        return ";".join((*chains, *crossfading.laid_over(dissolve, lengths, voices=voices)))
    made = "".join(f"[a{n}]" for n in range(len(voices)))
    chains.append(f"{''.join(pads)}concat=n={len(pieces)}:v=1:a={len(voices)}[v]{made}")
    return ";".join(chains)


def _sound(k: int, stream: int | None, voice: Voice, piece: Piece) -> str:
    length = seconds(piece.length_us)
    if stream is None:
        return ",".join((crossfading.silence(voice), f"atrim=end={length}", *piece.sound_filters))
    # Late starts and gaps are filled, then the track is made as long as the picture: joins stay in sync.
    cut = window_of_sound(piece.skip_us, piece.length_us) if piece.cut else ()
    filled = (
        "aresample=async=1:first_pts=0",
        crossfading.form(voice),
        f"apad=whole_dur={length}",
        f"atrim=end={length}",
    )
    return f"[{k}:{stream}]{','.join((*cut, *filled, *piece.sound_filters))}"
