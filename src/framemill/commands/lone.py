"""The command of a tap that runs by itself, and its two-pass form."""

from framemill.commands import source, video
from framemill.domain.work import AudioPart, Tap, VideoPart


def first_pass(tap: Tap, *, log: str) -> tuple[str, ...]:
    """Reads the picture once and writes only statistics, in files named `log`."""
    assert tap.video is not None
    return (
        *_opened(tap),
        *picture(tap.video, video.one_pass_of_two(tap.video.args, number=1, log=log)),
        *("-an", "-sn", "-dn"),
        *("-f", "null", "-"),
    )


def second_pass(tap: Tap, *, log: str) -> tuple[str, ...]:
    """The whole output, its picture by the statistics of the first pass."""
    assert tap.video is not None
    sounds = (arg for number, part in enumerate(tap.audio) for arg in audio(part, number))
    return (
        *_opened(tap),
        *picture(tap.video, video.one_pass_of_two(tap.video.args, number=2, log=log)),
        *sounds,
        *tap.extra,
        *tap.mux,
        f"file:out/{tap.output.path}",
    )


def whole(tap: Tap, *, opened: tuple[str, ...] = (), chapters: str | None = None) -> tuple[str, ...]:
    """The output in one pass, with further inputs `opened`; `chapters` is the input that has them."""
    sounds = (arg for number, part in enumerate(tap.audio) for arg in audio(part, number))
    return (
        *_opened(tap),
        *opened,
        *(picture(tap.video, tap.video.args) if tap.video else ()),
        *sounds,
        *tap.extra,
        *(("-map_chapters", chapters) if chapters is not None else ()),
        *tap.mux,
        f"file:out/{tap.output.path}",
    )


def audio(part: AudioPart, number: int) -> tuple[str, ...]:
    """Map, filter and encode or copy one sound track as the output's `number`th."""
    return (
        *("-map", f"0:{part.stream}"),
        *((f"-filter:a:{number}", ",".join(part.filters)) if part.filters else ()),
        *(arg.replace("{n}", str(number)) for arg in part.args),
    )


def _opened(tap: Tap) -> tuple[str, ...]:
    return (*("-nostdin", "-hide_banner", "-y"), *source.read("source", demuxer=tap.media.container))


def picture(part: VideoPart, args: tuple[str, ...]) -> tuple[str, ...]:
    """Map, filter and encode the picture."""
    return (
        *("-map", f"0:{part.stream}"),
        *(("-filter:v:0", ",".join(part.filters)) if part.filters else ()),
        *args,
    )
