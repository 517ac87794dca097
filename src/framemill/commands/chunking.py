"""Commands of an encode in chunks: one range of a source, encoded on its frames' own times, and the joining.

Frames keep the times that they have without chunks: nothing is counted, and
joining adds nothing up. Where the borders are is domain.chunks'.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from framemill.commands import picture, source
from framemill.commands.joining import scripted
from framemill.commands.video import forced_every_us, forced_within
from framemill.domain.chunks import Chunk
from framemill.domain.cuts import EARLY_US
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.units import US, format_rate, parse_rate, seconds
from framemill.domain.work import VideoPart

# Whose argument list holds further options of the encoder itself.
PARAMS = {"libx264": "-x264-params", "libx265": "-x265-params"}
# One frame for one frame, each by itself.
_ALONE = frozenset(
    {"crop", "format", "hue", "null", "pad", "scale", "setparams", "setsar", "sidedata", "tonemap", "zscale"}
)
# These look at neighbours: they are shown some from beyond the border, which are then cut off.
_LOOKS_AROUND = frozenset({"bwdif", "fps", "yadif"})
_AROUND_US = US // 2
# How full encoders may take the buffer to be where a chunk begins: room for its first picture, the rest is
# for bursts. With less than its own default, x265 makes the first picture coarse even where there is room
# (4 levels off at crf 8).
_BUFFERED = {"libx264": Fraction(1, 4), "libx265": Fraction(9, 10)}
# ffmpeg seeks 3/23 s earlier where pictures are reordered, except in containers that seek by the time shown.
# https://ffmpeg.org/doxygen/trunk/ffmpeg__demux_8c_source.html
_SEEKS_EARLIER_US = 3 * US // 23 + 1
_LATER_US = 2 * US


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The ticks on which an encoder counts frames."""

    per_second: int  # of the files that hold them: every tick of the encoder is whole there
    early_us: int  # so much before a border the encoder takes a frame for one at the border

    @classmethod
    def of(cls, part: VideoPart, stream: VideoStream) -> "Clock":
        """What `part` is encoded on."""
        rates = [word.removeprefix("fps=") for word in part.filters if word.startswith("fps=")]
        if "-enc_time_base" in part.args:
            return cls(per_second=_fine(stream.time_base.denominator), early_us=EARLY_US)
        rate = Fraction(rates[-1]) if rates else stream.frame_rate
        # Each frame goes to the nearest tick, so a little under half of one is early enough.
        return cls(per_second=_fine(rate.numerator), early_us=int(US / rate * 49 / 100))


def divisible(part: VideoPart) -> str | None:
    """Why `part` cannot be encoded in chunks, None where it can."""
    encoder = part.args[part.args.index("-c:v") + 1] if "-c:v" in part.args else ""
    first = picture.SHOW_FIRST_FROM_ZERO[0]
    others = [
        _name(word) for word in part.filters if _name(word) not in _ALONE | _LOOKS_AROUND and word != first
    ]
    if part.hardware is not None:
        return "it is encoded on a device"
    if encoder not in PARAMS:
        return f"{encoder or 'the encoder'} uses all cores by itself"
    if "-b:v" in part.args or "-pass" in part.args:
        return "its bit rate is an average over the whole"
    if first not in part.filters:
        return "its first frame may be late"
    if others:
        return f"the filter {others[0]} may look at more than one frame"
    if "-force_key_frames" in part.args and forced_every_us(part.args) is None:
        return "its keyframes are at times of their own"
    return None


def opened(
    media: MediaInfo, stream: VideoStream, chunk: Chunk, keyframes: Sequence[int], *, around: bool
) -> tuple[str, ...]:
    """The source from a keyframe at or before the chunk on, each frame at its time from the file's start."""
    ahead = _AROUND_US if around else 0
    start = 0 if chunk.first else _entered(media, stream, chunk.start_us + EARLY_US - ahead, keyframes)
    return source.read(
        "source",
        demuxer=media.container,
        # Reading ends with what is cut out of it. ffmpeg's own limit would count from where the seek lands.
        start_us=start,
        # One thread a chunk: others work beside it.
        before=("-copyts", "-start_at_zero", "-noaccurate_seek", "-threads", "1"),
    )


def _entered(media: MediaInfo, stream: VideoStream, at_us: int, keyframes: Sequence[int]) -> int:
    """Where to seek to so that decoding begins at the last keyframe shown by `at_us`; 0 is the start.

    Containers look for the last one decoded by the time that is sought, which
    may be shown later.
    """
    place = bisect_right(keyframes, at_us)
    while place:
        key = keyframes[place - 1] + EARLY_US
        behind = keyframes[place] - stream.reorder_us if place < len(keyframes) else None
        if behind is None or behind > key:
            later = key if media.container == "mov" else key + _SEEKS_EARLIER_US
            return later if behind is None or behind > later else key
        place -= 1
    return 0


def _seen(part: VideoPart, chunk: Chunk, clock: Clock, at_us: int) -> VideoPart:
    """The first frame from `at_us` on, as `part` gets it, by time and checksum."""
    rough, head, _ = _cut(part, chunk)
    return VideoPart(
        stream=part.stream,
        filters=(*rough, *head, f"trim=start={seconds(max(0, at_us - clock.early_us))}"),
        args=("-frames:v", "1", "-enc_time_base", "demux", "-fps_mode", "passthrough"),
    )


def witnesses(part: VideoPart, chunk: Chunk, clock: Clock) -> tuple[VideoPart | None, VideoPart | None]:
    """What chunk and neighbours must see alike: its first frame, and the first one behind it.

    A seek that lands late loses frames, and one that lands where decoding
    cannot begin spoils them. The chunk in front decodes on to the same frame.
    """
    first = None if chunk.first else _seen(part, chunk, clock, chunk.start_us)
    behind = None if chunk.end_us is None else _seen(part, chunk, clock, chunk.end_us)
    return first, behind


def looks_around(part: VideoPart) -> bool:
    """True where a filter needs frames from beyond the chunk."""
    return any(_name(word) in _LOOKS_AROUND for word in part.filters)


def cut_out(part: VideoPart, chunk: Chunk, clock: Clock, *, shortest_us: int) -> VideoPart:
    """The part for the frames of one chunk; no chunk but the last is shorter than `shortest_us`."""
    rough, head, tail = _cut(part, chunk)
    exact = _between(chunk, early_us=clock.early_us, late_us=-clock.early_us)
    return replace(part, filters=(*rough, *head, *exact, *tail), args=_encoder(part.args, chunk, shortest_us))


def held(clock: Clock) -> tuple[str, ...]:
    """Muxer options of a chunk's file, in which frames keep their times to the tick."""
    return (
        # Where a file's first frame is late, an edit list says so in these ticks; by default in milliseconds.
        *("-movie_timescale", str(clock.per_second)),
        *("-avoid_negative_ts", "disabled"),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        *("-f", "mp4"),
    )


def script(names: Sequence[str], chunks: Sequence[Chunk]) -> str:
    """A script for the concat demuxer that leaves every frame of the chunks at its own time.

    What it adds to a file's times is where the file is to stand, less where it
    is entered: here the same.
    """
    lines = ["ffconcat version 1.0"]
    for name, chunk in zip(names, chunks, strict=True):
        lines += [
            f"file {name}",
            f"inpoint {seconds(chunk.start_us)}",
            f"duration {seconds(chunk.length_us)}",
        ]
    return "\n".join(lines) + "\n"


def joined(listing: str) -> tuple[str, ...]:
    """Open the chunks that the script `in/<listing>` names as one."""
    return scripted(f"in/{listing}", demuxer="mov")


def copied(number: int, args: tuple[str, ...]) -> tuple[str, ...]:
    """The picture of input `number`, which was encoded with `args`, by copy."""
    tags = [("-tag:v:0", args[n + 1]) for n, word in enumerate(args) if word.startswith("-tag:v")]
    return (
        *("-map", f"{number}:v:0", "-c:v:0", "copy"),
        *(word for tag in tags for word in tag),
        # At a variable rate encoders guess from the first frames how early to decode, and a chunk may so
        # begin before the one in front ends. Later by a tick is early enough.
        *("-bsf:v:0", r"setts=pts=PTS:dts=max(DTS\,PREV_OUTDTS+1)"),
    )


def _name(word: str) -> str:
    return word.partition("=")[0]


def _fine(number: int) -> int:
    """As the MP4 muxer does: at least 10,000 ticks a second."""
    while number < 10_000:
        number *= 2
    return number


def _cut(part: VideoPart, chunk: Chunk) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What is read beside the chunk, the filters that need it, and those that need the chunk alone."""
    last = max((n for n, word in enumerate(part.filters) if _name(word) in _LOOKS_AROUND), default=-1)
    left_out = () if chunk.first else picture.SHOW_FIRST_FROM_ZERO
    head = tuple(word for word in part.filters[: last + 1] if word not in left_out)
    tail = tuple(word for word in part.filters[last + 1 :] if word not in left_out)
    rough = _between(chunk, early_us=_AROUND_US, late_us=_AROUND_US) if head else ()
    return rough, head, tail


def _between(chunk: Chunk, *, early_us: int, late_us: int) -> tuple[str, ...]:
    start = [] if chunk.first else [f"start={seconds(max(0, chunk.start_us - early_us))}"]
    end = [] if chunk.end_us is None else [f"end={seconds(chunk.end_us + late_us)}"]
    return (f"trim={':'.join((*start, *end))}",) if start or end else ()


def _encoder(args: tuple[str, ...], chunk: Chunk, shortest_us: int) -> tuple[str, ...]:
    # The last picture may be shown a little later than the length that was read.
    args = forced_within(args, chunk.start_us, chunk.end_us or chunk.start_us + chunk.length_us + _LATER_US)
    encoder = args[args.index("-c:v") + 1]
    more = ["pools=1", "frame-threads=1"] if encoder == "libx265" else []
    if "-maxrate" in args:
        # The same for all: parameter sets name a level, which depends on the cap.
        args = _capped(args, shortest_us, begun=_BUFFERED[encoder])
        more.append(f"vbv-init={float(_BUFFERED[encoder])}")
    return (*_with_params(args, PARAMS[encoder], more), "-threads", "1")


def _capped(args: tuple[str, ...], length_us: int, *, begun: Fraction) -> tuple[str, ...]:
    """A cap under which chunks hold the wanted one together.

    A buffer of B bits that fills at R must never run empty. Each chunk begins
    with a buffer of its own, filled to the share x (`begun`), and nothing says that the one
    before left so much. With a buffer b and a rate r for each chunk of length L,
    a whole chunk has at most r L + x b bits, the end of one r t + b, the
    beginning of one r t + x b. So b = B / (1 + x) and r = R - x b / L are enough.
    """
    rate, buffer = (parse_rate(args[args.index(flag) + 1]) for flag in ("-maxrate", "-bufsize"))
    own = buffer / (1 + begun)
    wanted = {"-maxrate": rate - begun * own * US / length_us, "-bufsize": own}
    return tuple(
        format_rate(round(wanted[before])) if before in wanted else word
        for before, word in zip(("", *args), args, strict=False)
    )


def _with_params(args: tuple[str, ...], flag: str, more: Sequence[str]) -> tuple[str, ...]:
    if not more:
        return args
    if flag not in args:
        return (*args, flag, ":".join(more))
    at = args.index(flag) + 1
    return (*args[:at], ":".join((args[at], *more)), *args[at + 1 :])
