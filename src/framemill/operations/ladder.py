"""Several renditions from one decode, keyframes aligned, sound encoded once."""

from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from framemill.commands import muxing, picture, sound, video
from framemill.domain import hdr, left_behind, promises
from framemill.domain.estimates import copying, encoding
from framemill.domain.ladder import Rung, capped_rate, keyframe_every_us, rungs_named, size_at
from framemill.domain.media import AudioStream, MediaInfo, SubtitleStream, VideoStream
from framemill.domain.per_title import Choice
from framemill.domain.plan import Output, Promise, Role, Step
from framemill.domain.profiles import Profile
from framemill.domain.units import US
from framemill.domain.work import Product, Tap, VideoPart, Work
from framemill.operations.building.per_title import chosen
from framemill.operations.building.picturing import picture_part
from framemill.operations.building.rungs import fitting, rates_of
from framemill.operations.planning import Planning
from framemill.operations.profiles import make_profile
from framemill.operations.spec import HardwareWish, Spec, Time

_FIXED = ("720p", "480p", "360p")


class Ladder(Spec):
    """Encode the main video once per rung, never larger than the source; all tracks of sound once."""

    op: Literal["ladder"] = "ladder"
    version: Literal[1] = 1
    qualities: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        None,
        description="Rungs by their short side: 2160p, 1440p, 1080p, 720p, 480p, 360p, 240p. Unset: 720p,"
        " 480p and 360p; with quality=auto all that fit.",
    )
    quality: Literal["fixed", "auto"] = Field(
        "fixed",
        description="auto: samples of the film decide which rungs it needs, their crf and caps.",
    )
    codec: Literal["h264", "hevc", "av1"] = Field("h264", description="Video codec. H.264 plays everywhere.")
    crf: int = Field(23, ge=0, le=51, description="Constant quality below each rung's bit rate cap.")
    preset: str = Field(
        "medium",
        description="Encoder speed preset. Of x264's medium, what costs a sixth of its time and gains nothing"
        " is left out.",
    )
    keyframe: Time = Field(
        2 * US,
        description="Keyframe distance, the same instants in every rendition. "
        "2 s: players can switch and seek quickly.",
    )
    strict: bool = Field(
        False, description="Refuse rungs taller than the source instead of leaving them out."
    )
    hardware: HardwareWish = None


def plan(spec: Ladder, planning: Planning) -> Work:
    """One tap per rung and one for each sound track, then a muxed MP4 per rung."""
    product = planning.one(spec.source)
    stream = planning.video_of(product)
    rungs, warnings = fitting(_tried(spec), stream, strict=spec.strict)
    crfs = {rung.name: spec.crf for rung in rungs}
    reasons: tuple[str, ...] = ()
    if spec.quality == "auto":
        choice = _chosen(spec, planning, stream, rungs)
        rungs, reasons = tuple(step.rung for step in choice.steps), choice.reasons
        crfs = {step.rung.name: int(step.crf) for step in choice.steps}
    folder = f"{spec.output}/" if spec.output else ""
    rates, late = rates_of(stream, rungs, keyframe_us=spec.keyframe)
    warnings += late
    parts = [
        _picture(
            spec, planning, stream, rung, rate=rate, profile=_profile(spec, crfs[rung.name], rung.video_bps)
        )
        for rung, rate in zip(rungs, rates, strict=True)
    ]
    taps = [
        _tap(spec, planning, product, stream, rung, rate=rate, part=part, cap=rung.video_bps)
        for rung, rate, (part, _) in zip(rungs, rates, parts, strict=True)
    ]
    sounds = [
        _sound_tap(planning, product, track, number, rungs[0])
        for number, track in enumerate(product.media.playable_audio)
    ]
    made = [
        Product(ref=tap.output.id, label=rung.name, media=_predicted(tap, stream, rate))
        for tap, rung, rate in zip(taps, rungs, rates, strict=True)
    ]
    heard = [
        Product(ref=tap.output.id, label=f"audio{number}", media=_predicted_sound(tap, track))
        for number, (tap, track) in enumerate(zip(sounds, product.media.playable_audio, strict=True))
    ]
    texts = [
        _text_tap(planning, product, text, number) for number, text in enumerate(product.media.text_subtitles)
    ]
    read = [
        Product(ref=tap.output.id, label=f"subtitles{number}", media=_predicted_text(text, product.media))
        for number, (tap, text) in enumerate(zip(texts, product.media.text_subtitles, strict=True))
    ]
    muxes = [
        _mux(planning, rung, (shown, *heard, *read), product.media, folder)
        for rung, shown in zip(rungs, made, strict=True)
    ]
    return Work(
        taps=(*taps, *sounds, *texts),
        steps=tuple(muxes),
        products=(*made, *heard, *read),
        notes=(
            f"{planning.name}: one decode feeds {', '.join(r.name for r in rungs)} in {spec.codec}",
            *(f"{planning.name}: {reason}" for reason in reasons),
            *((f"{planning.name}: sound encoded once to AAC",) if sounds else ()),
            *(f"{planning.name}: {text}" for text in dict.fromkeys(t for _, said in parts for t in said)),
        ),
        warnings=tuple(warnings),
        dropped=left_behind.from_source(
            product.label,
            product.media,
            kept=(
                stream.index,
                *(s.index for s in (*product.media.playable_audio, *product.media.text_subtitles)),
            ),
        ),
    )


def _tried(spec: Ladder) -> tuple[Rung, ...] | None:
    """The rungs to choose from; None where any that the source is large enough for will do."""
    if spec.qualities is not None:
        return rungs_named(spec.qualities)
    return rungs_named(_FIXED) if spec.quality == "fixed" else None


def _chosen(spec: Ladder, planning: Planning, stream: VideoStream, rungs: tuple[Rung, ...]) -> Choice:
    """The rungs that this film needs, from trials at the source's own rate and without caps."""
    product = planning.one(spec.source)
    rates, _ = rates_of(stream, rungs, keyframe_us=spec.keyframe)
    # In software, whatever does the work: its measure is known.
    plain = spec.model_copy(update={"hardware": "off"})
    wanted = []
    for rung, rate in zip(rungs, rates, strict=True):
        part, _ = _picture(plain, planning, stream, rung, rate=None, profile=_profile(spec, spec.crf, None))
        tap = _tap(spec, planning, product, stream, rung, rate=None, part=part, cap=None)
        wanted.append((rung, tap, rate or stream.frame_rate))
    return chosen(planning, product.ref, wanted, crf=spec.crf, bit_depth=_depth(spec))


def _depth(spec: Ladder) -> int:
    return 10 if spec.codec == "av1" else 8


def _profile(spec: Ladder, crf: int, cap: int | None) -> Profile:
    return make_profile(
        name="rung",
        codec=spec.codec,
        crf=crf,
        max_bitrate=cap,
        preset=spec.preset,
        bit_depth=_depth(spec),
    )


def _picture(
    spec: Ladder,
    planning: Planning,
    stream: VideoStream,
    rung: Rung,
    *,
    rate: Fraction | None,
    profile: Profile,
) -> tuple[VideoPart, tuple[str, ...]]:
    every = keyframe_every_us(capped_rate(stream.frame_rate, 30), spec.keyframe)
    return picture_part(
        planning,
        stream,
        profile,
        filters=picture.filters_for(
            stream,
            size=size_at(stream, rung.short_side),
            capabilities=planning.capabilities,
            bit_depth=profile.bit_depth,
            rate=rate,
        ),
        rate=rate or stream.frame_rate,
        hardware=spec.hardware,
        vfr=stream.is_vfr and rate is None,
        keyframes=video.Keyframes(every_us=every),
    )


def _tap(
    spec: Ladder,
    planning: Planning,
    product: Product,
    stream: VideoStream,
    rung: Rung,
    *,
    rate: Fraction | None,
    part: VideoPart,
    cap: int | None,
) -> Tap:
    size = size_at(stream, rung.short_side)
    shown_rate = rate or stream.frame_rate
    return Tap(
        key=f"{planning.name}:{rung.name}",
        operation=spec.op,
        title=rung.name,
        source=product.ref,
        media=product.media,
        output=Output(
            id=f"{planning.name}/{rung.name}",
            path=f"{planning.name}-{rung.name}.mp4",
            role=Role.INTERMEDIATE,
            promise=promises.picture_only(
                product.media, stream, size=size, codec=spec.codec, rate=shown_rate
            ),
        ),
        video=part,
        mux=muxing.intermediate("mp4"),
        estimate=encoding(
            codec=spec.codec,
            size=size,
            rate=shown_rate,
            duration_us=product.media.duration_us,
            preset=spec.preset,
            max_bitrate=cap,
        ),
    )


def _sound_tap(planning: Planning, product: Product, track: AudioStream, number: int, top: Rung) -> Tap:
    return Tap(
        key=f"{planning.name}:audio{number}",
        operation="ladder",
        title="sound" if number == 0 else f"sound {number + 1}",
        source=product.ref,
        media=product.media,
        output=Output(
            id=f"{planning.name}/audio{number}",
            path=f"{planning.name}-audio{number}.m4a",
            role=Role.INTERMEDIATE,
            promise=promises.sound_only(product.media, track, codec="aac"),
        ),
        audio=(
            sound.encode(
                track,
                codec="aac",
                bitrate=top.audio_bps,
                capabilities=planning.capabilities,
                # Players agree on 48 kHz at most.
                sample_rate=min(track.sample_rate, 48_000),
            ),
        ),
        mux=muxing.intermediate("m4a"),
    )


def _text_tap(planning: Planning, product: Product, text: SubtitleStream, number: int) -> Tap:
    return Tap(
        key=f"{planning.name}:subtitles{number}",
        operation="ladder",
        title="subtitles" if number == 0 else f"subtitles {number + 1}",
        source=product.ref,
        media=product.media,
        output=Output(
            id=f"{planning.name}/subtitles{number}",
            path=f"{planning.name}-subtitles{number}.vtt",
            role=Role.INTERMEDIATE,
            promise=Promise(kind="data"),
        ),
        extra=("-map", f"0:{text.index}", "-c:s", "webvtt"),
        mux=("-f", "webvtt"),
    )


def _mux(planning: Planning, rung: Rung, parts: tuple[Product, ...], media: MediaInfo, folder: str) -> Step:
    return muxing.joined(
        key=f"{planning.name}:{rung.name}:mp4",
        title=f"mux {rung.name}",
        operation="ladder",
        parts=parts,
        chapters=media.chapters,
        output=Output(
            id=f"{planning.name}/{rung.name}.mp4",
            path=f"{rung.name}.mp4",
            publish=f"{folder}{rung.name}.mp4",
            role=Role.RENDITION,
            promise=promises.joined([part.media for part in parts]),
        ),
        estimate=copying(sum(part.media.size for part in parts)),
    )


def _predicted(tap: Tap, stream: VideoStream, rate: Fraction | None) -> MediaInfo:
    shown, size = hdr.tone_mapped(stream), tap.estimate.output_bytes
    return promises.predicted_picture(tap.output.promise, shown, rate=rate or stream.frame_rate, size=size)


def _predicted_sound(tap: Tap, track: AudioStream) -> MediaInfo:
    return promises.predicted_sound(tap.output.promise, tap.audio[0], track)


def _predicted_text(text: SubtitleStream, media: MediaInfo) -> MediaInfo:
    webvtt = replace(text, index=0, codec="webvtt", start_us=0)
    return MediaInfo(container="webvtt", duration_us=media.duration_us, size=0, subtitles=(webvtt,))
