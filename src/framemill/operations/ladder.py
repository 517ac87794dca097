"""Several renditions from one decode, keyframes aligned, sound encoded once."""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from framemill.commands import muxing, picture, video
from framemill.domain import hdr, left_behind, promises
from framemill.domain.estimates import copying, encoding
from framemill.domain.ladder import Rung, capped_rate, keyframe_every_us, rungs_named, size_at
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.per_title import Choice
from framemill.domain.plan import Output, Role, Step
from framemill.domain.profiles import Profile
from framemill.domain.units import US
from framemill.domain.work import Product, Tap, VideoPart, Work
from framemill.operations.building.ladder_tracks import sound_tap, text_tap
from framemill.operations.building.naming import in_folder
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
    caps: bool = Field(
        True,
        description="Hold each rung below its bit rate, for players on thin lines; off: as many bits as `crf`"
        " asks for.",
    )
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
    media, stream = product.media, planning.video_of(product)
    rungs, warnings = fitting(_tried(spec), stream, strict=spec.strict)
    crfs = {rung.name: spec.crf for rung in rungs}
    reasons: tuple[str, ...] = ()
    if spec.quality == "auto":
        choice = _chosen(spec, planning, stream, rungs)
        rungs, reasons = tuple(step.rung for step in choice.steps), choice.reasons
        crfs = {step.rung.name: int(step.crf) for step in choice.steps}
    rates, late = rates_of(stream, rungs, keyframe_us=spec.keyframe)
    warnings += late
    parts = [
        _picture(
            spec, planning, stream, rung, rate=rate, profile=_profile(spec, crfs[rung.name], _cap(spec, rung))
        )
        for rung, rate in zip(rungs, rates, strict=True)
    ]
    taps = [
        _tap(spec, planning, product, stream, rung, rate=rate, part=part, cap=_cap(spec, rung))
        for rung, rate, (part, _) in zip(rungs, rates, parts, strict=True)
    ]
    sounds = [
        sound_tap(planning, product, track, number, rungs[0])
        for number, track in enumerate(media.playable_audio)
    ]
    made = [
        Product(ref=tap.output.id, label=rung.name, media=_predicted(tap, stream, rate))
        for tap, rung, rate in zip(taps, rungs, rates, strict=True)
    ]
    heard = [
        Product(
            ref=tap.output.id,
            label=f"audio{number}",
            media=promises.predicted_sound(tap.output.promise, tap.audio[0], track),
        )
        for number, (tap, track) in enumerate(zip(sounds, media.playable_audio, strict=True))
    ]
    texts = [text_tap(planning, product, text, number) for number, text in enumerate(media.text_subtitles)]
    read = [
        Product(ref=tap.output.id, label=f"subtitles{number}", media=promises.predicted_text(text, media))
        for number, (tap, text) in enumerate(zip(texts, media.text_subtitles, strict=True))
    ]
    muxes = [
        _mux(spec, planning, rung, (shown, *heard, *read), media)
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
            media,
            kept=(
                stream.index,
                *(s.index for s in (*media.playable_audio, *media.text_subtitles)),
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


def _cap(spec: Ladder, rung: Rung) -> int | None:
    return rung.video_bps if spec.caps else None


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


def _mux(spec: Ladder, planning: Planning, rung: Rung, parts: tuple[Product, ...], media: MediaInfo) -> Step:
    return muxing.joined(
        key=f"{planning.name}:{rung.name}:mp4",
        title=f"mux {rung.name}",
        operation="ladder",
        parts=parts,
        chapters=media.chapters,
        output=Output(
            id=f"{planning.name}/{rung.name}.mp4",
            path=f"{rung.name}.mp4",
            publish=in_folder(spec, f"{rung.name}.mp4"),
            role=Role.RENDITION,
            promise=promises.joined([part.media for part in parts]),
        ),
        estimate=copying(sum(part.media.size for part in parts)),
    )


def _predicted(tap: Tap, stream: VideoStream, rate: Fraction | None) -> MediaInfo:
    shown, size = hdr.tone_mapped(stream), tap.estimate.output_bytes
    return promises.predicted_picture(tap.output.promise, shown, rate=rate or stream.frame_rate, size=size)
