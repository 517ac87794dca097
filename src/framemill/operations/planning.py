"""What an operation's `plan` may look at: probed facts, capabilities, profiles, earlier products."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from framemill.domain.capabilities import Capabilities
from framemill.domain.cuts import Weights
from framemill.domain.media import AudioStream, MediaInfo, VideoStream
from framemill.domain.profiles import Profile
from framemill.domain.work import Product
from framemill.errors import InvalidSpec, NoAudioStream, NoVideoStream, ProfileNotFound

INPUT = "input"


class FactNeeded(Exception):
    """Planning needs a fact that was not gathered, such as the keyframes of an input.

    Not an error: the planner's caller gathers it and asks again.
    """

    def __init__(self, kind: str, source: str) -> None:
        self.kind = kind
        self.source = source
        super().__init__(f"{kind} of {source}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read from the job's inputs, by input name."""

    media: Mapping[str, MediaInfo]
    keyframes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # µs from the file's start
    weights: Mapping[str, Weights] = field(default_factory=dict)  # bytes between keyframes
    frames: Mapping[str, int] = field(default_factory=dict)  # decoded pictures of the main video
    stems: Mapping[str, str] = field(default_factory=dict)  # original names without ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """One operation's view of the whole request."""

    name: str  # unique in the request; prefix of step keys and output ids
    facts: Facts
    capabilities: Capabilities
    profiles: Mapping[str, Profile]
    products: Mapping[str, tuple[Product, ...]]  # by operation name, and every job input by its name

    def group(self, source: str) -> tuple[Product, ...]:
        """Everything `source` offers: an input is one product, an earlier operation may make several."""
        if found := self.products.get(source):
            return found
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

    def keyframes(self, source: str) -> tuple[int, ...]:
        """Keyframe times of a job input, in µs from its start; FactNeeded where not gathered yet."""
        if source not in self.facts.media:
            raise InvalidSpec(f"{self.name}: keyframes are only known of inputs, not of {source!r}")
        if source not in self.facts.keyframes:
            raise FactNeeded("keyframes", source)
        return self.facts.keyframes[source]

    def frames(self, source: str) -> int:
        """How many pictures the main video of a job input has; FactNeeded where not counted yet."""
        if source not in self.facts.media:
            raise InvalidSpec(f"{self.name}: frames are only counted of inputs, not of {source!r}")
        if source not in self.facts.frames:
            raise FactNeeded("frames", source)
        return self.facts.frames[source]

    def weights(self, source: str) -> Weights:
        """How a job input's bytes are spread over its keyframes; FactNeeded where not gathered yet."""
        if source not in self.facts.media:
            raise InvalidSpec(f"{self.name}: sizes are only known of inputs, not of {source!r}")
        if source not in self.facts.weights:
            raise FactNeeded("weights", source)
        return self.facts.weights[source]

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
