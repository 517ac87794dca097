"""Making a file smaller: at a stated quality, a stated rate, or to a stated size."""

from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import Literal, Self

from pydantic import Field, model_validator

from framemill.commands import lone
from framemill.domain.containers import CONTAINERS, Container
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Command, Role, Step, StepInput
from framemill.domain.profiles import Profile
from framemill.domain.units import US, format_rate, format_size
from framemill.domain.work import Work
from framemill.errors import NotSupported
from framemill.operations.building.companions import Sound, companions, default_sound, sound_rate
from framemill.operations.building.copying import copied, why_not_copied
from framemill.operations.building.holding import held
from framemill.operations.building.naming import file_name, picture_container
from framemill.operations.building.recoding import Recoding, recode, size_under
from framemill.operations.planning import Planning
from framemill.operations.profiles import make_profile
from framemill.operations.spec import HardwareWish, Rate, Size, Spec

# crf by codec and preset: about VMAF 88, 93 and 96 on ordinary footage.
_CRF = {
    "h264": {"low": 28, "medium": 25, "high": 21},
    "hevc": {"low": 30, "medium": 27, "high": 23},
    "av1": {"low": 42, "medium": 35, "high": 28},
}
_SOUND = {"low": 96_000, "medium": 128_000, "high": 192_000}
# Bits per pixel below which the picture falls apart.
_LEAST_BITS = {"h264": 0.006, "hevc": 0.004, "av1": 0.003}
_LEAST_RATE = 20_000
# Encoders miss a rate by about a hundredth; a second try with less follows where that was not enough.
_MARGIN = 0.985
_RETRIES = (0.93, 0.85)
# A source is copied where it is this much below the target: containers differ in size by a hundredth.
_COPY_ROOM = Fraction(103, 100)
_LOG = "out/passlog"


class Compress(Spec):
    """Make a file smaller."""

    op: Literal["compress"] = "compress"
    version: Literal[1] = 1
    preset: Literal["low", "medium", "high", "custom"] | None = Field(
        None,
        description="Quality: low, medium (where nothing else is said), high; custom takes crf or bitrate.",
    )
    crf: int | None = Field(None, ge=0, le=63, description="Constant quality; lower is better and larger.")
    bitrate: Rate | None = Field(None, description="Rate of the picture.")
    target_size: Size | None = Field(
        None, description="Size that the result stays within. Encoded in two passes to use all of it."
    )
    target_vmaf: float | None = Field(
        None,
        ge=50,
        le=99,
        description="Quality as VMAF, e.g. 95: the crf is searched, the result measured, and within one point"
        " above.",
    )
    codec: Literal["h264", "hevc", "av1"] = Field(
        "h264",
        description="Video codec. H.264 plays everywhere; HEVC and AV1 need less for the same quality.",
    )
    speed: str = Field("medium", description="Encoder speed preset; slower is smaller.")
    hardware: HardwareWish = None

    @model_validator(mode="after")
    def _one_wish(self) -> Self:
        wishes = [self.crf, self.bitrate, self.target_size, self.target_vmaf]
        if sum(w is not None for w in wishes) > 1:
            raise ValueError("give only one of crf, bitrate, target_size and target_vmaf")
        custom = self.crf is not None or self.bitrate is not None
        if self.preset == "custom" and not custom:
            raise ValueError("preset custom needs crf or bitrate")
        if self.preset not in {None, "custom"} and any(w is not None for w in wishes):
            raise ValueError(f"preset {self.preset} cannot go with crf, bitrate, target_size or target_vmaf")
        return self


def plan(spec: Compress, planning: Planning) -> Work:
    """One tap, or one two-pass step for a target size; NotSupported where that is too small."""
    product = planning.one(spec.source)
    stream = planning.video_of(product)
    media = product.media
    container = picture_container(spec, _container(media), codec=spec.codec)
    if spec.target_size is not None:
        return _to_size(spec, planning, media, stream, container, spec.target_size)
    level = _SOUND[spec.preset or "medium"] if spec.preset != "custom" else _SOUND["medium"]
    profile = _profile(spec, stream, crf=_crf(spec), bitrate=spec.bitrate)
    if spec.target_vmaf is not None:
        return _to_quality(spec, planning, profile, container, spec.target_vmaf)
    done = _recoded(spec, planning, profile, container, level)
    size = done.tap.estimate.output_bytes
    if size > media.size:
        larger = (
            f"the result is expected to have about {format_size(size)}, more than the source's"
            f" {format_size(media.size)}; a lower preset or a target_size would make it smaller"
        )
        return done.work(warnings=(larger,))
    return done.work()


def _container(media: MediaInfo) -> Container:
    # Matroska sources may hold what MP4 cannot: styled or bitmap subtitles, fonts.
    rich = any(s.codec not in {"mov_text", "webvtt"} for s in media.subtitles) or any(
        o.kind == "attachment" for o in media.others
    )
    return CONTAINERS["mkv" if media.container == "matroska" and rich else "mp4"]


def _crf(spec: Compress) -> int | None:
    if spec.bitrate is not None or spec.target_size is not None:
        return None
    return spec.crf if spec.crf is not None else _CRF[spec.codec][spec.preset or "medium"]


def _profile(spec: Compress, stream: VideoStream, *, crf: int | None, bitrate: int | None) -> Profile:
    deep = spec.codec == "av1" or (spec.codec == "hevc" and stream.bit_depth > 8)
    return make_profile(
        codec=spec.codec, crf=crf, bitrate=bitrate, preset=spec.speed, bit_depth=10 if deep else 8
    )


def _recoded(
    spec: Compress, planning: Planning, profile: Profile, container: Container, sound_rate: int
) -> Recoding:
    return recode(
        spec,
        planning,
        profile=profile,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION,
        wish=_sound(container, sound_rate),
        # A size is met in two passes, and a quality in steps of crf: only software has both.
        hardware=spec.hardware if spec.target_size is spec.target_vmaf is None else "off",
    )


def _sound(container: Container, bitrate: int) -> Sound:
    return Sound(codec=default_sound(container), bitrate=bitrate, copied=container.audio, copy_up_to=bitrate)


def _to_size(
    spec: Compress,
    planning: Planning,
    media: MediaInfo,
    stream: VideoStream,
    container: Container,
    target: int,
) -> Work:
    small = media.size * _COPY_ROOM <= target and stream.codec == spec.codec
    if small and why_not_copied(media, stream, container) is None:
        return _as_it_is(spec, planning, container, target)
    # How large cover art and fonts are is not known before; a stated size has no room for surprises.
    plain = replace(container, cover=False, attachments=False)
    sound_rate, sound_total = _sound_budget(planning, media, plain, target)
    rate = _picture_rate(media, stream, target, sound_total)
    least = _least_rate(spec, stream)
    if rate < least:
        need = ceil(((least + sound_total) * media.duration_us / US / 8 + _overhead(media, stream)) / _MARGIN)
        raise NotSupported(
            f"{format_size(target)} leaves {format_rate(max(rate, 1))}bit/s for the picture,"
            " at which nothing can be seen",
            hint=f"allow at least {format_size(ceil(need * 1.02))}, cut the video, or make it smaller first",
        )
    warnings: tuple[str, ...] = ()
    if target >= media.size:
        warnings = (f"the source has only {format_size(media.size)}, less than the target",)
        # More than the source has would only make it larger.
        rate = max(least, min(rate, (media.bit_rate or rate) - sound_total))
    done = _recoded(spec, planning, _profile(spec, stream, crf=None, bitrate=rate), plain, sound_rate)
    return _two_passes(spec, planning, done, rate, target, warnings)


def _to_quality(
    spec: Compress, planning: Planning, profile: Profile, container: Container, target: float
) -> Work:
    done = _recoded(spec, planning, profile, container, _SOUND["medium"])
    product = planning.one(spec.source)
    sound = sound_rate(done.beside, _sound(container, _SOUND["medium"]))
    return held(
        planning,
        done,
        source=product.ref,
        profile=profile,
        target=target,
        sound_bytes=sound * product.media.duration_us // (8 * US),
    )


def _as_it_is(spec: Compress, planning: Planning, container: Container, target: int) -> Work:
    done = copied(
        spec,
        planning,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION,
        wish=Sound(codec=default_sound(container), bitrate=_SOUND["medium"], copied=container.audio),
    )
    size = planning.one(spec.source).media.size
    told = f"the source has only {format_size(size)}, less than {format_size(target)}: nothing is encoded"
    return replace(done, notes=(f"{planning.name}: {told}", *done.notes))


def _sound_budget(planning: Planning, media: MediaInfo, container: Container, target: int) -> tuple[int, int]:
    """Rate for a stereo track, and what all tracks together take: at most a fifth where that is possible."""
    total = target * 8 * US // max(1, media.duration_us)
    for rate in (128_000, 96_000, 64_000, 48_000, 32_000):
        wish = _sound(container, rate)
        beside = companions(media, container, wish, capabilities=planning.capabilities)
        taken = sound_rate(beside, wish)
        if taken * 5 <= total or rate == 32_000:
            return rate, taken
    raise AssertionError("unreachable")  # the last rate always returns


def _overhead(media: MediaInfo, stream: VideoStream) -> float:
    """Bytes that the container itself needs: its tables hold an entry per frame and packet."""
    length_s = media.duration_us / US
    packets = 50 * len(media.playable_audio) * length_s
    return 10_000 + 20 * float(stream.frame_rate) * length_s + 10 * packets


def _picture_rate(media: MediaInfo, stream: VideoStream, target: int, sound_total: int) -> int:
    length_s = max(0.001, media.duration_us / US)
    return int((target * _MARGIN - _overhead(media, stream)) * 8 / length_s) - sound_total


def _least_rate(spec: Compress, stream: VideoStream) -> int:
    profile = _profile(spec, stream, crf=30, bitrate=None)
    width, height = size_under(profile, stream)
    return max(_LEAST_RATE, int(width * height * float(stream.frame_rate) * _LEAST_BITS[spec.codec]))


def _two_passes(
    spec: Compress,
    planning: Planning,
    done: Recoding,
    rate: int,
    target: int,
    warnings: tuple[str, ...],
) -> Work:
    tap = done.tap
    length = tap.media.duration_us
    output = replace(tap.output, promise=replace(tap.output.promise, max_size=target))
    retries = (
        Command(
            tool="ffmpeg",
            argv=_at_rate(lone.second_pass(tap, log=_LOG), rate, int(rate * part)),
            duration_us=length,
            only_if_larger=(output.path, target),
        )
        for part in _RETRIES
    )
    step = Step(
        key=tap.key,
        operation=spec.op,
        title=f"{tap.title} within {format_size(target)}, two passes",
        commands=(
            Command(tool="ffmpeg", argv=lone.first_pass(tap, log=_LOG), duration_us=length),
            Command(tool="ffmpeg", argv=lone.second_pass(tap, log=_LOG), duration_us=length),
            *retries,
        ),
        inputs=(StepInput(name="source", ref=tap.source),),
        outputs=(output,),
        estimate=replace(
            tap.estimate,
            cpu_ms=2 * tap.estimate.cpu_ms,
            wall_ms=2 * tap.estimate.wall_ms,
            output_bytes=min(target, tap.estimate.output_bytes),
        ),
    )
    kept = f"{format_rate(rate)}bit/s for the picture keeps the file within {format_size(target)}"
    return Work(
        steps=(step,),
        products=(done.product,),
        notes=(f"{planning.name}: {kept}", *done.notes),
        warnings=warnings,
        dropped=done.dropped,
    )


def _at_rate(argv: tuple[str, ...], old: int, new: int) -> tuple[str, ...]:
    """`argv` with another target rate for the picture."""
    at = argv.index("-b:v") + 1
    assert argv[at] == format_rate(old)
    return (*argv[:at], format_rate(new), *argv[at + 1 :])
