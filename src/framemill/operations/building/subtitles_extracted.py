"""Text tracks of a file as files of their own."""

from collections import Counter
from collections.abc import Iterator, Sequence

from framemill.commands import burning
from framemill.domain.estimates import copying
from framemill.domain.left_behind import describe
from framemill.domain.media import MediaInfo, SubtitleStream
from framemill.domain.plan import Command, Output, Promise, Resource, Role, Step, StepInput
from framemill.domain.subtitles import SubtitleFormat
from framemill.domain.work import Work
from framemill.errors import InvalidSpec, NotSupported
from framemill.operations.building.naming import in_folder
from framemill.operations.building.subtitle_tracks import called, chosen, options
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

_OWN: dict[str, SubtitleFormat] = {"ass": "ass", "ssa": "ass", "webvtt": "vtt"}
_ENDINGS: dict[str, SubtitleFormat] = {"srt": "srt", "vtt": "vtt", "ass": "ass", "ssa": "ass"}
# Told apart in a name where two tracks have one language.
_KINDS = ("forced", "hearing_impaired", "comment")


def extracted(
    spec: Spec, planning: Planning, *, wish: int | str | None, wanted: SubtitleFormat | None
) -> Work:
    """One step that reads the file once, however many tracks are wanted."""
    product = planning.one(spec.source)
    media = product.media
    every = wish == "all"
    first = chosen(planning, media, product.label, None if every else wish)
    tracks = media.text_subtitles if every else (first,)
    if not tracks or not (first.is_text or every):
        raise NotSupported(
            f"{called(first)} consists of pictures, which cannot become text",
            hint="draw it into the picture with action=burn, or keep it with `convert` to mkv",
        )
    formats = [wanted or _said(spec, every=every) or _OWN.get(t.codec, "srt") for t in tracks]
    names = (
        [in_folder(spec, n) for n in _names(planning.stem(spec.source), media, tracks, formats)]
        if every or spec.output is None
        else [_single(spec, formats[0])]
    )
    files = [f"track{n}" for n in range(len(tracks))]
    raw = [(t, f"{f}-raw.{_read_as(t, w)}") for f, t, w in zip(files, tracks, formats, strict=True)]
    outputs = tuple(
        Output(
            id=f"{planning.name}/{file}",
            path=f"{file}.{ending}",
            publish=name,
            role=Role.SUBTITLES,
            promise=Promise(kind="data"),
        )
        for file, ending, name in zip(files, formats, names, strict=True)
    )
    cleaned = (
        Command(
            tool="builtin",
            argv=("subtitle_text", f"out/{path}", f"out/{output.path}", f"in/{file}.json"),
        )
        for (_, path), output, file in zip(raw, outputs, files, strict=True)
    )
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"{len(tracks)} subtitle tracks" if every else called(first),
        commands=(
            Command(tool="ffmpeg", argv=burning.taken_out(media, raw), duration_us=media.duration_us),
            *cleaned,
        ),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=outputs,
        texts=tuple(
            options(f"{f}.json", called(t), track=True, may_be_empty=every)
            for f, t in zip(files, tracks, strict=True)
        ),
        resource=Resource.IO,
        estimate=copying(media.size),
    )
    pictures = [t for t in media.subtitles if not t.is_text] if every else []
    return Work(
        steps=(step,),
        notes=tuple(
            f"{planning.name}: {describe(t)} written as {f}" for t, f in zip(tracks, formats, strict=True)
        ),
        warnings=tuple(
            f"{planning.name}: {called(t)} consists of pictures and is left out" for t in pictures
        ),
    )


def _read_as(track: SubtitleStream, wanted: SubtitleFormat) -> SubtitleFormat:
    """What ffmpeg writes before we do: ASS keeps its styles where it stays ASS, the rest exact times."""
    if track.codec in {"ass", "ssa"}:
        return wanted
    return "vtt" if track.codec == "webvtt" and wanted == "vtt" else "srt"


def _said(spec: Spec, *, every: bool) -> SubtitleFormat | None:
    return None if every or spec.output is None else _ENDINGS.get(spec.output.rpartition(".")[2].lower())


def _single(spec: Spec, wanted: SubtitleFormat) -> str:
    assert spec.output is not None
    ending = spec.output.rpartition("/")[2].rpartition(".")[2].lower()
    if _ENDINGS.get(ending) != wanted:
        raise InvalidSpec(
            f"the subtitles become {wanted} but the output is called {spec.output!r}",
            hint=f"call it {spec.output.rpartition('.')[0] or spec.output}.{wanted}",
        )
    return spec.output


def _names(
    stem: str, media: MediaInfo, tracks: Sequence[SubtitleStream], formats: Sequence[SubtitleFormat]
) -> Iterator[str]:
    """`movie.eng.srt`, `movie.eng.forced.srt`; numbered where that is not enough."""
    words = [_word(media, track) for track in tracks]
    often = Counter(zip(words, formats, strict=True))
    for word, ending, track in zip(words, formats, tracks, strict=True):
        number = f".{media.subtitles.index(track) + 1}" if often[word, ending] > 1 else ""
        yield f"{stem}{word}{number}.{ending}"


def _word(media: MediaInfo, track: SubtitleStream) -> str:
    language = f".{track.language}" if (track.language or "").isalpha() else ""
    kind = next((f".{k.split('_')[0]}" for k in _KINDS if k in track.dispositions), "")
    alone = len(media.subtitles) == 1
    return (language or ("" if alone else ".track")) + kind
