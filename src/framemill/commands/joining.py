"""Joining pieces into one file: decoded, brought to one form and encoded; or by copy with the concat demuxer.

https://ffmpeg.org/ffmpeg-filters.html#concat and https://ffmpeg.org/ffmpeg-formats.html#concat
"""

from collections.abc import Sequence
from dataclasses import dataclass

from framemill.commands import source
from framemill.commands.clipping import skipped, skipped_sound
from framemill.domain.units import seconds
from framemill.domain.work import AudioPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One input's share of a joined file."""

    opened: tuple[str, ...]  # its input options
    picture: int  # stream
    filters: tuple[str, ...]
    sounds: tuple[int | None, ...]  # streams, one per track of the result; None is silence
    length_us: int  # of its picture, which its sound is cut or filled up to
    skip_us: int = 0  # how much is read before it
    early_us: int = 0  # how much its beginning lies before its first frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The form that every piece of one sound track must have."""

    part: AudioPart  # how the track is encoded
    sample_rate: int
    layout: str


def encoded(
    pieces: Sequence[Piece],
    voices: Sequence[Voice],
    *,
    picture: tuple[str, ...],
    also_opened: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Inputs, graph, maps and encoder options; `picture` are the encoder's, `also_opened` a further input."""
    outputs = [*("-map", "[v]"), *picture]
    for number, voice in enumerate(voices):
        outputs += ("-map", f"[a{number}]", *(arg.replace("{n}", str(number)) for arg in voice.part.args))
    return (
        *(arg for piece in pieces for arg in piece.opened),
        *also_opened,
        *("-filter_complex", _graph(pieces, voices)),
        *outputs,
    )


def script(names: Sequence[str]) -> str:
    """A script for the concat demuxer; the names are ours, plain letters and digits."""
    # From the start on: what an audio codec puts before it would overlap the end of the file before.
    return "ffconcat version 1.0\n" + "".join(f"file {name}\ninpoint 0\n" for name in names)


def scripted(path: str, *, demuxer: str) -> tuple[str, ...]:
    """Open our own script `path`, which may name files of one kind beside it and no others."""
    guard = list(source.guard_args())
    # The files it names inherit the list of allowed demuxers.
    guard[guard.index("-format_whitelist") + 1] = f"concat,{demuxer}"
    return (*guard, "-f", "concat", "-safe", "1", "-i", f"file:{path}")


def _graph(pieces: Sequence[Piece], voices: Sequence[Voice]) -> str:
    chains: list[str] = []
    pads: list[str] = []
    for k, piece in enumerate(pieces):
        shown = (*skipped(piece.skip_us, early_us=piece.early_us), *piece.filters)
        chains.append(f"[{k}:{piece.picture}]{','.join(shown) or 'null'}[v{k}]")
        pads.append(f"[v{k}]")
        for n, (stream, voice) in enumerate(zip(piece.sounds, voices, strict=True)):
            chains.append(f"{_sound(k, stream, voice, piece)}[a{k}x{n}]")
            pads.append(f"[a{k}x{n}]")
    made = "".join(f"[a{n}]" for n in range(len(voices)))
    chains.append(f"{''.join(pads)}concat=n={len(pieces)}:v=1:a={len(voices)}[v]{made}")
    return ";".join(chains)


def _sound(k: int, stream: int | None, voice: Voice, piece: Piece) -> str:
    length = seconds(piece.length_us)
    form = f"aformat=sample_fmts=fltp:sample_rates={voice.sample_rate}:channel_layouts={voice.layout}"
    if stream is None:
        return f"anullsrc=r={voice.sample_rate}:cl={voice.layout},{form},atrim=end={length}"
    # Late starts and gaps are filled, then the track is made as long as the picture: joins stay in sync.
    filled = ("aresample=async=1:first_pts=0", form, f"apad=whole_dur={length}", f"atrim=end={length}")
    return f"[{k}:{stream}]{','.join((*skipped_sound(piece.skip_us), *filled))}"
