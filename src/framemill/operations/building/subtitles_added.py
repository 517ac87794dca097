"""Subtitle files put into a file as tracks of their own; everything else is copied."""

from collections.abc import Sequence
from dataclasses import dataclass

from framemill.commands import escape, muxing
from framemill.domain import languages
from framemill.domain.containers import CONTAINERS, Container, container_kept
from framemill.domain.media import SubtitleStream
from framemill.domain.plan import Command, Role, StepInput, TextFile
from framemill.domain.work import Work
from framemill.errors import CodecNotInContainer
from framemill.operations.building.companions import Sound, default_sound
from framemill.operations.building.copying import Addition, copied
from framemill.operations.building.naming import container_wanted, file_name
from framemill.operations.building.subtitle_tracks import behind_the_end, options, read_as
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

_CODECS = {"srt": "subrip", "vtt": "webvtt", "ass": "ass"}
_DEMUXERS = {"srt": "srt", "vtt": "webvtt", "ass": "ass"}
_BITRATE = 192_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedFile:
    """A subtitle file and what the track made of it says."""

    ref: str
    language: str | None
    title: str | None
    default: bool
    forced: bool


def added(spec: Spec, planning: Planning, files: Sequence[AddedFile], *, charset: str | None) -> Work:
    """A copying step; CodecNotInContainer where the container holds no text."""
    product = planning.one(spec.source)
    media = product.media
    container, moved = _container(spec, container_kept(media))
    tracks = [_track(planning, file, container) for file in files]
    addition = _addition(planning, files, tracks, charset=charset, end_us=media.duration_us)
    work = copied(
        spec,
        planning,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION if media.main_video else Role.AUDIO,
        wish=Sound(codec=default_sound(container), bitrate=_BITRATE, copied=container.audio),
        addition=addition,
    )
    said = (
        f"{planning.name}: {planning.stem(file.ref)!r} added as {track.codec}"
        + (f", {track.language}" if track.language else "")
        for file, track in zip(files, tracks, strict=True)
    )
    warned = (
        warning
        for file in files
        for warning in (
            *read_as(planning, file.ref, charset),
            *behind_the_end(planning, file.ref, media),
            *_simplified(planning, file, container),
        )
    )
    return Work(
        steps=work.steps,
        products=work.products,
        notes=(*(f"{planning.name}: {text}" for text in moved), *work.notes, *said),
        warnings=(*work.warnings, *warned),
        dropped=work.dropped,
    )


def _container(spec: Spec, kept: Container) -> tuple[Container, tuple[str, ...]]:
    """The container to write; what holds no text becomes Matroska where nobody asked for it."""
    if kept.text_subtitle is None and spec.output is None:
        return CONTAINERS["mkv"], (f"written as mkv, since {kept.name} holds no text",)
    wanted = container_wanted(spec, kept)
    if wanted.text_subtitle is None:
        raise CodecNotInContainer(
            codec="subtitles of text",
            container=wanted.name,
            holds=(),
        )
    return wanted, ()


def _track(planning: Planning, file: AddedFile, container: Container) -> SubtitleStream:
    codec = _CODECS[planning.subtitles(file.ref).format]
    assert container.text_subtitle is not None
    flags = (*(("default",) if file.default else ()), *(("forced",) if file.forced else ()))
    return SubtitleStream(
        index=0,
        codec=codec if codec in container.subtitles else container.text_subtitle,
        language=file.language or languages.in_name(planning.stem(file.ref)),
        title=file.title,
        dispositions=flags,
    )


def _addition(
    planning: Planning,
    files: Sequence[AddedFile],
    tracks: Sequence[SubtitleStream],
    *,
    charset: str | None,
    end_us: int,
) -> Addition:
    formats = [planning.subtitles(file.ref).format for file in files]
    names = [f"added{n}" for n in range(len(files))]
    read = zip(names, formats, strict=True)
    return Addition(
        tracks=tuple(tracks),
        copied=tuple(t.codec == _CODECS[f] for t, f in zip(tracks, formats, strict=True)),
        inputs=tuple(StepInput(name=n, ref=f.ref) for n, f in zip(names, files, strict=True)),
        texts=(
            *(
                options(f"{n}.json", planning.stem(f.ref), track=False, charset=charset, end_us=end_us)
                for n, f in zip(names, files, strict=True)
            ),
            TextFile(name="tracks.txt", content=_labels(tracks)),
        ),
        commands=tuple(
            Command(tool="builtin", argv=("subtitle_text", f"in/{n}", f"out/{n}.{f}", f"in/{n}.json"))
            for n, f in zip(names, formats, strict=True)
        ),
        opened=(
            *(
                arg
                for n, f in read
                for arg in (*muxing.own_text_guard(_DEMUXERS[f]), "-i", f"file:out/{n}.{f}")
            ),
            *(*muxing.own_text_guard("ffmetadata"), "-i", "file:in/tracks.txt"),
        ),
    )


def _labels(tracks: Sequence[SubtitleStream]) -> str:
    """An ffmetadata file with each track's language and title, which are no words for a command line."""
    lines = [";FFMETADATA1"]
    for track in tracks:
        lines += ["[STREAM]", f"language={track.language or 'und'}"]
        if track.title:
            lines.append(f"title={escape.metadata(track.title)}")
    return "\n".join(lines) + "\n"


def _simplified(planning: Planning, file: AddedFile, container: Container) -> tuple[str, ...]:
    if planning.subtitles(file.ref).format != "ass" or "ass" in container.subtitles:
        return ()
    return (
        f"{planning.name}: {container.name} cannot hold the styles of {planning.stem(file.ref)!r}; mkv does",
    )
