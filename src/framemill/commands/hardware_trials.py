"""Trying a hardware encoder or decoder for half a second, and what it means where that fails."""

import re
import signal
from collections.abc import Sequence

from framemill.commands.accelerating import handed_over, opened
from framemill.commands.failures import scrubbed
from framemill.domain.hardware import Maker, Trial

FRAMES = 15
# Larger than the least that any encoder takes (AV1 on NVIDIA: 192x128).
_PATTERN = f"testsrc2=size=640x360:rate=30:duration={FRAMES / 30}"
# How ffmpeg reaches each maker's decoders.
METHODS: dict[Maker, str] = {"nvenc": "cuda", "qsv": "qsv", "videotoolbox": "videotoolbox", "vaapi": "vaapi"}
# Codecs to decode, with an encoder that makes a clip of each and what makes that quick.
CLIPS: dict[str, tuple[str, ...]] = {
    "h264": ("libx264", "-preset", "ultrafast"),
    "hevc": ("libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"),
    "av1": ("libsvtav1", "-preset", "12"),
    "vp9": ("libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"),
}


def encode_args(trial: Trial, output: str) -> tuple[str, ...]:
    """Half a second of a test picture through the encoder of `trial`, written to `output`."""
    return (
        *("-v", "verbose", "-y"),
        *opened(trial),
        *("-f", "lavfi", "-i", _PATTERN),
        *("-vf", ",".join(handed_over(trial.maker, trial.bit_depth))),
        *("-c:v", trial.name, "-b:v", "1M"),
        *("-f", "matroska", output),
    )


def clip_args(codec: str, output: str) -> tuple[str, ...]:
    """A clip of `codec`, made in software."""
    encoder, *speed = CLIPS[codec]
    return (
        *("-v", "error", "-y", "-f", "lavfi", "-i", _PATTERN, "-pix_fmt", "yuv420p"),
        *("-c:v", encoder, *speed, "-f", "matroska", output),
    )


def decode_args(trial: Trial, clip: str) -> tuple[str, ...]:
    """Decode `clip` on the device of `trial`; an ordinary decoder that steps in fails at the last filter."""
    method = METHODS[trial.maker]
    own = f"{trial.codec}_qsv" if trial.maker == "qsv" else trial.codec
    return (
        *("-v", "verbose"),
        *("-hwaccel", method, "-hwaccel_output_format", method),
        *(("-hwaccel_device", trial.device) if trial.device else ()),
        *("-c:v", own, "-f", "matroska", "-i", clip),
        *("-vf", "hwdownload,format=nv12", "-fps_mode", "passthrough", "-f", "null", "-"),
    )


def count_args(clip: str) -> tuple[str, ...]:
    """Decode `clip` in software, to see how many pictures it holds."""
    return ("-v", "error", "-f", "matroska", "-i", clip, "-fps_mode", "passthrough", "-f", "null", "-")


_MEANINGS: tuple[tuple[str, str], ...] = (
    (r"Cannot load (libcuda\S*|nvcuda\S*)", "no NVIDIA driver ({0} is not there)"),
    (
        r"Cannot load (libnvidia-encode\S*|nvEncodeAPI\S*)",
        "the NVIDIA driver lacks its encoder library ({0}); a container needs the driver capability `video`",
    ),
    (
        r"Cannot load (libnvcuvid\S*|nvcuvid\S*)",
        "the NVIDIA driver lacks its decoder library ({0}); a container needs the driver capability `video`",
    ),
    (r"(?i)minimum required Nvidia driver for nvenc is (\S+)", "the NVIDIA driver is too old: {0} is needed"),
    (r"(?i)Driver does not support the required nvenc API", "the NVIDIA driver is too old"),
    (r"CUDA_ERROR_NO_DEVICE|no CUDA-capable device", "no NVIDIA GPU is reachable"),
    (r"OpenEncodeSessionEx failed: (?:unsupported device|no encode device)", "the GPU has no encoder"),
    (
        r"OpenEncodeSessionEx failed: (?:out of memory|incompatible client key)",
        "the GPU allows no further encode",
    ),
    (r"10 bit encode not supported", "the GPU does not encode this codec with 10 bits"),
    (
        r"Codec not supported|No capable devices found|No NVENC capable devices",
        "the GPU has no encoder for this codec",
    ),
    (r"(libva\S*\.so\S*): cannot open shared object", "VA-API is not installed ({0} is not there)"),
    (
        r"No available render device|No VA display found|/dev/dri/\S+: No such file",
        "no GPU is reachable below /dev/dri",
    ),
    (r"(?:Failed to initiali[sz]e VAAPI connection|vaInitialize)", "there is no VA-API driver for the GPU"),
    (r"No usable encoding (?:profile|entrypoint) found", "the GPU has no encoder for this codec"),
    (
        r"hardware accelerated \w+ decoding|No support for codec|CUDA_ERROR_NOT_SUPPORTED",
        "the GPU does not decode this codec",
    ),
    (
        r"(?i)Error creating a MFX session|Error initializing an? (?:internal )?MFX session|-9 MFX",
        "no Intel GPU or driver",
    ),
    (r"DLL (\S+) failed to open", "no AMD driver ({0} is not there)"),
    (r"hardware device context \(AMF\)|CreateContext\(\) failed", "no AMD GPU or driver"),
    (r"[Cc]annot create compression session", "this Mac has no encoder for this codec"),
    (
        r"Unknown encoder|Unknown decoder|Unrecognized hwaccel|Invalid hwaccel",
        "this ffmpeg is built without it",
    ),
)
_SPOKEN = re.compile(r"^\[(?!in#|out#|vf#|graph|Parsed|lavfi|matroska|AVIO|vist|vost)[\w ]+ @ 0x[0-9a-f]+\] ")
_SAYS_NOTHING = re.compile(
    r"Terminating thread|Task finished|Exiting with|Conversion failed|^frame=|Total:|Input file|Input stream"
    r"|Nothing was written|Encoder thread|Could not open encoder|EOF|Statistics"
)


def meaning(tail: Sequence[str], exit_code: int) -> str:
    """Why a trial failed, in plain words where they are known, else the program's own last ones."""
    text = "\n".join(tail)
    for pattern, words in _MEANINGS:
        if found := re.search(pattern, text):
            return words.format(*(g.rstrip(":,") for g in found.groups()))
    number = -exit_code if exit_code < 0 else exit_code - 128
    if number in {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE}:
        return f"it crashed ({signal.Signals(number).name})"
    own = [line for line in tail if _SPOKEN.match(line)]
    lines = [line for line in (own or tail) if not _SAYS_NOTHING.search(line)]
    return scrubbed(lines[-1])[:200] if lines else f"it ended with exit code {exit_code}"
