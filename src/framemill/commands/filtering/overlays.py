"""Filters that lay something over the picture: a blurred part, another picture, text."""

from collections.abc import Sequence

from framemill.commands import escape
from framemill.commands.filtering.geometry import drawn
from framemill.domain.cropping import Box
from framemill.domain.units import US, seconds

# drawtext puts lines of text under each other by this option since 6.1.
_ALIGNED = {"left": "L", "centre": "C", "right": "R"}


def shown_between(start_us: int | None, end_us: int | None) -> str:
    """The option that limits a filter to a time: `:enable=...`, nothing without limits."""
    if start_us is None and end_us is None:
        return ""
    # Half a millisecond early: frame times are rounded. The end belongs to what follows.
    early = seconds(max(0, (start_us or 0) - US // 2000))
    limits = [f"gte(t,{early})", *([f"lt(t,{seconds(end_us - US // 2000)})"] if end_us is not None else [])]
    return f":enable={escape.filter_option('*'.join(limits))}"


def blurred(box: Box, *, sigma: float, bits: int, label: str, when: str) -> tuple[str, ...]:
    """One part of the picture blurred. `label` makes the names inside the graph unique."""
    return (
        (
            f"split[{label}a][{label}b];"
            f"[{label}b]crop=w={box.width}:h={box.height}:x={box.x}:y={box.y},gblur=sigma={sigma:.2f}:steps=3"
            f"[{label}c];"
            f"[{label}a][{label}c]overlay=x={box.x}:y={box.y}:format={_held(bits)}{when}"
        ),
    )


def watermarked(
    number: int, box: Box, *, opacity: float, level: float, matrix: str, bits: int, label: str, when: str
) -> tuple[str, ...]:
    """The `number`th input's first picture, scaled, dimmed to `level`, in the video's matrix, laid over."""
    mixed = f"colorchannelmixer=rr={level:.4f}:gg={level:.4f}:bb={level:.4f}:aa={opacity:.4f}"
    return (
        (
            f"null[{label}a];"
            f"[{number}:v:0]trim=end_frame=1,format=rgba,"
            f"scale=w={box.width}:h={box.height}:flags=bicubic,{mixed},"
            f"scale=out_color_matrix={matrix}:out_range=limited,format=yuva420p[{label}b];"
            f"[{label}a][{label}b]overlay=x={box.x}:y={box.y}:format={_held(bits)}:eof_action=repeat{when}"
        ),
    )


def written(
    *,
    text_file: str,
    font_file: str,
    size: int,
    colour: str,
    box: str | None,
    border: int,
    across: str,
    down: str,
    align: str | None,
    when: str,
) -> tuple[str, ...]:
    """The text of a file of ours, letter by letter as it is. `across` and `down` say where its corner is."""
    options: Sequence[str] = (
        f"textfile={escape.filter_option(text_file)}",
        # Without this, %{...} in a text would be run.
        "expansion=none",
        f"fontfile={escape.filter_option(font_file)}",
        f"fontsize={size}",
        f"fontcolor={drawn(colour)}",
        f"x={escape.filter_option(across)}",
        f"y={escape.filter_option(down)}",
        *((f"box=1:boxcolor={drawn(box)}:boxborderw={border}",) if box else ()),
        *((f"text_align={_ALIGNED[align]}",) if align else ()),
    )
    return (f"drawtext={':'.join(options)}{when}",)


def _held(bits: int) -> str:
    return "yuv420p10" if bits > 8 else "yuv420"
