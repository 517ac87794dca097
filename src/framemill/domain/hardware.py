"""Which encoders and decoders of this machine's devices work, and which is wanted.

Finding out is tools.hardware's work; how they are asked is commands.accelerating's.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Maker = Literal["nvenc", "qsv", "videotoolbox", "amf", "vaapi"]
Wish = Literal["auto", "off", "nvenc", "qsv", "videotoolbox", "amf", "vaapi"]

# The order in which `auto` prefers them: a maker's own interface before the general one.
MAKERS: tuple[Maker, ...] = get_args(Maker)
NAMES: dict[Maker, str] = {
    "nvenc": "NVIDIA",
    "qsv": "Intel Quick Sync",
    "videotoolbox": "Apple VideoToolbox",
    "amf": "AMD AMF",
    "vaapi": "VAAPI",
}
# Codecs with the sample depths that profiles ask for.
FORMS: tuple[tuple[str, int], ...] = (("h264", 8), ("hevc", 8), ("hevc", 10), ("av1", 8), ("av1", 10))


def encoder_name(maker: Maker, codec: str) -> str | None:
    """ffmpeg's name of the encoder; None where there is no such thing."""
    if codec not in {"h264", "hevc", "av1"} or (maker == "videotoolbox" and codec == "av1"):
        return None
    return f"{codec}_{maker}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One encoder or decoder that was really run, and how that ended."""

    maker: Maker
    kind: Literal["encoder", "decoder"]
    name: str  # "hevc_nvenc"; for a decoder the codec and how it is reached: "hevc by cuda"
    codec: str
    bit_depth: int = 8
    reason: str | None = None  # why it does not work, in plain words; None: it works
    device: str | None = None  # the node that it was opened on, where one has to be named

    @property
    def works(self) -> bool:
        """True where what it made was whole."""
        return self.reason is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """Everything that was tried on this machine."""

    trials: tuple[Trial, ...] = ()
    devices: tuple[str, ...] = ()  # device nodes that are there

    def encoder(self, maker: Maker, codec: str, bit_depth: int) -> Trial | None:
        """What trying this encoder gave; None where this ffmpeg has none to try."""
        return next(
            (
                t
                for t in self.trials
                if (t.kind, t.maker, t.codec, t.bit_depth) == ("encoder", maker, codec, bit_depth)
            ),
            None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceleration:
    """What planning knows: what is wanted where a request says nothing, and what there is."""

    default: Wish = "off"
    found: Hardware = Hardware()
