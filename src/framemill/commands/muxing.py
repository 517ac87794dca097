"""Putting encoded streams into files by copy."""

from framemill.commands import escape, source
from framemill.domain.containers import CONTAINERS
from framemill.domain.media import Chapter, MediaInfo, Stream
from framemill.domain.plan import Command, Estimate, Output, Step, StepInput, TextFile
from framemill.domain.work import Product


def finished(container: str) -> tuple[str, ...]:
    """Muxer options of a file that people will open."""
    held = CONTAINERS[container]
    return (*held.options, "-f", held.muxer)


def intermediate(container: str) -> tuple[str, ...]:
    """Muxer options of a file that another step will read: streams only."""
    # Chapters would become a text track of their own in every intermediate.
    return ("-map_chapters", "-1", "-f", CONTAINERS[container].muxer)


def joined(
    *,
    key: str,
    title: str,
    operation: str,
    parts: tuple[Product, ...],
    chapters: tuple[Chapter, ...],
    output: Output,
    estimate: Estimate,
) -> Step:
    """A step that copies single streams (picture, sound, then WebVTT) into one MP4, with chapters."""
    inputs = tuple(StepInput(name=f"part{n}", ref=part.ref) for n, part in enumerate(parts))
    opened = [arg for item, part in zip(inputs, parts, strict=True) for arg in _opened(item.name, part.media)]
    maps = [arg for n in range(len(parts)) for arg in ("-map", f"{n}:0")]
    sounds = [part.media.audio[0] for part in parts if part.media.audio]
    texts = [part.media.subtitles[0] for part in parts if part.media.subtitles]
    files: tuple[TextFile, ...] = ()
    if chapters:
        files = (TextFile(name="chapters.txt", content=chapter_text(chapters)),)
        opened += chapter_input()
        maps += ("-map_chapters", str(len(inputs)))
    argv = (
        *("-nostdin", "-hide_banner", "-y"),
        *opened,
        *maps,
        *("-c", "copy"),
        *(("-c:s", "mov_text") if texts else ()),
        *(arg for n, track in enumerate(sounds) for arg in _labels("a", n, track)),
        *(arg for n, track in enumerate(texts) for arg in _labels("s", n, track)),
        *finished("mp4"),
        f"file:out/{output.path}",
    )
    return Step(
        key=key,
        operation=operation,
        title=title,
        commands=(Command(tool="ffmpeg", argv=argv, duration_us=parts[0].media.duration_us),),
        inputs=inputs,
        outputs=(output,),
        texts=files,
        estimate=estimate,
    )


def _opened(name: str, media: MediaInfo) -> tuple[str, ...]:
    if media.container == "webvtt":
        return (*own_text_guard("webvtt"), "-i", f"file:in/{name}")
    return source.read(name, demuxer=media.container)


def _labels(kind: str, number: int, track: Stream) -> tuple[str, ...]:
    """Language and title of a track, and the first of its kind as the default one."""
    default = "default" if number == 0 and kind == "a" else "0"
    return (
        *(f"-disposition:{kind}:{number}", default),
        *((f"-metadata:s:{kind}:{number}", f"language={track.language}") if track.language else ()),
        *((f"-metadata:s:{kind}:{number}", f"title={track.title}") if track.title else ()),
    )


def own_text_guard(demuxer: str) -> tuple[str, ...]:
    """Input options for a text file that we wrote, with the one demuxer that reads it."""
    return ("-protocol_whitelist", "file", "-format_whitelist", demuxer, "-f", demuxer)


def chapter_input() -> tuple[str, ...]:
    """Open `in/chapters.txt`."""
    return (*own_text_guard("ffmetadata"), "-i", "file:in/chapters.txt")


def chapter_text(chapters: tuple[Chapter, ...]) -> str:
    """An ffmetadata file of the chapters. https://ffmpeg.org/ffmpeg-formats.html#Metadata-2"""
    lines = [";FFMETADATA1"]
    for chapter in chapters:
        lines += ["[CHAPTER]", "TIMEBASE=1/1000000", f"START={chapter.start_us}", f"END={chapter.end_us}"]
        if chapter.title:
            lines.append(f"title={escape.metadata(chapter.title)}")
    return "\n".join(lines) + "\n"
