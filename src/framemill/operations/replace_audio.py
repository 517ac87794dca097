"""Another file's sound under a picture that stays untouched: instead of its own, or mixed with it."""

from dataclasses import replace
from typing import Literal

from pydantic import Field

from framemill.commands import lone, overlaying, sound
from framemill.commands.overlaying import Overlay
from framemill.domain import left_behind
from framemill.domain.containers import Container
from framemill.domain.left_behind import describe
from framemill.domain.media import AudioStream, MediaInfo, VideoStream
from framemill.domain.plan import Dropped, Role, StepInput
from framemill.domain.promises import end_of
from framemill.domain.units import format_time
from framemill.domain.work import AudioPart, Product, Work
from framemill.errors import TimeOutOfRange
from framemill.operations.building.companions import default_sound
from framemill.operations.building.copying import Heard, copied, copying_container
from framemill.operations.building.naming import file_name
from framemill.operations.planning import Planning
from framemill.operations.spec import Level, MediaRef, Spec, Time

_BITRATE = 192_000
# A track that ends so little before the picture needs no silence after it.
_EARLY_US = 500_000


class ReplaceAudio(Spec):
    """Put another sound under the picture, which stays untouched, or mix it with what is there."""

    op: Literal["replace_audio"] = "replace_audio"
    version: Literal[1] = 1
    audio: MediaRef = Field(description="The file whose sound it gets: music, a voice, another recording.")
    mix: bool = Field(False, description="On: mixed with the present sound, instead of replacing it.")
    volume: Level = Field(1.0, description="Level of the new sound: 0.5, 50% or -6dB; up to 10 (20dB).")
    loop: bool = Field(False, description="Repeat the new sound until the picture ends.")
    start: Time = Field(0, description="Where in the new sound to begin.")
    offset: Time = Field(0, description="Where under the picture the new sound begins; silence before it.")
    fade_out: Time = Field(0, description="How long the new sound fades at its end.")


def plan(spec: ReplaceAudio, planning: Planning) -> Work:
    """One step that copies the picture. Raises NoAudioStream, NoVideoStream and TimeOutOfRange."""
    product, music = planning.one(spec.source), planning.one(spec.audio)
    media = product.media
    track = planning.audio_of(music)
    own = media.main_audio if spec.mix else None
    # Sound alone may be mixed with; to replace it would leave nothing of the source.
    stream = media.main_video if own is not None else planning.video_of(product)
    container = copying_container(spec, media, stream)
    overlay = _overlay(spec, media, stream, own, music.media, track)
    if own is None:
        heard = _replaced(spec, planning, media, container, music, track, overlay)
    else:
        heard = _mixed(planning, media, container, music, track, overlay, own)
    work = copied(
        spec,
        planning,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION if stream else Role.AUDIO,
        wish=None,
        reasons={} if own else {a.index: "replaced as asked" for a in media.audio},
        heard=heard,
    )
    missing = spec.mix and own is None
    return replace(
        work,
        notes=(
            *(
                (f"{planning.name}: there is no sound to mix with: the new one stands alone",)
                if missing
                else ()
            ),
            *work.notes,
        ),
        dropped=(*(work.dropped or ()), *_unused(music, track)),
    )


def _overlay(
    spec: ReplaceAudio,
    media: MediaInfo,
    stream: VideoStream | None,
    own: AudioStream | None,
    music: MediaInfo,
    track: AudioStream,
) -> Overlay:
    # Nothing of what stays is cut: present sound may go on after the picture.
    length = max(end_of(media, s)[0] for s in (stream, own) if s is not None)
    lasts = end_of(music, track)[0] - spec.start
    if lasts <= 0:
        raise TimeOutOfRange(
            f"the new sound would start at {format_time(spec.start)} but is over before that",
            hint="choose an earlier start",
        )
    if spec.offset >= length:
        raise TimeOutOfRange(
            f"the new sound would begin at {format_time(spec.offset)} but the picture ends at "
            f"{format_time(length)}",
            hint="choose a smaller offset",
        )
    looped = spec.loop and lasts < length - spec.offset
    return Overlay(
        length_us=length,
        start_us=spec.start,
        offset_us=spec.offset,
        ends_us=length if looped else min(length, spec.offset + lasts),
        level=spec.volume,
        fade_out_us=spec.fade_out,
        looped=looped,
    )


def _replaced(
    spec: ReplaceAudio,
    planning: Planning,
    media: MediaInfo,
    container: Container,
    music: Product,
    track: AudioStream,
    overlay: Overlay,
) -> Heard:
    why = _why_encoded(spec, container, track, overlay)
    said = f"{describe(track)} of {music.label}"
    if why is None:
        part, codec, channels = sound.copy(track), track.codec, track.channels
        note = f"{said} copied"
    else:
        codec = default_sound(container)
        channels = sound.kept_channels(track, codec)
        made = sound.encode(
            track,
            codec=codec,
            bitrate=_BITRATE,
            capabilities=planning.capabilities,
            pad_start=not overlay.looped,
        )
        part = replace(made, filters=overlaying.laid(overlay, made.filters))
        note = f"{said} encoded to {codec}: {why}"
    ends = overlay.length_us if why is not None else overlay.ends_us
    return Heard(
        args=(*_from_second(part), *("-disposition:a:0", "default")),
        tracks=((_placed(track, media, ends), codec, channels),),
        opened=overlaying.opened("music", music.media, overlay),
        inputs=(StepInput(name="music", ref=music.ref),),
        notes=(note,),
    )


def _from_second(part: AudioPart) -> tuple[str, ...]:
    argv = lone.audio(part, 0)
    at = argv.index("-map") + 1
    return (*argv[:at], f"1:{part.stream}", *argv[at + 1 :])


def _why_encoded(
    spec: ReplaceAudio, container: Container, track: AudioStream, overlay: Overlay
) -> str | None:
    if track.codec not in container.audio:
        return f"{container.name} cannot hold {track.codec}"
    for wanted, said in (
        (spec.volume != 1, "its volume changes"),
        (overlay.looped, "it is repeated"),
        (spec.start or spec.offset, "it is moved"),
        (spec.fade_out, "it fades out"),
        (overlay.ends_us < overlay.length_us - _EARLY_US, "it ends before the picture, and silence follows"),
    ):
        if wanted:
            return said
    return None


def _mixed(
    planning: Planning,
    media: MediaInfo,
    container: Container,
    music: Product,
    track: AudioStream,
    overlay: Overlay,
    own: AudioStream,
) -> Heard:
    args: list[str] = []
    tracks: list[tuple[AudioStream, str, int]] = []
    notes: list[str] = []
    codec = default_sound(container)
    for number, present in enumerate((own,) if container.one_sound else media.playable_audio):
        if present is not own and present.codec in container.audio:
            args += lone.audio(sound.copy(present), number)
            tracks.append((present, present.codec, present.channels))
            notes.append(f"{describe(present)} copied")
            continue
        channels = sound.kept_channels(present, codec)
        part = sound.encode(present, codec=codec, bitrate=_BITRATE, capabilities=planning.capabilities)
        if present is own:
            graph, label = overlaying.mixed(
                part,
                track,
                overlay,
                channels=channels,
                sample_rate=sound.rate_for(codec, present.sample_rate),
                label="mix",
            )
            args += ("-filter_complex", graph, "-map", f"[{label}]")
            args += (arg.replace("{n}", str(number)) for arg in part.args)
            # What a filter graph gives out has lost the track's own tags.
            args += _tagged(present, number)
            tracks.append((_placed(present, media, overlay.length_us), codec, channels))
            notes.append(f"{describe(present)} mixed with {describe(track)} of {music.label}")
        else:
            args += lone.audio(part, number)
            tracks.append((present, codec, channels))
            notes.append(f"{describe(present)} encoded to {codec}: {container.name} cannot hold it")
    return Heard(
        args=tuple(args),
        tracks=tuple(tracks),
        kept=frozenset(t.index for t, _, _ in tracks),
        opened=overlaying.opened("music", music.media, overlay),
        inputs=(StepInput(name="music", ref=music.ref),),
        notes=tuple(notes),
    )


def _tagged(track: AudioStream, number: int) -> tuple[str, ...]:
    known = track.language if track.language not in {None, "und"} else None
    return (
        *((f"-metadata:s:a:{number}", f"language={known}") if known else ()),
        *((f"-disposition:a:{number}", "default") if "default" in track.dispositions else ()),
    )


def _placed(track: AudioStream, media: MediaInfo, ends_us: int) -> AudioStream:
    """The track as one of `media`, from its start until `ends_us`."""
    return replace(track, start_us=media.start_us, duration_us=ends_us)


def _unused(music: Product, track: AudioStream) -> tuple[Dropped, ...]:
    """The other sounds of the new file. Its picture is no part of what was asked for."""
    others = [a for a in music.media.audio if a.index != track.index]
    return left_behind.from_source(
        music.label,
        replace(music.media, video=(), subtitles=(), others=(), chapters=(), audio=tuple(others)),
        kept=(),
        reasons={a.index: "only its main track is used" for a in others},
    )
