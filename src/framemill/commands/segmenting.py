"""Cutting into numbered files with ffmpeg's segment muxer: https://ffmpeg.org/ffmpeg-formats.html#segment

It begins a new file at the first keyframe from each time on. Which times, is
domain.cuts'.
"""

from collections.abc import Sequence
from fractions import Fraction

from framemill.domain.containers import Container
from framemill.domain.cuts import EARLY_US
from framemill.domain.profiles import Profile
from framemill.domain.units import US, seconds

# Without times the muxer would cut every two seconds.
_NEVER = "999999999"
# Encoders that keep two frames back for B-frames, whose keyframes are so decoded two frames early.
_REORDERED = {"h264": 2, "hevc": 2}


def into_parts(
    container: Container,
    times_us: Sequence[int],
    *,
    listing: str,
    reorder_us: int,
    finished: bool,
    first_us: int = 0,
) -> tuple[str, ...]:
    """Muxer options that cut at `times_us` and list the real boundaries in `out/<listing>`.

    The picture must be the first stream. `reorder_us` is how much earlier its
    keyframes are decoded than shown; `finished` asks for what people's files
    want, such as the index first. Times count from the file's start, at which
    the picture may be late by `first_us`.
    """
    options = container.options if finished else ()
    pairs = [
        f"{name.removeprefix('-')}={value}" for name, value in zip(options[::2], options[1::2], strict=True)
    ]
    # The muxer counts from the first keyframe it gets (measured on 8.1 and 9.0), not from zero.
    times = ",".join(seconds(t - first_us - EARLY_US) for t in times_us)
    return (
        *("-f", "segment", "-segment_format", container.muxer),
        *(("-segment_format_options", ":".join(pairs)) if pairs else ()),
        *(("-segment_times", times) if times else ("-segment_time", _NEVER)),
        *("-reference_stream", "0"),
        *("-reset_timestamps", "1", "-segment_start_number", "1"),
        # Otherwise B-frames' early decode times shift everything, the reported boundaries as well.
        *("-avoid_negative_ts", "disabled"),
        # Packets are written in decode order: sound that is heard before a keyframe is shown would follow it
        # into the next part, where an edit list hides it. Written this much earlier, it stays in its own.
        *(("-audio_preload", str(reorder_us)) if reorder_us else ()),
        *("-segment_list", f"file:out/{listing}", "-segment_list_type", "csv"),
    )


def without_hidden(number: int) -> tuple[str, ...]:
    """Leaves pictures before time zero, which an edit list hides, out of the output's `number`th video."""
    return (f"-bsf:v:{number}", r"noise=drop=lt(pts*tb\,-0.0005)")


def exact(codec: str, times_us: Sequence[int]) -> tuple[str, ...]:
    """Encoder options that put a keyframe at the first frame from each of `times_us` on."""
    if not times_us:
        return ()
    return (
        *("-force_key_frames", ",".join(seconds(t - EARLY_US) for t in times_us)),
        # Without it x265 forces I-frames that frames after them may look behind.
        *(("-forced-idr", "1") if codec in {"h264", "hevc"} else ()),
    )


def unordered() -> tuple[str, ...]:
    """Encoder options without B-frames: for a variable rate they are decoded early by an unknown time."""
    return ("-bf", "0")


def fine_clock(rate: Fraction) -> tuple[str, ...]:
    """Encoder option for a time base fine enough for frames of `rate` that do not start at zero."""
    return ("-enc_time_base:v:0", f"1/{rate.numerator * max(1, -(-90_000 // rate.numerator))}")


def encoder_reorder_us(profile: Profile, rate: Fraction) -> int:
    """How much earlier our encoders' keyframes are decoded than shown."""
    frames = (
        0 if profile.preset == "ultrafast" and profile.codec == "h264" else _REORDERED.get(profile.codec, 0)
    )
    return -(-frames * US * rate.denominator // rate.numerator)
