"""HLS and DASH from renditions, by copy: nothing is encoded again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from framemill.commands import muxing, packaging, source
from framemill.commands.packaging import Key, Track
from framemill.domain import left_behind, promises
from framemill.domain.estimates import copying
from framemill.domain.media import Stream, VideoStream
from framemill.domain.plan import Command, Dropped, Output, Promise, Role, Step, StepInput
from framemill.domain.units import US
from framemill.domain.work import Product, Work
from framemill.errors import CodecNotInContainer, IncompatibleInputs, InvalidSpec, NotSupported
from framemill.operations.planning import INPUT, Planning
from framemill.operations.spec import Spec, Time

_VIDEO = {"h264", "hevc", "av1", "vp9"}
_AUDIO = {"aac", "ac3", "eac3", "mp3", "opus", "flac"}


def _uri(text: str) -> str:
    if not re.fullmatch(r"[\x21\x23-\x7e]{1,2000}", text):
        raise ValueError("is no address: printable ASCII without spaces and quotes")
    return text


class Package(Spec):
    """Package renditions for streaming: one set of segments that HLS and DASH players share."""

    op: Literal["package"] = "package"
    version: Literal[1] = 1
    sources: tuple[str, ...] = Field(
        (),
        description="What to package: an earlier `ladder`, or several files (one per rendition). "
        "Unset: `source`; if that is unset too, all inputs.",
    )
    hls: bool = Field(True, description="Make `hls/master.m3u8`.")
    dash: bool = Field(True, description="Make `dash/manifest.mpd` over the same segments.")
    segment: Time = Field(
        6 * US,
        ge=US,
        description="Segment length; cut at the next keyframe. 6 s is Apple's advice.",
    )
    segment_type: Literal["cmaf", "ts"] = Field(
        "cmaf", description="`ts` makes MPEG-TS segments for HLS players from before 2016."
    )
    encryption: Literal["none", "aes-128"] = Field(
        "none", description="`aes-128` encrypts the segments with a new key, for HLS players: set dash off."
    )
    key_uri: Annotated[str, AfterValidator(_uri)] | None = Field(
        None,
        description="Where players fetch the key. Unset: `hls/key.bin`, beside the playlists. Set: the key "
        "is written to `hls.key`, for you to put where this address leads.",
    )

    @model_validator(mode="after")
    def _something(self) -> "Package":
        if not (self.hls or self.dash):
            raise ValueError("set hls or dash")
        if self.segment_type == "ts" and not self.hls:
            raise ValueError("segment_type ts is for HLS: set hls")
        if self.encryption != "none" and self.dash:
            raise ValueError("AES-128 is for HLS players only: set dash off")
        if self.key_uri is not None and self.encryption == "none":
            raise ValueError("key_uri is of use with encryption only")
        return self


def plan(spec: Package, planning: Planning) -> Work:
    """One packaging step; files that are not bare streams yet are split by copy first."""
    named = () if spec.source == INPUT else (spec.source,)
    names = spec.sources or named or tuple(planning.facts.media)
    products = [p for name in names for p in planning.group(name)]
    inputs = [p for p in products if p.ref in planning.facts.media]
    _check_codecs(products)
    steps, tracks = _tracks(planning, products)
    if not any(t.kind == "video" for t, *_ in tracks):
        raise InvalidSpec("there is no picture to package", hint="name a ladder or video files as sources")
    _same_length(products)
    step = _step(spec, planning, tracks, products)
    return Work(
        steps=(*steps, step),
        warnings=_warned(planning, [track for track, *_ in tracks]),
        notes=(f"{planning.name}: streams are copied into {_named(spec)}, nothing is encoded",),
        dropped=tuple(d for p in inputs for d in _dropped(p)),
    )


def _warned(planning: Planning, tracks: Sequence[Track]) -> tuple[str, ...]:
    if planning.capabilities.packager_version or all(track.kind != "text" for track in tracks):
        return ()
    return (f"{planning.name}: subtitles are left out: that needs Shaka Packager",)


def _named(spec: Package) -> str:
    return " and ".join(name for name, wanted in (("HLS", spec.hls), ("DASH", spec.dash)) if wanted)


def _step(
    spec: Package, planning: Planning, tracks: Sequence[tuple[Track, str, int]], products: Sequence[Product]
) -> Step:
    folder = f"{spec.output}/" if spec.output else ""
    ts = spec.segment_type == "ts"
    listed = [track for track, *_ in tracks]
    if planning.capabilities.packager_version:
        commands = packaging.shaka(
            listed, segment_us=spec.segment, hls=spec.hls, dash=spec.dash, ts=ts, key=_key(spec)
        )
    elif ts:
        raise NotSupported(
            "MPEG-TS segments need Shaka Packager", hint="use segment_type=cmaf, see `framemill doctor`"
        )
    else:
        largest = max((v for p in products for v in _videos(p)), key=lambda v: v.width * v.height)
        commands = packaging.ffmpeg(
            listed,
            shape=(largest.display_width, largest.display_height),
            segment_us=spec.segment,
            hls=spec.hls,
            dash=spec.dash,
            key=_key(spec),
        )
    length = max(p.media.duration_us for p in products)
    kinds = [(Role.HLS, "hls")] if spec.hls else []
    kinds += [(Role.DASH, "dash")] if spec.dash else []
    return Step(
        key=f"{planning.name}",
        operation=spec.op,
        title=f"package {_named(spec)}",
        commands=commands,
        inputs=tuple(StepInput(name=track.name, ref=ref) for track, ref, _ in tracks),
        outputs=tuple(
            Output(
                id=f"{planning.name}/{name}",
                path=name,
                publish=f"{folder}{name}",
                role=role,
                promise=Promise(
                    kind="package",
                    duration_us=length,
                    tolerance_us=2 * US,
                    lengths=tuple(
                        (f"{track.label}.m3u8", us) for track, _, us in tracks if track.kind != "text"
                    ),
                ),
            )
            for role, name in kinds
        )
        + _key_output(spec, planning, folder),
        estimate=copying(sum(p.media.size for p in products)),
    )


def _key(spec: Package) -> Key | None:
    if spec.encryption == "none":
        return None
    return (
        Key(path="hls/key.bin", uri="key.bin")
        if spec.key_uri is None
        else Key(path="hls.key", uri=spec.key_uri)
    )


def _key_output(spec: Package, planning: Planning, folder: str) -> tuple[Output, ...]:
    """The key as a file of its own, where it is to be put somewhere else."""
    if spec.key_uri is None:
        return ()
    promise = Promise(kind="data", max_size=16)
    name = "hls.key"
    return (
        Output(
            id=f"{planning.name}/{name}",
            path=name,
            publish=f"{folder}{name}",
            role=Role.REPORT,
            promise=promise,
        ),
    )


def _tracks(
    planning: Planning, products: Sequence[Product]
) -> tuple[list[Step], list[tuple[Track, str, int]]]:
    """What to package, with its file's ref and its end in µs; steps that split users' files first."""
    found = [
        _Found(product=product, stream=stream, kind=kind)
        for product in products
        for kind, streams in (
            ("video", _videos(product)),
            ("audio", product.media.playable_audio),
            ("text", product.media.subtitles if _bare(product, planning) else ()),
        )
        for stream in streams
    ]
    # The same sound is in every rendition of a user's: the first file's tracks serve all.
    owner = next((f.product.ref for f in found if f.kind == "audio" and not _bare(f.product, planning)), None)
    steps: list[Step] = []
    tracks: list[tuple[Track, str, int]] = []
    for kind in ("video", "audio", "text"):
        mine = [f for f in found if f.kind == kind and (kind != "audio" or owner in {None, f.product.ref})]
        names = packaging.titles([f.stream.title or f.stream.language for f in mine])
        for number, (item, title) in enumerate(zip(mine, names, strict=True)):
            name = f"{kind[0]}{number}"
            ref = item.product.ref
            if not _bare(item.product, planning):
                steps.append(_split(planning, item.product, item.stream.index, name))
                ref = steps[-1].outputs[0].id
            label = _label(item, number, bare=_bare(item.product, planning))
            if label in {track.label for track, *_ in tracks}:
                label = f"{label}-{number}"
            language = packaging.spoken(item.stream.language)
            track = Track(name=name, label=label, kind=kind, language=language, title=title)
            tracks.append((track, ref, promises.end_of(item.product.media, item.stream)[0]))
    return steps, tracks


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A stream to package and the file it is in."""

    product: Product
    stream: Stream
    kind: str


def _bare(product: Product, planning: Planning) -> bool:
    """True for what our own steps make: files of one stream each."""
    return product.ref not in planning.facts.media


def _videos(product: Product) -> tuple[VideoStream, ...]:
    video = product.media.main_video
    return () if video is None else (video,)


def _label(item: _Found, number: int, *, bare: bool) -> str:
    """Folder and playlist name: `720p`, `audio0`, `subtitles0`."""
    if isinstance(item.stream, VideoStream):
        return item.product.label if bare else f"{item.stream.short_side}p" + (f"-{number}" if number else "")
    return f"{'audio' if item.kind == 'audio' else 'subtitles'}{number}"


def _check_codecs(products: Sequence[Product]) -> None:
    for product in products:
        for stream in (*_videos(product), *product.media.playable_audio):
            holds = _VIDEO if isinstance(stream, VideoStream) else _AUDIO
            if stream.codec not in holds:
                raise CodecNotInContainer(codec=stream.codec, container="HLS and DASH", holds=holds)


def _split(planning: Planning, product: Product, stream: int, name: str) -> Step:
    """A step that copies one stream of a user's file into an MP4 of its own."""
    output = Output(
        id=f"{planning.name}/{name}",
        path=f"{name}.mp4",
        role=Role.INTERMEDIATE,
        promise=Promise(kind="media"),
    )
    return Step(
        key=f"{planning.name}:{name}",
        operation="package",
        title=f"take stream {stream} out of {product.label}",
        commands=(
            Command(
                tool="ffmpeg",
                argv=(
                    *("-nostdin", "-hide_banner", "-y"),
                    *source.read("source", demuxer=product.media.container),
                    *("-map", f"0:{stream}", "-c", "copy"),
                    *muxing.intermediate("mp4"),
                    f"file:out/{output.path}",
                ),
                duration_us=product.media.duration_us,
            ),
        ),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=(output,),
        estimate=copying(product.media.size),
    )


def _same_length(products: Sequence[Product]) -> None:
    """Renditions of one video are equally long; others cannot be switched between."""
    lengths = [p.media.duration_us for p in products if p.media.main_video is not None]
    if max(lengths) - min(lengths) > US:
        raise IncompatibleInputs(property_name="duration", values=[f"{us / US:.3f} s" for us in lengths])


def _dropped(product: Product) -> tuple[Dropped, ...]:
    video = product.media.main_video
    kept = [a.index for a in product.media.playable_audio] + ([video.index] if video else [])
    return left_behind.from_source(product.label, product.media, kept=kept, chapters_kept=False)
