"""Filters that change how the picture looks or moves, not its size."""

from fractions import Fraction
from typing import Literal

from framemill.commands import escape
from framemill.commands.filtering.geometry import drawn
from framemill.domain.capabilities import Capabilities
from framemill.domain.units import seconds
from framemill.errors import NotSupported

Strength = Literal["light", "medium", "strong"]

# hqdn3d's own defaults are the middle; its four numbers keep their proportions.
_HQDN3D = {"light": "2:1.5:3:2.25", "medium": "4:3:6:4.5", "strong": "8:6:12:9"}
_NLMEANS = {"light": 1.5, "medium": 3.0, "strong": 6.0}
_UNSHARP = {"light": 0.5, "medium": 1.0, "strong": 1.8}
_CAS = {"light": 0.2, "medium": 0.5, "strong": 0.9}


def steady_rate(rate: Fraction) -> tuple[str, ...]:
    """Exactly so many frames a second: some are shown twice, or left out."""
    return (f"fps={rate.numerator}/{rate.denominator}",)


def fields_joined(capabilities: Capabilities, *, each_field: bool, only_marked: bool) -> tuple[str, ...]:
    """Fields made into frames, one a frame or one a field."""
    name = "bwdif" if capabilities.has_filter("bwdif") else "yadif"
    mode = "send_field" if each_field else "send_frame"
    return (f"{name}=mode={mode}:parity=auto:deint={'interlaced' if only_marked else 'all'}",)


def denoised(method: Literal["hqdn3d", "nlmeans"], strength: Strength) -> tuple[str, ...]:
    """Less noise: hqdn3d is quick, nlmeans slow and keeps more detail."""
    if method == "hqdn3d":
        return (f"hqdn3d={_HQDN3D[strength]}",)
    # A search window of 9 instead of 15: a third of the work.
    return (f"nlmeans=s={_NLMEANS[strength]}:p=7:r=9",)


def sharpened(method: Literal["unsharp", "cas"], strength: Strength) -> tuple[str, ...]:
    """Crisper edges: of brightness only (unsharp), or adapted to contrast (cas)."""
    if method == "unsharp":
        return (f"unsharp=luma_msize_x=5:luma_msize_y=5:luma_amount={_UNSHARP[strength]}",)
    return (f"cas=strength={_CAS[strength]}",)


def coloured(*, brightness: float, contrast: float, saturation: float, gamma: float) -> tuple[str, ...]:
    """The four controls as one table of values, at any bit depth (the eq filter knows 8 bits only)."""
    # From 0 (black) to 1 (white); 0.5 rounds where the table cuts off.
    level = "clip((val-minval)/(maxval-minval),0,1)"
    bent = f"pow({level},{1 / gamma:.6f})" if gamma != 1 else level
    light = f"clip(({bent}-0.5)*{contrast:.6f}+{0.5 + brightness:.6f},0,1)*(maxval-minval)+minval+0.5"
    middle = "(maxval+minval)/2"
    tint = f"clip((val-{middle})*{saturation:.6f}+{middle},minval,maxval)+0.5"
    parts = [
        *([("y", light)] if (brightness, contrast, gamma) != (0, 1, 1) else []),
        *([("u", tint), ("v", tint)] if saturation != 1 else []),
    ]
    if not parts:
        return ()
    return ("lutyuv=" + ":".join(f"{key}={escape.filter_option(value)}" for key, value in parts),)


def faded(direction: Literal["in", "out"], *, start_us: int, length_us: int, colour: str) -> tuple[str, ...]:
    """From or to a colour."""
    return (f"fade=t={direction}:st={seconds(start_us)}:d={seconds(length_us)}:color={drawn(colour)}",)


def shake_read(log: str, *, shakiness: int) -> tuple[str, ...]:
    """How the camera moved, written to the file `log`, whose name is a generated one."""
    name = escape.filter_option(log)
    return (f"vidstabdetect=result={name}:shakiness={shakiness}:accuracy=15",)


def shake_removed(log: str, *, smoothing: int, zoomed: bool) -> tuple[str, ...]:
    """The picture moved against what `log` says; `zoomed` as far as hides its moving edges."""
    name = escape.filter_option(log)
    border = "optzoom=1:crop=black" if zoomed else "optzoom=0:crop=keep"
    return (f"vidstabtransform=input={name}:smoothing={smoothing}:{border}:interpol=bicubic",)


def shake_lessened(capabilities: Capabilities) -> tuple[str, ...]:
    """In one pass; NotSupported where ffmpeg has no such filter."""
    if not capabilities.has_filter("deshake"):
        raise NotSupported(
            "this ffmpeg can stabilise nothing: it has neither vidstabdetect nor deshake",
            hint="use the bundled ffmpeg",
        )
    return ("deshake=edge=mirror",)
