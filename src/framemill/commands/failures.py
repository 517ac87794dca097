"""What a program's last words mean: one typed error, with ffmpeg's own reason and no path of this machine."""

import re
import signal
from collections.abc import Sequence

from framemill.errors import (
    CodecNotInContainer,
    DiskFull,
    EncoderUnavailable,
    FramemillError,
    InputUnreadable,
    LimitExceeded,
    NotSupported,
    ToolFailed,
    WorkerLost,
)

_SPEAKER = re.compile(r"^(?:\[[^\]]*@ 0x[0-9a-f]+\] )+(?:\[(?:error|fatal|warning)\] )?")
# `file:/home/ann/My Films/a.mp4: reason` up to the colon before the reason, and quoted absolute paths.
_PATH = re.compile(r"(?:file:)?(?<![\w.])/(?:[^\s:'\"/]+[^:'\"/\n]*/)*[^:'\"\n]*")
_STAGED = re.compile(r"(?:\bfile:)?\bin/\w+(?:\.\w+)?: |\bfile:(?=in/)")
_ENCODER = re.compile(
    r"Unknown encoder '([^']+)'|Encoder ([\w-]+) not found|Automatic encoder selection failed"
)
_LOST_FORMAT = re.compile(r"\[(\S+) @ 0x[0-9a-f]+\] Format not on whitelist")
_LOST_CODEC = re.compile(r"Codec \(?([\w-]+)\)? not on whitelist")
_HELD = re.compile(
    r"\[(?P<mux>[\w,]+) @ 0x[0-9a-f]+\].*(?:Could not find tag for codec (?P<codec>\w+)"
    r"|codec (?P<other>\w+) (?:is )?not (?:currently )?supported in (?:container|this format|\w+)"
    r"|Only VP8 or VP9 or AV1 video)"
)
_MODEL = re.compile(r"could not load libvmaf model with version: (\S+)")
# A filter graph's input ended before its first picture or sound.
_NOTHING = re.compile(r"Cannot determine format of input \d+:\d+ after EOF")
_SIZE = re.compile(r"exceeds specified max pixel count")
_BROKEN = (
    "moov atom not found",
    "Invalid data found when processing input",
    "End of file",
    "could not find codec parameters",
    "EBML header parsing failed",
    "Error opening input",
    "Invalid argument",
)


def classify(*, tool: str, exit_code: int, tail: Sequence[str], name: str) -> FramemillError:
    """The error that `tool`'s end means; `name` is the input as the user knows it."""
    text = "\n".join(tail)
    if "No space left on device" in text or "ENOSPC" in text or "Disk quota exceeded" in text:
        return DiskFull("the disk is full", hint="free some space, then try again")
    if error := _by_signal(exit_code, text, tool):
        return error
    if found := _LOST_FORMAT.search(text):
        kind = found[1].split(",")[0]
        return InputUnreadable(name, f"it looks like {kind!r}, which is not opened (Format not on whitelist)")
    if _SIZE.search(text):
        return LimitExceeded(
            f"the pictures of {name!r} are larger than allowed", hint="an operator may raise max_pixels"
        )
    if found := _ENCODER.search(text):
        return EncoderUnavailable(found[1] or found[2] or "for this format")
    if found := _MODEL.search(text):
        return NotSupported(
            f"this ffmpeg's libvmaf has no model {found[1]!r}", hint="measure with another model, such as hd"
        )
    if found := _HELD.search(text):
        codec = found["codec"] or found["other"] or "this codec"
        return CodecNotInContainer(codec=codec, container=found["mux"].split(",")[0])
    if found := _LOST_CODEC.search(text):
        return InputUnreadable(name, f"its codec {found[1]!r} is not one that is decoded (not on whitelist)")
    if "Cannot allocate memory" in text or "bad_alloc" in text or "Out of memory" in text:
        return LimitExceeded(
            f"{tool} needed more memory than allowed", hint="use a smaller size or fewer threads"
        )
    if "File too large" in text:
        return LimitExceeded("an output grew beyond the allowed size")
    if _NOTHING.search(text):
        return InputUnreadable(name, "nothing of it can be decoded")
    if _is_input_trouble(tail, tool):
        return InputUnreadable(name, reason(tail))
    return ToolFailed(tool=tool, exit_code=exit_code, tail=tuple(scrubbed(line) for line in tail))


def reason(tail: Sequence[str]) -> str:
    """The most telling line, without addresses and paths."""
    lines = [scrubbed(line) for line in tail if line.strip()]
    telling = [line for line in lines if any(mark in line for mark in _BROKEN)]
    for line in telling or lines[-1:]:
        return line.removeprefix("Error opening input: ").strip(" .:") or "no reason given"
    return "no reason given"


def scrubbed(line: str) -> str:
    """`line` without memory addresses and without absolute paths."""
    bare = _SPEAKER.sub("", line.strip())
    bare = _STAGED.sub("", bare)
    return re.sub(r"^FILE: ", "", _PATH.sub("FILE", bare)).replace("FILE", "the file")


def _by_signal(exit_code: int, text: str, tool: str) -> FramemillError | None:
    # A process below a shell or bwrap reports 128 + signal.
    number = -exit_code if exit_code < 0 else exit_code - 128
    if number == signal.SIGXFSZ:
        return LimitExceeded("an output grew beyond the allowed size")
    if number == signal.SIGXCPU:
        return LimitExceeded(f"{tool} used more processor time than allowed")
    if exit_code < 0 or number in {signal.SIGKILL, signal.SIGTERM}:
        if number in {signal.SIGABRT, signal.SIGSEGV} and ("alloc" in text or "memory" in text):
            return LimitExceeded(f"{tool} needed more memory than allowed")
        if number in {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}:
            return WorkerLost(f"{tool} was stopped by a signal ({signal.Signals(number).name})")
    return None


def _is_input_trouble(tail: Sequence[str], tool: str) -> bool:
    if tool == "ffprobe":
        return True  # it does nothing but read
    text = "\n".join(tail)
    return (
        "Error opening input" in text
        or "moov atom not found" in text
        or any("Invalid data found when processing input" in line and "file:in/" in line for line in tail)
        or ("Conversion failed" not in text and "Invalid data found when processing input" in text)
    )
