"""What an operation's `plan` may look at: probed facts, capabilities, profiles, earlier products."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import cast

from framemill.domain.capabilities import Capabilities
from framemill.domain.cropping import Box
from framemill.domain.cuts import Weights
from framemill.domain.hardware import Acceleration
from framemill.domain.media import AudioStream, MediaInfo, Picture, VideoStream
from framemill.domain.profiles import Profile
from framemill.domain.smart import Pictures
from framemill.domain.subtitles import SubtitleFile
from framemill.domain.work import Product
from framemill.errors import InvalidSpec, NoAudioStream, NoVideoStream, ProfileNotFound

INPUT = "input"


@dataclass(frozen=True, slots=True)
class Question:
    """Something to read from a job input, beyond its probe. What kinds there are is engine.gathering's."""

    kind: str  # "keyframes"
    source: str  # the input's name
    detail: Hashable = None  # how to read it, such as a threshold


class FactNeeded(Exception):
    """Planning needs an answer that was not gathered, such as the keyframes of an input.

    Not an error: the planner's caller gathers it and asks again.
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        super().__init__(f"{question.kind} of {question.source}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read from the job's inputs, by input name."""

    media: Mapping[str, MediaInfo]
    pictures: Mapping[str, Picture] = field(default_factory=dict)  # inputs that are still pictures
    subtitles: Mapping[str, SubtitleFile] = field(default_factory=dict)  # inputs that are subtitle files
    answers: Mapping[Question, object] = field(default_factory=dict)
    stems: Mapping[str, str] = field(default_factory=dict)  # original names without ending
    explaining: bool = False  # the plan is only shown: what only readers want to know may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """One operation's view of the whole request."""

    name: str  # unique in the request; prefix of step keys and output ids
    facts: Facts
    capabilities: Capabilities
    profiles: Mapping[str, Profile]
    products: Mapping[str, tuple[Product, ...]]  # by operation name, and every job input by its name
    acceleration: Acceleration = field(default_factory=Acceleration)

    def group(self, source: str) -> tuple[Product, ...]:
        """Everything `source` offers: an input is one product, an earlier operation may make several."""
        if found := self.products.get(source):
            return found
        if source in self.products:
            raise InvalidSpec(f"{self.name}: what {source!r} makes cannot be read by later operations")
        # "ladder.720p" picks one product of an operation.
        operation, _, label = source.rpartition(".")
        picked = tuple(p for p in self.products.get(operation, ()) if p.label == label)
        if not picked:
            known = ", ".join(sorted(self.products))
            raise InvalidSpec(f"{self.name}: there is no source {source!r}", hint=f"known here: {known}")
        return picked

    def one(self, source: str) -> Product:
        """The single product of `source`, the first where it offers several."""
        return self.group(source)[0]

    def answer(self, kind: str, source: str, detail: Hashable = None) -> object:
        """What was read from a job input; FactNeeded where it was not yet, InvalidSpec where it cannot be."""
        if source not in self.facts.media:
            raise InvalidSpec(
                f"{self.name}: {kind} can be read of inputs only, not of {source!r}, which is not there yet"
            )
        question = Question(kind, source, detail)
        if question not in self.facts.answers:
            raise FactNeeded(question)
        return self.facts.answers[question]

    def keyframes(self, source: str) -> tuple[int, ...]:
        """Keyframe times of a job input, in µs from its start. Raises as `answer` does."""
        return cast("tuple[int, ...]", self.answer("keyframes", source))

    def pictures(self, source: str, ranges: tuple[tuple[int, int], ...] | None) -> Pictures:
        """The pictures of a job input, around `ranges` (µs from its start) at least. Raises as `answer`."""
        return cast("Pictures", self.answer("pictures", source, ranges))

    def frames(self, source: str) -> int:
        """How many pictures the main video of a job input has. Raises as `answer` does."""
        return cast("int", self.answer("frames", source))

    def weights(self, source: str) -> Weights:
        """How a job input's bytes are spread over its keyframes. Raises as `answer` does."""
        return cast("Weights", self.answer("weights", source))

    def scenes(self, source: str, threshold: float) -> tuple[int, ...]:
        """When the first frame of each new scene of a job input is shown, in µs from its start.

        `threshold` is how much of 100 a frame must differ from the one before. Raises as `answer` does.
        """
        return cast("tuple[int, ...]", self.answer("scenes", source, threshold))

    def crop(self, source: str, limit: int) -> Box | None:
        """What of a job input is not black bars, as shown; None where unsure. Raises as `answer` does."""
        return cast("Box | None", self.answer("crop", source, limit))

    def picture(self, ref: str) -> Picture:
        """The still picture that a job input is; InvalidSpec where there is none of this name."""
        if ref not in self.facts.pictures:
            raise InvalidSpec(f"{self.name}: there is no picture {ref!r} among the inputs")
        return self.facts.pictures[ref]

    def subtitles(self, ref: str) -> SubtitleFile:
        """The subtitle file that a job input is; InvalidSpec where there is none of this name."""
        if ref not in self.facts.subtitles:
            raise InvalidSpec(f"{self.name}: there is no subtitle file {ref!r} among the inputs")
        return self.facts.subtitles[ref]

    def stem(self, source: str) -> str:
        """A name for results made from `source`."""
        return self.facts.stems.get(source, source.replace(".", "-"))

    def profile(self, name: str) -> Profile:
        """The profile of this name; ProfileNotFound suggests the nearest."""
        if name in self.profiles:
            return self.profiles[name]
        near = get_close_matches(name, self.profiles, n=1, cutoff=0.4)
        raise ProfileNotFound(name, nearest=near[0] if near else None)

    def video_of(self, product: Product) -> VideoStream:
        """The product's main video; NoVideoStream where it has none."""
        video = product.media.main_video
        if video is None:
            raise NoVideoStream(f"{product.label!r} has no video stream, which {self.name} needs")
        return video

    def audio_of(self, product: Product) -> AudioStream:
        """The product's main audio track; NoAudioStream where it has none."""
        audio = product.media.main_audio
        if audio is None:
            raise NoAudioStream(f"{product.label!r} has no audio stream, which {self.name} needs")
        return audio
