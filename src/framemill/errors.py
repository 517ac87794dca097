"""Every deliberate error: a stable code, its data, and the user's next move.

No HTTP statuses and no exit codes here: doors translate codes at their edge.
"""

from collections.abc import Iterable
from typing import ClassVar


class FramemillError(Exception):
    """Something went wrong inside Framemill."""

    code: ClassVar[str] = "framemill_error"
    # Transient: the same request may succeed later, so a worker tries again.
    transient: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or self.code).strip().splitlines()[0]
        self.hint = hint
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class InputNotFound(FramemillError):
    """The input does not exist."""

    code = "input_not_found"

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"there is no file {path!r}", hint="check the path and its spelling")


class InputUnreadable(FramemillError):
    """The input is not media that we can read."""

    code = "input_unreadable"

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(
            f"{name!r} cannot be read as media: {reason}",
            hint="check that the file is complete and is a video or audio file",
        )


class NoVideoStream(FramemillError):
    """The input has no video stream."""

    code = "no_video_stream"


class NoAudioStream(FramemillError):
    """The input has no audio stream."""

    code = "no_audio_stream"


class NoSubtitleStream(FramemillError):
    """The input has no subtitle stream."""

    code = "no_subtitle_stream"


class TimeOutOfRange(FramemillError):
    """A time lies outside the media."""

    code = "time_out_of_range"


class CodecNotInContainer(FramemillError):
    """The container cannot hold this codec."""

    code = "codec_not_in_container"

    def __init__(self, *, codec: str, container: str, holds: Iterable[str] = ()) -> None:
        self.codec = codec
        self.container = container
        known = ", ".join(sorted(holds))
        super().__init__(
            f"{container} cannot hold {codec}",
            hint=f"{container} holds {known}" if known else "choose another container or codec",
        )


class EncoderUnavailable(FramemillError):
    """This ffmpeg cannot encode with the wanted encoder."""

    code = "encoder_unavailable"

    def __init__(self, encoder: str, *, reason: str | None = None) -> None:
        self.encoder = encoder
        self.reason = reason
        if reason is not None:
            super().__init__(
                f"the hardware encoder {encoder!r} cannot be used: {reason}",
                hint="run `framemill hardware` to see what was tried, or set hardware to auto or off",
            )
            return
        super().__init__(
            f"this ffmpeg has no encoder {encoder!r}",
            hint="run `framemill doctor` to see what it can do, or choose another codec",
        )


class IncompatibleInputs(FramemillError):
    """The inputs differ in a property that must be the same."""

    code = "incompatible_inputs"

    def __init__(self, *, property_name: str, values: Iterable[object]) -> None:
        self.property_name = property_name
        self.values = tuple(str(v) for v in values)
        super().__init__(
            f"the inputs differ in {property_name}: {', '.join(self.values)}",
            hint="use mode=encode to bring them to one form",
        )


class UpscaleRefused(FramemillError):
    """A rendition would be taller than its source."""

    code = "upscale_refused"

    def __init__(self, *, rendition: str, height: int, source_height: int) -> None:
        self.rendition = rendition
        self.height = height
        self.source_height = source_height
        super().__init__(
            f"rendition {rendition!r} is {height} lines on its short side but the source has {source_height}",
            hint="lower it or set allow_upscale",
        )


class QualityUnreachable(FramemillError):
    """No setting of the encoder gives the wished quality."""

    code = "quality_unreachable"

    def __init__(self, *, target: float, reached: float, crf: float, codec: str) -> None:
        self.target = target
        self.reached = reached
        self.crf = crf
        self.codec = codec
        super().__init__(
            f"VMAF {target:g} cannot be reached: {codec} at crf {crf:g} gives {reached:.2f}",
            hint=f"ask for target_vmaf {max(50, min(99, int(reached))):g}, or for a crf",
        )


class OutputExists(FramemillError):
    """The output exists already."""

    code = "output_exists"

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"{path!r} exists already", hint="choose another name or set overwrite")


class DestinationUnwritable(FramemillError):
    """The destination cannot be written to."""

    code = "destination_unwritable"

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"cannot write to {path!r}", hint="check its permissions, or choose another destination"
        )


class DiskFull(FramemillError):
    """There is not enough free disk space."""

    code = "disk_full"
    transient = True


class LimitExceeded(FramemillError):
    """A limit was reached."""

    code = "limit_exceeded"


class TimedOut(FramemillError):
    """The work took longer than allowed."""

    code = "timeout"
    transient = True


class Cancelled(FramemillError):
    """The work was cancelled."""

    code = "cancelled"


class OutputInvalid(FramemillError):
    """An output is not what the plan promised."""

    code = "output_invalid"


class ProfileNotFound(FramemillError):
    """There is no profile of this name."""

    code = "profile_not_found"

    def __init__(self, name: str, *, nearest: str | None = None) -> None:
        self.name = name
        self.nearest = nearest
        hint = f"did you mean {nearest!r}?" if nearest else "see `framemill profiles list`"
        super().__init__(f"there is no profile {name!r}", hint=hint)


class InvalidProfile(FramemillError):
    """A profile asks for something impossible."""

    code = "invalid_profile"


class InvalidSpec(FramemillError):
    """The request is malformed."""

    code = "invalid_spec"


class InvalidSettings(FramemillError):
    """A setting is wrong."""

    code = "invalid_settings"


class NotSupported(FramemillError):
    """This input cannot be handled this way."""

    code = "not_supported"


class ToolMissing(FramemillError):
    """A program that the work needs was not found."""

    code = "tool_missing"

    def __init__(self, tool: str, *, looked_in: Iterable[str] = (), hint: str | None = None) -> None:
        self.tool = tool.partition("-")[0]  # bundled files are called like `ffmpeg-linux-x86_64-v7.1`
        where = ", ".join(looked_in)
        install = f"install the framemill package with its wheels, or set FRAMEMILL_{self.tool.upper()}"
        super().__init__(
            f"{self.tool} was not found" + (f" (looked in: {where})" if where else ""), hint=hint or install
        )


class ToolFailed(FramemillError):
    """A program failed in a way that we cannot name."""

    code = "tool_failed"

    def __init__(self, *, tool: str, exit_code: int, tail: Iterable[str] = ()) -> None:
        self.tool = tool
        self.exit_code = exit_code
        self.tail = tuple(tail)
        last = next((line for line in reversed(self.tail) if line.strip()), "it said nothing")
        super().__init__(
            f"{tool} ended with code {exit_code}: {last}",
            hint="`framemill jobs show ID` has the whole command and its last words",
        )


class WorkerLost(FramemillError):
    """The process that ran the work went away."""

    code = "worker_lost"
    transient = True


class DatabaseUnavailable(FramemillError):
    """The database cannot be used just now."""

    code = "database_unavailable"
    transient = True
    undone: bool = True  # False where the commit may have arrived: who asks again must look first


class JobNotFound(FramemillError):
    """There is no such job."""

    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"there is no job {job_id!r}", hint="see `framemill jobs list`")


class BatchNotFound(FramemillError):
    """There is no such batch."""

    code = "batch_not_found"

    def __init__(self, batch_id: str) -> None:
        self.batch_id = batch_id
        super().__init__(f"there is no batch {batch_id!r}", hint="see `framemill batch list`")


class IllegalTransition(FramemillError):
    """A state may not follow another."""

    code = "illegal_transition"


class IdempotencyConflict(FramemillError):
    """The idempotency key was used for another request before."""

    code = "idempotency_conflict"

    def __init__(self, key: str, *, job_id: str) -> None:
        self.key = key
        self.job_id = job_id
        super().__init__(
            f"the idempotency key {key!r} belongs to another request, job {job_id}",
            hint="use a new key for each request, and the same one only to repeat it",
        )


class LeaseLost(FramemillError):
    """Another worker holds the task now."""

    code = "lease_lost"
