"""The whole file faster or slower, picture and sound together, at the frame rate that it has."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from framemill.commands import lone, muxing, picture, tempo
from framemill.domain import finished, left_behind
from framemill.domain.containers import Container, container_kept
from framemill.domain.estimates import copying, decoding
from framemill.domain.media import MediaInfo, SubtitleStream, VideoStream
from framemill.domain.plan import Command, Dropped, Estimate, Output, Role, Step, StepInput, TextFile
from framemill.domain.retiming import retimed
from framemill.domain.units import format_time
from framemill.domain.work import AudioPart, Product, Tap, VideoPart, Work
from framemill.errors import CodecNotInContainer, NoAudioStream
from framemill.operations.building.companions import Companions, Sound, companions, default_sound
from framemill.operations.building.exact import container_for, profile_for, sound_for
from framemill.operations.building.naming import container_wanted, file_name
from framemill.operations.building.recoding import recode
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

# Subtitles as pictures whose packets say by themselves for how long they are shown.
_OWN_CLOCK = {"dvd_subtitle", "dvb_subtitle"}
_AUDIO_BITRATE = 192_000
# What claims more is a container's clock, taken for a rate.
_MOST_RATE = Fraction(240)


def _factor_in(value: object) -> object:
    return value.strip().removesuffix("x") if isinstance(value, str) else value


Factor = Annotated[
    float,
    BeforeValidator(_factor_in),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0.25, "maximum": 10}], "examples": [2]}),
]


class Speed(Spec):
    """Play faster or slower: sound keeps its pitch, the frame rate stays, subtitles and chapters follow."""

    op: Literal["speed"] = "speed"
    version: Literal[1] = 1
    factor: Factor = Field(
        ge=0.25, le=10, description="How many times as fast, from 0.25 to 10: 2 is double speed, 0.5 half."
    )
    keep_pitch: bool = Field(True, description="Off: voices get higher or lower, as with a tape.")
    audio: bool = Field(True, description="Off: the result is silent.")
    profile: str | None = Field(
        None, description="How to encode; without one the source's codec and size are kept."
    )


def plan(spec: Speed, planning: Planning) -> Work:
    """One step. Raises NoAudioStream for a file with neither picture nor sound to keep."""
    product = planning.one(spec.source)
    factor = Fraction(str(spec.factor))
    faster = _readable(retimed(product.media, factor))
    seen = replace(planning, products={**planning.products, spec.source: (replace(product, media=faster),)})
    tap, made, beside, notes, dropped = (
        _sound_alone(spec, seen) if faster.main_video is None else _with_picture(spec, seen, factor)
    )
    tap = replace(
        tap,
        title=f"{spec.factor:g} times as fast, {tap.title}",
        audio=tuple(_played(part, faster, factor, spec, planning) for part in tap.audio),
        extra=(*tap.extra, *(tempo.cues(factor) if beside.subtitles else ())),
    )
    pitch = "its pitch kept" if spec.keep_pitch else "its pitch changed with it"
    told = (
        f"{spec.factor:g} times as fast: {format_time(product.media.duration_us)} become "
        f"{format_time(faster.duration_us)}" + (f"; sound with {pitch}" if tap.audio else ""),
    )
    return Work(
        steps=(_step(tap, product, made.media if beside.chapters_kept else None),),
        products=(made,),
        notes=(*(f"{planning.name}: {text}" for text in told), *notes),
        warnings=("a factor of 1 changes nothing; the file is encoded all the same",) if factor == 1 else (),
        dropped=(*_unreadable(product), *dropped),
    )


Made = tuple[Tap, Product, Companions, tuple[str, ...], tuple[Dropped, ...]]


def _with_picture(spec: Speed, planning: Planning, factor: Fraction) -> Made:
    media = planning.one(spec.source).media
    stream = planning.video_of(planning.one(spec.source))
    profile = profile_for(spec.profile, planning, media, stream)
    container = container_for(spec, profile)
    done = recode(
        spec,
        planning,
        profile=profile,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION,
        wish=sound_for(profile, container, to_the_sample=True) if spec.audio else None,
        rate=min(stream.frame_rate, _MOST_RATE),
    )
    assert done.tap.video is not None
    filters = _timed(done.tap.video, stream, factor, planning)
    tap = replace(done.tap, video=replace(done.tap.video, filters=filters))
    return tap, done.product, done.beside, done.notes, _silenced(spec, media, done.dropped)


def _timed(part: VideoPart, stream: VideoStream, factor: Fraction, planning: Planning) -> tuple[str, ...]:
    """The part's filters at the new times. Only what is shown is worth scaling and tone-mapping."""
    fields = len(picture.deinterlaced(stream, planning.capabilities))
    rate = [f for f in part.filters if f.startswith("fps=")]
    rest = [f for f in part.filters[fields:] if f not in rate]
    return (*part.filters[:fields], *tempo.picture(factor), *rate, *rest)


def _sound_alone(spec: Speed, planning: Planning) -> Made:
    product = planning.one(spec.source)
    media = product.media
    if not media.playable_audio or not spec.audio:
        raise NoAudioStream(f"{product.label!r} has no picture, and no sound to keep")
    container = container_wanted(spec, container_kept(media))
    codec = _codec_for(container)
    wish = Sound(codec=codec, bitrate=_AUDIO_BITRATE)
    beside = companions(media, container, wish, capabilities=planning.capabilities, pictures=0)
    promise = finished.promised(media, stream=None, sounds=beside.tracks)
    tap = Tap(
        key=planning.name,
        operation=spec.op,
        title=codec,
        source=product.ref,
        media=media,
        output=Output(
            id=f"{planning.name}/file",
            path=f"{planning.name}.{container.extension}",
            publish=file_name(spec, planning, container.extension),
            role=Role.AUDIO,
            promise=promise,
        ),
        audio=beside.audio,
        extra=beside.extra,
        mux=muxing.finished(container.name),
        estimate=copying(media.size) + Estimate(cpu_ms=media.duration_us // 50_000),
    )
    made = finished.predicted(
        promise,
        demuxer=container.demuxer,
        size=media.size,
        tracks=[track for track, _, _ in beside.tracks],
        subtitles=beside.subtitles,
        chapters=media.chapters if container.chapters else (),
    )
    dropped = left_behind.from_source(
        product.label,
        media,
        kept=beside.kept,
        chapters_kept=beside.chapters_kept,
        reasons=dict(beside.reasons),
    )
    notes = tuple(f"{planning.name}: {text}" for text in beside.notes)
    return tap, Product(ref=tap.output.id, label=planning.name, media=made), beside, notes, dropped


def _codec_for(container: Container) -> str:
    if not container.audio_only:
        # Sound alone in a container for films: what its players expect beside a picture.
        return "aac" if "aac" in container.audio else default_sound(container)
    if not container.audio:
        raise CodecNotInContainer(codec="sound", container=container.name)
    return default_sound(container)


def _played(
    part: AudioPart, media: MediaInfo, factor: Fraction, spec: Speed, planning: Planning
) -> AudioPart:
    (track,) = (a for a in media.audio if a.index == part.stream)
    filters = tempo.sound(
        factor,
        sample_rate=track.sample_rate,
        keep_pitch=spec.keep_pitch,
        capabilities=planning.capabilities,
    )
    # The first filter fills a late start, which is then stretched like everything else.
    return replace(part, filters=(*part.filters, *filters))


def _step(tap: Tap, product: Product, made: MediaInfo | None) -> Step:
    chapters = made.chapters if made is not None else ()
    listed = (TextFile(name="chapters.txt", content=muxing.chapter_text(chapters)),) if chapters else ()
    argv = lone.whole(tap, opened=muxing.chapter_input() if listed else (), chapters="1" if listed else "-1")
    film = product.media.main_video
    return Step(
        key=tap.key,
        operation=tap.operation,
        title=tap.title,
        commands=(Command(tool="ffmpeg", argv=argv, duration_us=tap.media.duration_us),),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=(tap.output,),
        texts=listed,
        estimate=tap.estimate
        + (
            decoding(
                size=(film.width, film.height),
                rate=film.frame_rate,
                duration_us=product.media.duration_us,
            )
            if film
            else Estimate()
        ),
    )


def _readable(media: MediaInfo) -> MediaInfo:
    """Without the subtitles that cannot be shown for another time than they say."""
    return replace(media, subtitles=tuple(s for s in media.subtitles if s.codec not in _OWN_CLOCK))


def _unreadable(product: Product) -> tuple[Dropped, ...]:
    lost: Iterable[SubtitleStream] = (s for s in product.media.subtitles if s.codec in _OWN_CLOCK)
    return tuple(
        Dropped(
            source=product.label,
            stream=left_behind.describe(sub),
            reason="its pictures say for how long they are shown, which cannot be changed by copy",
        )
        for sub in lost
    )


def _silenced(spec: Speed, media: MediaInfo, dropped: tuple[Dropped, ...]) -> tuple[Dropped, ...]:
    if spec.audio:
        return dropped
    silenced = {left_behind.describe(track) for track in media.audio}
    return tuple(replace(d, reason="removed as asked") if d.stream in silenced else d for d in dropped)
