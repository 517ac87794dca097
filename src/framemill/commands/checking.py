"""Arguments that decode a finished file to its end, so that damage inside it shows."""

from framemill.commands.source import CODECS, FORMATS, IMAGE_FORMATS, MAX_PIXELS


def decode_all(path: str, *, demuxer: str | None = None, max_pixels: int = MAX_PIXELS) -> tuple[str, ...]:
    """Decode every picture and sound of `path` into nothing; the first error ends the run.

    A still picture needs its `demuxer` named: by its ending alone ffmpeg takes
    it for a numbered sequence.
    """
    return (
        *("-v", "error"),
        *("-protocol_whitelist", "file"),
        *("-format_whitelist", f"{IMAGE_FORMATS},gif" if demuxer else FORMATS),
        *("-codec_whitelist", CODECS),
        *("-max_pixels", str(max_pixels)),
        # ffmpeg goes on after a damaged packet and ends with 0 unless told not to.
        "-xerror",
        *("-err_detect", "explode"),
        *(("-f", demuxer) if demuxer else ()),
        *("-i", f"file:{path}"),
        *("-map", "0:v?", "-map", "0:a?"),
        *("-f", "null", "-"),
    )
