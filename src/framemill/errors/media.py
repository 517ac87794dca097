"""What can be wrong with footage and with what is asked of it."""

from collections.abc import Iterable

from framemill.errors.base import FramemillError


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


class RangeRefused(InvalidSpec):
    """The time range ends before it begins, or is too long."""

    code = "range_refused"


class WeakPassword(InvalidSpec):
    """The password is too easily guessed."""

    code = "weak_password"


class NoRules(InvalidSpec):
    """The workspace has no rules about what is kept."""

    code = "no_rules"

    def __init__(self, workspace: str) -> None:
        self.workspace = workspace
        super().__init__(
            f"workspace {workspace!r} keeps everything",
            hint="`framemill workspaces edit --help` shows how rules are set",
        )


class PartNotFound(InvalidSpec):
    """The upload has no such part."""

    code = "part_not_found"

    def __init__(self, number: int | str, *, count: int) -> None:
        self.number = number
        self.count = count
        super().__init__(f"there is no part {number}", hint=f"parts are numbered from 1 to {count}")


class NotSupported(FramemillError):
    """This input cannot be handled this way."""

    code = "not_supported"
