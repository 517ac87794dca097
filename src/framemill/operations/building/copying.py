"""One finished file from one source whose picture is copied, whatever becomes of its sound and subtitles."""

from dataclasses import dataclass, replace

from framemill.commands import lone, muxing, source
from framemill.domain import finished, left_behind
from framemill.domain.containers import Container, container_kept
from framemill.domain.estimates import copying
from framemill.domain.left_behind import describe
from framemill.domain.media import AudioStream, MediaInfo, SubtitleStream, VideoStream
from framemill.domain.plan import Command, Output, Role, Step, StepInput, TextFile
from framemill.domain.work import Product, Work
from framemill.errors import NotSupported
from framemill.operations.building.companions import Sound, companions
from framemill.operations.building.naming import container_wanted, picture_container
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

# Containers whose players offer a choice of pictures.
_SEVERAL_PICTURES = {"mp4", "mov", "mkv", "ts"}
_COVER_FILES = {"mjpeg": ("jpg", "image/jpeg"), "png": ("png", "image/png")}

# Less than this of hidden pictures is a matter of a few frames at the end.
_HIDDEN_US = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Sound tracks made in another way than from the source's own, one by one."""

    args: tuple[str, ...]  # filters, maps and encoders of all of them
    tracks: tuple[tuple[AudioStream, str, int], ...]  # each with its codec and channels
    kept: frozenset[int] = frozenset()  # indexes of the source's tracks that are in them
    opened: tuple[str, ...] = ()  # further inputs of the command
    inputs: tuple[StepInput, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """Subtitle files that a copy takes in as further tracks."""

    tracks: tuple[SubtitleStream, ...]
    copied: tuple[bool, ...]  # those that need no conversion
    inputs: tuple[StepInput, ...]
    texts: tuple[TextFile, ...]
    commands: tuple[Command, ...]  # what makes the files that are opened
    opened: tuple[str, ...]  # input options: each file, then one that holds languages and titles

    def mapped(self, first: int) -> tuple[str, ...]:
        """Maps and options of the tracks, the first of which is the output's subtitle number `first`."""
        default = any("default" in track.dispositions for track in self.tracks)
        found: list[str] = []
        for number in range(first if default else 0):
            found += (f"-disposition:s:{number}", "-default")
        for number, (track, copied) in enumerate(zip(self.tracks, self.copied, strict=True)):
            place = f"s:{first + number}"
            found += ("-map", f"{number + 1}:0", f"-c:{place}", "copy" if copied else track.codec)
            found += (f"-map_metadata:s:{place}", f"{len(self.tracks) + 1}:s:{number}")
            found += (f"-disposition:{place}", "+".join(track.dispositions) or "0")
        return tuple(found)


def why_not_copied(media: MediaInfo, stream: VideoStream, container: Container) -> str | None:
    """What keeps the picture from being copied into `container` as it is shown; None where nothing does."""
    if stream.codec not in container.video:
        return f"{container.name} cannot hold {stream.codec}"
    if stream.rotation and not container.rotation:
        return f"{container.name} cannot say that the picture is turned"
    if stream.hidden_us > _HIDDEN_US and not container.edits:
        return f"an edit list hides a part of it, which {container.name} would show"
    if container.name == "avi" and media.container != "avi":
        # AVI counts frames of one length, in the order of decoding.
        if stream.is_vfr or stream.frame_rate != stream.nominal_rate:
            return "avi holds frames of one length only"
        if stream.reorder_us or stream.start_us != media.start_us:
            return "avi does not say when a frame is shown"
    return None


def copying_container(spec: Spec, media: MediaInfo, stream: VideoStream | None) -> Container:
    """The container of the output's name, else the source's own; NotSupported where the picture cannot stay.

    CodecNotInContainer where the container cannot hold its codec at all.
    """
    if stream is None:
        return container_wanted(spec, container_kept(media))
    container = picture_container(spec, container_kept(media), codec=stream.codec)
    if why := why_not_copied(media, stream, container):
        raise NotSupported(
            f"the picture cannot stay as it is: {why}",
            hint="name the output .mp4 or .mov, or use convert, which encodes the picture",
        )
    return container


def copied(
    spec: Spec,
    planning: Planning,
    *,
    container: Container,
    publish: str,
    role: Role,
    wish: Sound | None,
    reasons: dict[int, str] | None = None,
    heard: Heard | None = None,
    addition: Addition | None = None,
) -> Work:
    """A step that copies the pictures; sound becomes what `wish` says, none without one, or is `heard`."""
    product = planning.one(spec.source)
    media = product.media
    main = None if container.audio_only else media.main_video
    pictures = _pictures(media, main, container)
    beside = companions(media, container, wish, capabilities=planning.capabilities, pictures=len(pictures))
    if heard is not None:
        beside = replace(
            beside,
            tracks=heard.tracks,
            kept=beside.kept | heard.kept,
            notes=(*heard.notes, *beside.notes),
        )
    # Matroska holds cover art as an attached file, which only a file can become.
    covers = (
        [v for v in media.video if v.is_cover and v.codec in _COVER_FILES] if container.attachments else []
    )
    promise = finished.promised(
        media, stream=main, sounds=beside.tracks, subtitles=[sub for sub, _ in beside.subtitles]
    )
    if addition:
        promise = replace(promise, subtitles=len(beside.subtitles) + len(addition.tracks))
    output = Output(
        id=f"{planning.name}/file",
        path=f"{planning.name}.{container.extension}",
        publish=publish,
        role=role,
        promise=promise,
    )
    attached = sum(other.kind == "attachment" for other in media.others)
    argv = (
        *("-nostdin", "-hide_banner", "-y"),
        *_opened(media),
        *(heard.opened if heard else ()),
        *(addition.opened if addition else ()),
        *(arg for v in pictures for arg in ("-map", f"0:{v.index}")),
        *(("-c:v", "copy") if pictures else ()),
        *_marked(main, container),
        *(arg for number, part in enumerate(beside.audio) for arg in lone.audio(part, number)),
        *(heard.args if heard else ()),
        *beside.extra,
        # Another input may have chapters too.
        *(("-map_chapters", "0") if heard and heard.opened and container.chapters else ()),
        *(addition.mapped(len(beside.subtitles)) if addition else ()),
        *(arg for number, v in enumerate(covers) for arg in _attach(v, number, attached + number)),
        *muxing.finished(container.name),
        f"file:out/{output.path}",
    )
    main_command = Command(tool="ffmpeg", argv=argv, duration_us=media.duration_us)
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"copy into {container.name}",
        commands=(
            *(_cover_out(media, v, number) for number, v in enumerate(covers)),
            *(addition.commands if addition else ()),
            main_command,
        ),
        inputs=(
            StepInput(name="source", ref=product.ref),
            *(heard.inputs if heard else ()),
            *(addition.inputs if addition else ()),
        ),
        outputs=(output,),
        texts=addition.texts if addition else (),
        estimate=copying(media.size),
    )
    made = finished.predicted(
        promise,
        demuxer=container.demuxer,
        size=media.size,
        picture=main,
        tracks=[track for track, _, _ in beside.tracks],
        subtitles=(*beside.subtitles, *((t, t.codec) for t in (addition.tracks if addition else ()))),
        chapters=media.chapters if container.chapters else (),
    )
    said = [f"{describe(v)} copied" for v in pictures]
    return Work(
        steps=(step,),
        products=(Product(ref=output.id, label=planning.name, media=made),),
        notes=tuple(f"{planning.name}: {text}" for text in (*said, *beside.notes)),
        warnings=_warnings(main, container),
        dropped=left_behind.from_source(
            product.label,
            media,
            kept=beside.kept | {v.index for v in (*pictures, *covers)},
            chapters_kept=beside.chapters_kept,
            reasons={**beside.reasons, **(reasons or {})},
        ),
    )


def _pictures(media: MediaInfo, main: VideoStream | None, container: Container) -> tuple[VideoStream, ...]:
    if main is None:
        return ()
    if container.name not in _SEVERAL_PICTURES:
        return (main,)
    others = (v for v in media.video if v is not main and not v.is_cover and v.codec in container.video)
    return (main, *others)


def _marked(main: VideoStream | None, container: Container) -> tuple[str, ...]:
    """What containers want said about a copied picture."""
    if main is not None and main.codec == "h264" and container.name == "avi":
        # Start codes instead of lengths: AVI has no place to say how long lengths are.
        return ("-bsf:v", "h264_mp4toannexb")
    if main is None or container.name not in {"mp4", "mov"}:
        return ()
    return (
        # Apple players open HEVC in MP4 only under this tag.
        *(("-tag:v:0", "hvc1") if main.codec == "hevc" else ()),
        # ffmpeg writes Dolby Vision's description only where it may leave the standard.
        *(("-strict", "unofficial") if main.dolby_vision else ()),
    )


def _warnings(main: VideoStream | None, container: Container) -> tuple[str, ...]:
    if main is not None and main.has_alpha and container.name in {"mp4", "ts"}:
        return (f"{container.name} does not carry the transparency of {describe(main)}; webm and mkv do",)
    return ()


def _opened(media: MediaInfo) -> tuple[str, ...]:
    flags = (
        # Containers that keep decode times only: players need the times of display as well.
        *(("+genpts",) if media.container in {"avi", "mpeg"} else ()),
        # The last packet of a cut-off file is half a packet, at which muxers give up.
        *(("+discardcorrupt",) if media.truncated else ()),
    )
    return source.read("source", demuxer=media.container, before=("-fflags", "".join(flags)) if flags else ())


def _cover_out(media: MediaInfo, cover: VideoStream, number: int) -> Command:
    ending, _ = _COVER_FILES[cover.codec]
    return Command(
        tool="ffmpeg",
        argv=(
            *("-nostdin", "-hide_banner", "-y"),
            *source.read("source", demuxer=media.container),
            *("-map", f"0:{cover.index}", "-c", "copy", "-frames:v", "1"),
            *("-f", "image2", "-update", "1", f"file:out/cover{number}.{ending}"),
        ),
    )


def _attach(cover: VideoStream, number: int, place: int) -> tuple[str, ...]:
    ending, kind = _COVER_FILES[cover.codec]
    name = "cover" if number == 0 else f"cover{number}"
    return (
        *("-attach", f"file:out/cover{number}.{ending}"),
        *(f"-metadata:s:t:{place}", f"mimetype={kind}"),
        # Matroska's name for cover art: https://www.matroska.org/technical/attachments.html
        *(f"-metadata:s:t:{place}", f"filename={name}.{ending}"),
    )
