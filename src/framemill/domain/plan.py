"""A plan: a DAG of steps as pure data, complete enough to run, show and fingerprint.

A step runs in a scratch folder of its own: what it reads is staged under
`in/`, what it makes appears under `out/`, all by generated names. So its
commands hold relative paths only, and no user's file name.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """What an artifact is for."""

    RENDITION = "rendition"
    CLIP = "clip"
    AUDIO = "audio"
    PROXY = "proxy"
    PREVIEW = "preview"
    THUMBNAIL = "thumbnail"
    STORYBOARD = "storyboard"
    SUBTITLES = "subtitles"
    HLS = "hls"
    DASH = "dash"
    REPORT = "report"
    INTERMEDIATE = "intermediate"  # feeds other steps, is never published


class Resource(StrEnum):
    """What a step mostly uses, and so which workers may take it."""

    CPU = "cpu"
    GPU = "gpu"
    IO = "io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What verification must find in an output. None: not promised."""

    kind: Literal["media", "image", "package", "data"]
    duration_us: int | None = None
    tolerance_us: int = 100_000  # beside one frame
    frame_us: int = 0  # how long one frame lasts
    width: int | None = None
    height: int | None = None
    video_codec: str | None = None  # "" promises that there is none
    audio_codecs: tuple[str, ...] | None = None
    channels: tuple[int, ...] | None = None
    subtitles: int | None = None
    frames: int | None = None
    files: int | None = None  # of a numbered output; None: as many as come out, at least one
    max_size: int | None = None  # bytes
    hdr: tuple[str, ...] | None = None  # what must be found, as domain.hdr says it; (): it is SDR
    picture_us: int | None = None  # when its picture ends, which sound that lasts longer would hide
    lengths: tuple[tuple[str, int], ...] = ()  # of a package: (playlist's name, how long it lasts in µs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file, numbered set of files (`%03d`) or folder that a step makes.

    Of a numbered set the promise's duration and frames are sums, the rest
    holds for each file.
    """

    id: str  # unique in the plan; other steps' inputs name it
    path: str  # below the step's out/
    role: Role
    promise: Promise
    publish: str | None = None  # where below the job's destination; None: not published
    first: int = 1  # number of the first file of a numbered set
    # What alone would make it, as a digest; "" where only its whole step says that.
    recipe: str = ""
    fingerprint: str = ""  # equal ones are of equal content; "" where what it is made of is not known
    kept_as: str = ""  # the key under which its file is kept for later jobs; "" where it is not

    @property
    def numbered(self) -> bool:
        """True for a set of files."""
        return "%0" in self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInput:
    """`ref` (a job input's name or an output's id) staged as `in/<name>`."""

    name: str
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A generated text that a command reads: `in/<name>`."""

    name: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One program call. `builtin` names an action of the engine instead."""

    tool: Literal["ffmpeg", "packager", "builtin"]
    argv: tuple[str, ...]  # without the program's name
    duration_us: int | None = None  # of media that it will report as done
    only_if_missing: str | None = None  # run only where this file below out/ is not there
    for_each: str | None = None  # run once per file in this folder below in/, with {file}, {stem}, {number}
    only_if_larger: tuple[str, int] | None = None  # run only where this file below out/ has more bytes
    # A JSON object below the step's folder, made by an earlier command; its values replace {name} in argv.
    filled_from: str | None = None
    forgiven: bool = False  # where it fails, a later command notices and makes up for it
    # Of a command that uses a device: the same in software, for where the device fails.
    otherwise: tuple[str, ...] | None = None

    def in_software(self) -> "Command":
        """The command without its device; itself where it uses none."""
        return self if self.otherwise is None else replace(self, argv=self.otherwise, otherwise=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What work will cost, before it runs."""

    cpu_ms: int = 0
    wall_ms: int = 0
    output_bytes: int = 0
    scratch_bytes: int = 0

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(
            cpu_ms=self.cpu_ms + other.cpu_ms,
            wall_ms=self.wall_ms + other.wall_ms,
            output_bytes=self.output_bytes + other.output_bytes,
            scratch_bytes=self.scratch_bytes + other.scratch_bytes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node of a plan: commands that turn staged inputs into promised outputs."""

    key: str
    operation: str
    title: str  # for people: "encode 720p, 480p and 360p"
    commands: tuple[Command, ...]
    inputs: tuple[StepInput, ...]
    outputs: tuple[Output, ...]
    texts: tuple[TextFile, ...] = ()
    resource: Resource = Resource.CPU
    estimate: Estimate = Estimate()
    fingerprint: str = ""  # equal ones do equal work on equal content; "" where that is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A stream, chapter list or tag of an input that no output carries, and why."""

    source: str
    stream: str  # "#3 data (gpmd)"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """One part of a cut as each mode would make it; times (begin, end) in the source."""

    operation: str  # as the plan calls it
    part: int
    wanted_us: tuple[int, int]
    copy_us: tuple[int, int]  # from keyframe to keyframe, or to where the range ends
    exact_us: tuple[int, int]  # what `smart` and `encode` show: its first picture, and the first behind it
    frames: int
    smart_encodes: int  # how many of them `smart` would encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything a request compiled to."""

    steps: tuple[Step, ...]
    inputs: tuple[str, ...]  # names of the job inputs it reads
    notes: tuple[str, ...] = ()  # what is copied, what is encoded and why
    warnings: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    boundaries: tuple[Boundary, ...] = ()  # of cuts, in a plan that is made to be shown
    fingerprint: str = ""

    @property
    def estimate(self) -> Estimate:
        """The sum over all steps."""
        return sum((step.estimate for step in self.steps), Estimate())

    def outputs(self) -> Iterator[Output]:
        """Every output of every step."""
        for step in self.steps:
            yield from step.outputs

    def needs(self, step: Step) -> tuple[str, ...]:
        """Keys of the steps whose outputs `step` reads."""
        makers = {output.id: other.key for other in self.steps for output in other.outputs}
        wanted = (makers.get(item.ref) for item in step.inputs)
        return tuple(dict.fromkeys(key for key in wanted if key is not None))
