"""A source's picture prepared, drawn on by a chain, and encoded into one file with all that goes along."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from framemill.commands import lone, picture, source
from framemill.domain.containers import Container
from framemill.domain.estimates import decoding
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Command, Estimate, Role, Step, StepInput
from framemill.domain.profiles import Profile
from framemill.domain.promises import end_of
from framemill.domain.work import Product, Tap, Work
from framemill.operations.building.companions import Sound, default_sound
from framemill.operations.building.exact import container_for, profile_for
from framemill.operations.building.naming import file_name
from framemill.operations.building.recoding import keeps_hdr, recode
from framemill.operations.chain.canvas import Canvas
from framemill.operations.chain.drawing import drawn, titled
from framemill.operations.chain.looks import Deinterlace
from framemill.operations.chain.values import Item
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

_AUDIO_BITRATE = 192_000
# Codecs that we encode as well as decode, so that changed sound stays what it was.
_KEPT_SOUND = {"aac", "mp3", "opus", "vorbis", "flac", "alac", "ac3", "pcm_s16le", "pcm_s24le"}


def encoded(spec: Spec, planning: Planning, chain: Sequence[Item], *, profile_name: str | None) -> Work:
    """The work of a chain on a source with a picture; NoVideoStream where there is none."""
    product = planning.one(spec.source)
    media, stream = product.media, planning.video_of(product)
    profile = profile_for(profile_name, planning, media, stream)
    container = container_for(spec, profile)
    before, clean = _prepared(planning, stream, profile, chain)
    canvas = drawn(
        Canvas(
            planning=planning,
            source=spec.source,
            stream=clean,
            width=clean.width,
            height=clean.height,
            rate=clean.frame_rate,
            irregular=clean.is_vfr,
            end_us=end_of(media, stream)[0],
            sound_end_us=max((end_of(media, track)[0] for track in media.playable_audio), default=0),
            bits=profile.bit_depth,
            has_sound=media.main_audio is not None,
        ),
        chain,
    )
    after = replace(
        clean,
        width=canvas.width,
        height=canvas.height,
        frame_rate=canvas.rate,
        nominal_rate=None,
        is_vfr=canvas.irregular,
        frame_count=None,
    )
    # Encoded as if the chain's result were the source: sizes and rates that are promised are then right.
    shown = replace(media, video=tuple(after if v is stream else v for v in media.video))
    seen = replace(planning, products={**planning.products, spec.source: (replace(product, media=shown),)})
    done = recode(
        spec,
        seen,
        profile=profile,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION,
        wish=sound_for(media, container, profile if profile_name else None, filters=canvas.sound),
        # AVI gives every frame the same length, FLV whole milliseconds, at which close frames collide.
        rate=canvas.rate if container.name in {"avi", "flv"} and canvas.irregular else None,
    )
    assert done.tap.video is not None
    last = tuple(f for f in done.tap.video.filters if f not in picture.SHOW_FIRST_FROM_ZERO)
    tap = replace(
        done.tap,
        title=f"{titled(chain)}: {done.tap.title}",
        media=media,
        video=replace(done.tap.video, filters=(*before, *canvas.picture, *last)),
    )
    alone = bool(canvas.overlays or canvas.fonts or canvas.shaken is not None)
    work = done.work()
    return replace(
        work,
        taps=() if alone else (tap,),
        steps=(_step(tap, canvas, product, before),) if alone else (),
        notes=(
            *work.notes,
            *(
                f"{planning.name}: {text}"
                for text in (*canvas.notes, *_told(stream, clean, canvas, done.product))
            ),
        ),
        warnings=tuple(f"{planning.name}: {text}" for text in canvas.warnings),
    )


def sound_for(
    media: MediaInfo, container: Container, profile: Profile | None, *, filters: tuple[str, ...]
) -> Sound:
    """How sound is wanted: as the profile says, else as it is, and in its own codec where it is changed."""
    if profile is None:
        main = media.main_audio
        own = main is not None and main.codec in _KEPT_SOUND & container.audio
        return Sound(
            codec=main.codec if main is not None and own else default_sound(container),
            bitrate=_AUDIO_BITRATE,
            copied=container.audio,
            filters=filters,
        )
    copies = profile.audio_codec == "copy"
    fits = profile.audio_codec in container.audio
    codec = profile.audio_codec if fits else default_sound(container)
    return Sound(
        codec=codec,
        bitrate=profile.audio_bitrate,
        channels=profile.channels,
        copied=container.audio if copies else frozenset({codec}),
        copy_up_to=None if copies else profile.audio_bitrate,
        filters=filters,
    )


def _prepared(
    planning: Planning, stream: VideoStream, profile: Profile, chain: Sequence[Item]
) -> tuple[tuple[str, ...], VideoStream]:
    """Filters for an upright picture of square pixels in 4:2:0, and the stream that it is then."""
    keep_hdr = keeps_hdr(stream, profile)
    # Who asks for deinterlacing says when; done twice it would only soften.
    asked = any(isinstance(item, Deinterlace) for item in chain)
    opened = replace(stream, field_order="progressive") if asked else stream
    width, height = picture.natural_size(stream)
    filters = picture.filters_for(
        opened,
        size=(width, height),
        capabilities=planning.capabilities,
        bit_depth=profile.bit_depth,
        keep_hdr=keep_hdr,
    )
    clean = replace(
        opened,
        width=width,
        height=height,
        sar=Fraction(1),
        rotation=0,
        field_order="progressive",
        pixel_format="yuv420p10le" if profile.bit_depth == 10 else "yuv420p",
        bit_depth=min(stream.bit_depth, profile.bit_depth),
        color_range="tv",
    )
    space = stream.color_space
    if (stream.hdr is not None and not keep_hdr) or picture.is_rgb(stream):
        space = "bt709"
    elif space is None and picture.planar_yuv(stream):
        space = picture.guessed_space(stream)
    if space != stream.color_space or (stream.hdr is not None and not keep_hdr):
        clean = replace(clean, color_space=space, color_transfer=space, color_primaries=space)
    return filters, clean


def _told(stream: VideoStream, clean: VideoStream, canvas: Canvas, made: Product) -> list[str]:
    said = []
    if stream.hdr is not None and clean.hdr is None:
        said.append("HDR tone-mapped to BT.709 before the chain, as the codec shows no HDR")
    if stream.interlaced:
        said.append("interlaced fields joined into frames")
    if stream.display_width % 2 or stream.display_height % 2:
        said.append(
            f"{stream.display_width}x{stream.display_height} brought to {clean.width}x{clean.height} before "
            "the chain: colours are stored for two pixels at a time"
        )
    result = made.media.main_video
    if result is not None and (result.width, result.height) != (canvas.width, canvas.height):
        said.append(
            f"the chain makes {canvas.width}x{canvas.height}, which the profile limits to "
            f"{result.width}x{result.height}"
        )
    return said


def _step(tap: Tap, canvas: Canvas, product: Product, before: tuple[str, ...]) -> Step:
    assert tap.video is not None
    part = tap.video
    opened = (
        *("-nostdin", "-hide_banner", "-y"),
        *source.read("source", demuxer=tap.media.container),
        *(arg for o in canvas.overlays for arg in source.read_picture(o.name, demuxer=o.demuxer)),
    )

    def graph(filters: tuple[str, ...]) -> tuple[str, ...]:
        return ("-filter_complex", f"[0:{part.stream}]{','.join(filters)}[v]", "-map", "[v]")

    length = tap.media.duration_us
    passes = []
    if canvas.shaken is not None:
        passes.append((*opened, *graph((*before, *canvas.shaken)), *("-f", "null", "-")))
    passes.append(
        (
            *opened,
            *graph(part.filters),
            *part.args,
            *(arg for number, sound in enumerate(tap.audio) for arg in lone.audio(sound, number)),
            *tap.extra,
            *tap.mux,
            f"file:out/{tap.output.path}",
        )
    )
    own = [
        Command(tool="builtin", argv=argv)
        for font in canvas.fonts
        for argv in (
            *((("default_font", f"in/{font.name}"),) if font.ref is None else ()),
            ("font_letters", f"in/{font.name}", *(f"in/{text}" for text in font.texts)),
        )
    ]
    stream = next(v for v in tap.media.video if v.index == part.stream)
    read = decoding(size=(stream.width, stream.height), rate=stream.frame_rate, duration_us=length)
    return Step(
        key=tap.key,
        operation=tap.operation,
        title=tap.title,
        commands=(*own, *(Command(tool="ffmpeg", argv=argv, duration_us=length) for argv in passes)),
        inputs=(
            StepInput(name="source", ref=product.ref),
            *(StepInput(name=overlay.name, ref=overlay.ref) for overlay in canvas.overlays),
            *(StepInput(name=font.name, ref=font.ref) for font in canvas.fonts if font.ref is not None),
        ),
        outputs=(tap.output,),
        texts=canvas.texts,
        estimate=sum((read for _ in passes), tap.estimate + Estimate()),
    )
