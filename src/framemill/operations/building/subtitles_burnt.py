"""Subtitles drawn into the picture: of a file, of a text track, or of a track of pictures."""

from dataclasses import replace

from framemill.commands import burning
from framemill.domain import promises
from framemill.domain.media import Hdr, MediaInfo, SubtitleStream
from framemill.domain.plan import Command, Dropped, Role, Step, StepInput, TextFile
from framemill.domain.profiles import Profile
from framemill.domain.work import Product, Work
from framemill.errors import InvalidSpec, NotSupported
from framemill.operations.building.companions import Sound, default_sound
from framemill.operations.building.exact import container_for, profile_for
from framemill.operations.building.naming import file_name
from framemill.operations.building.recoding import Recoding, keeps_hdr, recode
from framemill.operations.building.subtitle_style import SubtitleStyle, overrides, own_style
from framemill.operations.building.subtitle_tracks import (
    behind_the_end,
    called,
    chosen,
    is_bitmap,
    options,
    read_as,
)
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

# Where white of ordinary pictures lies in the signal of HDR (ITU-R BT.2408): brighter text would dazzle.
_LIGHT = {Hdr.PQ: 0.58, Hdr.HLG: 0.75}


def burnt(
    spec: Spec,
    planning: Planning,
    *,
    file: str | None,
    track: int | str | None,
    style: SubtitleStyle | None,
    font: str | None,
    charset: str | None,
    profile: str | None,
) -> Work:
    """One step. Raises NoVideoStream, NoSubtitleStream, NotSupported for what cannot be drawn."""
    product = planning.one(spec.source)
    media, stream = product.media, planning.video_of(product)
    chosen_profile = profile_for(profile, planning, media, stream)
    shown = chosen(planning, media, product.label, track) if file is None else None
    if shown is not None and not shown.is_text and not is_bitmap(shown):
        raise NotSupported(f"{called(shown)} cannot be drawn", hint="give the subtitles as a file")
    pictures = shown if shown is not None and not shown.is_text else None
    needed = "ass" if pictures is None else "overlay"
    if not planning.capabilities.has_filter(needed):
        raise NotSupported(
            f"this ffmpeg cannot draw subtitles: it has no {needed} filter", hint="use the bundled ffmpeg"
        )
    if pictures is not None and (style is not None or font is not None):
        raise InvalidSpec(
            f"{called(pictures)} consists of pictures, which have no style", hint="leave out style and font"
        )
    done = _recoded(spec, planning, shown, chosen_profile)
    light = _LIGHT.get(stream.hdr, 1.0) if stream.hdr and keeps_hdr(stream, chosen_profile) else 1.0
    if pictures is not None:
        frame_us = promises.frame_us(stream.frame_rate)
        bitmaps = burning.Bitmaps(stream=pictures.index, frame_us=frame_us, light=light)
        return _work(
            spec,
            planning,
            done,
            product,
            shown=shown,
            commands=(burning.burnt(done.tap, bitmaps=bitmaps),),
        )
    told = _told(planning, done, file, shown, style, font, charset=charset, light=light)
    warnings = (
        () if file is None else (*read_as(planning, file, charset), *behind_the_end(planning, file, media))
    )
    work = _work(
        spec,
        planning,
        done,
        product,
        shown=shown,
        commands=(
            ("subtitle_fonts",),
            *(() if shown is None else (_taken(media, shown),)),
            ("subtitle_burnable", _text_of(shown), burning.DRAWN, f"in/{told.name}"),
            burning.burnt(done.tap),
        ),
        texts=(told,),
        further=(
            *(() if file is None else (StepInput(name="subtitles", ref=file),)),
            *(() if font is None else (StepInput(name="font", ref=font),)),
        ),
    )
    return replace(work, warnings=warnings)


def _recoded(spec: Spec, planning: Planning, shown: SubtitleStream | None, profile: Profile) -> Recoding:
    product = planning.one(spec.source)
    container = container_for(spec, profile)
    # What is drawn into the picture does not also travel beside it.
    beside = tuple(s for s in product.media.subtitles if s is not shown)
    seen = replace(product, media=replace(product.media, subtitles=beside))
    fits = profile.audio_codec in container.audio
    return recode(
        spec,
        replace(planning, products={**planning.products, spec.source: (seen,)}),
        profile=profile,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION,
        wish=Sound(
            codec=profile.audio_codec if fits else default_sound(container),
            bitrate=profile.audio_bitrate,
            copied=container.audio,
        ),
    )


def _work(
    spec: Spec,
    planning: Planning,
    done: Recoding,
    product: Product,
    *,
    shown: SubtitleStream | None,
    commands: tuple[tuple[str, ...], ...],
    texts: tuple[TextFile, ...] = (),
    further: tuple[StepInput, ...] = (),
) -> Work:
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"subtitles drawn in, {done.tap.title}",
        commands=tuple(
            Command(tool="builtin", argv=argv)
            if argv[0].startswith("subtitle_")
            else Command(tool="ffmpeg", argv=argv, duration_us=product.media.duration_us)
            for argv in commands
        ),
        inputs=(StepInput(name="source", ref=product.ref), *further),
        outputs=(done.tap.output,),
        texts=texts,
        estimate=done.tap.estimate,
    )
    drawn = (
        ()
        if shown is None
        else (Dropped(source=product.label, stream=called(shown), reason="it is drawn into the picture"),)
    )
    return Work(steps=(step,), products=(done.product,), notes=done.notes, dropped=(*drawn, *done.dropped))


def _taken(media: MediaInfo, shown: SubtitleStream) -> tuple[str, ...]:
    return burning.taken_out(
        media, ((shown, _text_of(shown).removeprefix("out/")),), fonts=burning.fonts_of(media)
    )


def _text_of(shown: SubtitleStream | None) -> str:
    if shown is None:
        return "in/subtitles"
    return "out/track.ass" if shown.codec in {"ass", "ssa"} else "out/track.srt"


def _told(
    planning: Planning,
    done: Recoding,
    file: str | None,
    shown: SubtitleStream | None,
    style: SubtitleStyle | None,
    font: str | None,
    *,
    charset: str | None,
    light: float,
) -> TextFile:
    promise = done.tap.output.promise
    assert promise.width is not None
    assert promise.height is not None
    wish, size = style or SubtitleStyle.model_validate({}), (promise.width, promise.height)
    return options(
        "style.json",
        called(shown) if shown is not None else planning.stem(file or ""),
        track=shown is not None,
        charset=charset,
        font=None if font is None else "in/font",
        light=light,
        styles=own_style(wish, size=size),
        own_styles=overrides(wish, size=size),
    )
