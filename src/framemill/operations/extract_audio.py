"""Taking sound out of a file, copied where its codec fits the format."""

from typing import Literal

from pydantic import Field

from framemill.commands import muxing, sound
from framemill.domain import finished, left_behind
from framemill.domain.containers import CONTAINERS, Container, container_named
from framemill.domain.estimates import copying
from framemill.domain.left_behind import describe
from framemill.domain.media import AudioStream, MediaInfo
from framemill.domain.plan import Estimate, Output, Role
from framemill.domain.units import US, seconds
from framemill.domain.work import AudioPart, Product, Tap, Work
from framemill.errors import CodecNotInContainer, InvalidSpec, NoAudioStream
from framemill.operations.building.naming import container_wanted
from framemill.operations.planning import Planning
from framemill.operations.spec import Rate, Spec

_CODECS = {
    "mp3": "mp3",
    "aac": "aac",
    "m4a": "aac",
    "wav": "pcm_s16le",
    "opus": "opus",
    "flac": "flac",
    "ogg": "vorbis",
}
_LOSSLESS_RATE = 1_000_000
# A track that begins this much later than the file is worth a word when it is copied.
_LATE_US = 100_000


class ExtractAudio(Spec):
    """Take the sound out as a file of its own."""

    op: Literal["extract_audio"] = "extract_audio"
    version: Literal[1] = 1
    format: Literal["mp3", "aac", "m4a", "wav", "opus", "flac", "ogg"] | None = Field(
        None, description="File format; the output's ending where unset, else mp3, which plays everywhere."
    )
    bitrate: Rate | None = Field(
        None, description="Bits per second; 192k where unset (and a fitting track is copied as it is)."
    )
    track: int | Literal["all"] | None = Field(
        None, description="Which track, counted from 1, or `all`. Unset: the default one."
    )
    sample_rate: int | None = Field(None, ge=8000, le=192_000, description="Samples per second.")
    channels: int | None = Field(None, ge=1, le=8, description="Channels to mix down to.")


def plan(spec: ExtractAudio, planning: Planning) -> Work:
    """One tap a track; they can ride along with whatever else decodes the source."""
    product = planning.one(spec.source)
    planning.audio_of(product)
    container = _container(spec)
    tracks = _tracks(spec, product.media)
    several = spec.track == "all"
    taps, products, notes, warnings = [], [], [], []
    for number, track in enumerate(tracks, start=1):
        why = _why_not_copied(spec, track, container)
        part, codec, channels = _part(spec, planning, track, container, copied=why is None)
        label = f"track{number}" if several else planning.name
        tap = _tap(spec, planning, product, container, track, part, codec, channels, label)
        taps.append(tap)
        media = finished.predicted(
            tap.output.promise,
            demuxer=container.demuxer,
            size=tap.estimate.output_bytes,
            tracks=(track,),
            chapters=product.media.chapters if container.chapters else (),
        )
        products.append(Product(ref=tap.output.id, label=label, media=media))
        notes.append(f"{planning.name}: {describe(track)} " + _said(why, codec, track.channels, channels))
        late = track.start_us - product.media.start_us
        if why is None and late > _LATE_US:
            warnings.append(
                f"{describe(track)} begins {seconds(late)} s after the file does;"
                " a copy leaves that silence out"
            )
    kept = {track.index for track in tracks}
    return Work(
        taps=tuple(taps),
        products=tuple(products),
        notes=tuple(notes),
        warnings=tuple(warnings),
        dropped=left_behind.from_source(
            product.label,
            product.media,
            kept=kept,
            chapters_kept=container.chapters,
            reasons={v.index: "only sound is wanted" for v in product.media.video},
        ),
    )


def _container(spec: ExtractAudio) -> Container:
    if spec.output is None or spec.track == "all":
        return CONTAINERS[spec.format or "mp3"]
    named = container_wanted(spec, CONTAINERS["mp3"])
    wanted = container_named(spec.format) if spec.format else named
    assert wanted is not None
    if wanted is not named:
        raise InvalidSpec(
            f"the format is {wanted.name} but {spec.output!r} ends as {named.name}",
            hint="leave one of them out",
        )
    if named.name not in _CODECS:
        raise CodecNotInContainer(codec="sound alone", container=named.name, holds=())
    return named


def _tracks(spec: ExtractAudio, media: MediaInfo) -> tuple[AudioStream, ...]:
    playable = media.playable_audio
    if spec.track == "all":
        return playable
    if spec.track is None:
        assert media.main_audio is not None
        return (media.main_audio,)
    if not 1 <= spec.track <= len(media.audio):
        raise NoAudioStream(
            f"there is no audio track {spec.track}: the file has {len(media.audio)}",
            hint="tracks are counted from 1",
        )
    wanted = media.audio[spec.track - 1]
    if wanted not in playable:
        raise NoAudioStream(f"audio track {spec.track} cannot be decoded", hint="choose another track")
    return (wanted,)


def _why_not_copied(spec: ExtractAudio, track: AudioStream, container: Container) -> str | None:
    if track.codec not in container.audio:
        return f"{container.name} cannot hold {track.codec}"
    if container.name == "aac" and track.profile == "xHE-AAC":
        return "aac files cannot hold xHE-AAC"
    if spec.bitrate is not None and track.codec not in CONTAINERS["wav"].audio | {"flac", "alac"}:
        return "a bit rate is asked for"
    if spec.sample_rate not in {None, track.sample_rate}:
        return f"{spec.sample_rate} Hz are asked for"
    if spec.channels is not None and spec.channels < track.channels:
        return f"{spec.channels} channels are asked for"
    return None


def _part(
    spec: ExtractAudio, planning: Planning, track: AudioStream, container: Container, *, copied: bool
) -> tuple[AudioPart, str, int]:
    if copied:
        return sound.copy(track), track.codec, track.channels
    codec = _CODECS[container.name]
    if codec == "pcm_s16le" and any(deep in track.codec for deep in ("s24", "s32", "f32", "f64")):
        codec = "pcm_s24le"
    bitrate = spec.bitrate or 192_000
    part = sound.encode(
        track,
        codec=codec,
        bitrate=bitrate,
        # What the request says is meant for the track as it is; the default is for stereo.
        exact_bitrate=spec.bitrate,
        capabilities=planning.capabilities,
        channels=spec.channels,
        sample_rate=spec.sample_rate,
    )
    return part, codec, sound.kept_channels(track, codec, spec.channels)


def _tap(
    spec: ExtractAudio,
    planning: Planning,
    product: Product,
    container: Container,
    track: AudioStream,
    part: AudioPart,
    codec: str,
    channels: int,
    label: str,
) -> Tap:
    media = product.media
    stem = planning.stem(spec.source)
    if spec.track == "all":
        name = f"{stem}-{label}.{container.extension}"
        publish = f"{spec.output}/{name}" if spec.output else name
    else:
        publish = spec.output or f"{stem}-{planning.name}.{container.extension}"
    promise = finished.promised(media, stream=None, sounds=((track, codec, channels),))
    return Tap(
        key=f"{planning.name}:{label}",
        operation=spec.op,
        title=f"{container.name} of {describe(track)}",
        source=product.ref,
        media=media,
        output=Output(
            id=f"{planning.name}/{label}",
            path=f"{planning.name}-{label}.{container.extension}",
            publish=publish,
            role=Role.AUDIO,
            promise=promise,
        ),
        audio=(part,),
        extra=(*("-map_metadata", "0"), *(() if container.chapters else ("-map_chapters", "-1"))),
        mux=muxing.finished(container.name),
        estimate=_estimate(spec, track, codec, promise.duration_us or 0),
    )


def _estimate(spec: ExtractAudio, track: AudioStream, codec: str, duration_us: int) -> Estimate:
    lossless = codec.startswith("pcm") or codec == "flac"
    rate = spec.bitrate or (_LOSSLESS_RATE if lossless else track.bit_rate or 192_000)
    size = rate * duration_us // (8 * US)
    # Encoding sound runs at about 200 times real time.
    return copying(size) + Estimate(cpu_ms=duration_us // 200_000, wall_ms=duration_us // 200_000)


def _said(why: str | None, codec: str, channels: int, left: int) -> str:
    if why is None:
        return "copied"
    mixed = f", mixed down from {channels} channels to {left}" if left < channels else ""
    return f"encoded to {codec}: {why}{mixed}"
