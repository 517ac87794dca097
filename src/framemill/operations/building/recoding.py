"""One finished file from one source: its picture encoded by a profile, everything else taken along.

What travels beside the picture is decided in operations.companions.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

from framemill.commands import muxing, picture
from framemill.domain import finished, hdr, left_behind, promises
from framemill.domain.capabilities import Capabilities
from framemill.domain.containers import Container
from framemill.domain.estimates import encoding
from framemill.domain.hardware import Wish
from framemill.domain.ladder import capped_rate
from framemill.domain.left_behind import describe
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Dropped, Output, Role
from framemill.domain.profiles import Fit, Profile
from framemill.domain.units import US, parse_frame_rate
from framemill.domain.work import Product, Tap, Work
from framemill.errors import NotSupported
from framemill.operations.building.companions import Companions, Sound, companions, sound_rate
from framemill.operations.building.picturing import picture_part
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

# x265 refuses smaller pictures, SVT-AV1 crashes on them.
_LEAST_SIDE = {"hevc": 16, "av1": 16}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoding:
    """A planned encode and what is to be said about it."""

    tap: Tap
    product: Product
    beside: Companions
    notes: tuple[str, ...]
    dropped: tuple[Dropped, ...]

    def work(self, *, warnings: tuple[str, ...] = ()) -> Work:
        """As an operation's answer."""
        return Work(
            taps=(self.tap,),
            products=(self.product,),
            notes=self.notes,
            warnings=warnings,
            dropped=self.dropped,
        )


def recode(
    spec: Spec,
    planning: Planning,
    *,
    profile: Profile,
    container: Container,
    publish: str,
    role: Role,
    wish: Sound | None,
    rate: Fraction | None = None,
    size: tuple[int, int] | None = None,
    hardware: Wish | None = "off",
) -> Recoding:
    """The main video of `spec.source` encoded with `profile` into `container`.

    `rate` makes the frame rate exactly that and `size` the picture; else the
    profile's caps decide. `hardware` is the request's wish, None for the setting's.
    """
    product = planning.one(spec.source)
    stream = planning.video_of(product)
    profile = profile.model_copy(update={"container": container.name})
    rate = _long_enough(rate or _rate_under(profile, stream), product.media, stream)
    size = size or size_under(profile, stream)
    least = _LEAST_SIDE.get(profile.codec, 2)
    if min(size) < least:
        raise NotSupported(
            f"{profile.codec} cannot encode a picture of {size[0]}x{size[1]}",
            hint=f"it takes {least}x{least} or more; choose another codec",
        )
    keep_hdr = keeps_hdr(stream, profile)
    part, by_device = picture_part(
        planning,
        stream,
        profile,
        filters=picture.filters_for(
            stream,
            size=size,
            capabilities=planning.capabilities,
            fit=profile.fit,
            bit_depth=profile.bit_depth,
            keep_hdr=keep_hdr,
            rate=rate,
        ),
        rate=rate or stream.frame_rate,
        hardware=hardware,
        vfr=stream.is_vfr and rate is None,
        hdr_from=stream if keep_hdr else None,
    )
    beside = companions(product.media, container, wish, capabilities=planning.capabilities)
    promise = finished.promised(
        product.media,
        stream=stream,
        size=size,
        codec=profile.codec,
        rate=rate or stream.frame_rate,
        sounds=beside.tracks,
        subtitles=[sub for sub, _ in beside.subtitles],
    )
    promise = replace(
        promise,
        hdr=_hdr_promised(stream, planning.capabilities) if keep_hdr else (),
        # How long the streams of what is yet to be made will be, is only guessed.
        picture_us=promises.picture_end(product.media, stream)
        if product.ref in planning.facts.media
        else None,
    )
    estimate = encoding(
        codec=profile.codec,
        size=size,
        rate=rate or stream.frame_rate,
        duration_us=product.media.duration_us,
        preset=profile.preset,
        max_bitrate=profile.max_bitrate,
        bitrate=profile.bitrate,
        audio_bitrate=sound_rate(beside, wish) if wish else 0,
    )
    tap = Tap(
        key=planning.name,
        operation=spec.op,
        title=f"{profile.codec} {size[0]}x{size[1]}",
        source=product.ref,
        media=product.media,
        output=Output(
            id=f"{planning.name}/file",
            path=f"{planning.name}.{container.extension}",
            publish=publish,
            role=role,
            promise=promise,
        ),
        video=part,
        audio=beside.audio,
        extra=(*_language(stream), *beside.extra),
        mux=muxing.finished(container.name),
        estimate=estimate,
    )
    made = finished.predicted(
        promise,
        demuxer=container.demuxer,
        size=estimate.output_bytes,
        picture=stream if keep_hdr else hdr.tone_mapped(stream),
        rate=rate or stream.frame_rate,
        tracks=[track for track, _, _ in beside.tracks],
        subtitles=beside.subtitles,
        chapters=product.media.chapters if container.chapters else (),
    )
    encoded = f"{describe(stream)} encoded to {profile.codec}, {size[0]}x{size[1]}"
    said = (encoded, *by_device, *_told(stream, keep_hdr))
    return Recoding(
        tap=tap,
        product=Product(ref=tap.output.id, label=planning.name, media=made),
        beside=beside,
        notes=tuple(f"{planning.name}: {text}" for text in (*said, *beside.notes)),
        dropped=left_behind.from_source(
            product.label,
            product.media,
            kept=beside.kept | {stream.index},
            chapters_kept=beside.chapters_kept,
            reasons=dict(beside.reasons),
        ),
    )


def size_under(profile: Profile, stream: VideoStream) -> tuple[int, int]:
    """The result's size: inside the profile's limits, which lie on their side for an upright source.

    So 720p stays 720 on the short side of a phone's video, as in a ladder.
    """
    width, height = profile.width, profile.height
    upright = stream.display_height > stream.display_width
    if profile.fit is Fit.CONTAIN and width and height and (height > width) != upright and width != height:
        width, height = height, width
    return picture.placed(stream, width=width, height=height, fit=profile.fit, upscale=profile.upscale)


def keeps_hdr(stream: VideoStream, profile: Profile) -> bool:
    """True where the source is HDR and the profile can carry it."""
    return stream.hdr is not None and profile.codec in {"hevc", "av1"} and profile.bit_depth == 10


def _hdr_promised(stream: VideoStream, capabilities: Capabilities) -> tuple[str, ...]:
    return hdr.facts(stream if capabilities.carries_light else replace(stream, light=None))


def _rate_under(profile: Profile, stream: VideoStream) -> Fraction | None:
    """The constant rate to make, None to keep the source's own frame times."""
    if profile.fps is None:
        return None
    cap = parse_frame_rate(profile.fps)
    if stream.frame_rate <= cap:
        return None
    return capped_rate(stream.frame_rate, int(cap)) if cap.denominator == 1 else cap


def _long_enough(rate: Fraction | None, media: MediaInfo, stream: VideoStream) -> Fraction | None:
    """`rate`, None where the whole picture is shorter than one frame of it: nothing would be left."""
    end, _ = promises.end_of(media, stream)
    return rate if rate is None or rate * end >= US else None


def _language(stream: VideoStream) -> tuple[str, ...]:
    # What a filter graph gives out has lost the stream's own tags.
    known = stream.language if stream.language not in {None, "und"} else None
    return ("-metadata:s:v:0", f"language={known}") if known else ()


def _told(stream: VideoStream, keep_hdr: bool) -> list[str]:
    said = []
    if stream.hdr is not None:
        said.append("HDR kept" if keep_hdr else "HDR tone-mapped to BT.709, which every screen shows")
    if stream.dolby_vision:
        said.append("Dolby Vision's extra data is not carried; its base picture is")
    if stream.interlaced:
        said.append("interlaced fields joined into frames")
    if stream.has_alpha:
        said.append("transparency is not carried")
    return said
