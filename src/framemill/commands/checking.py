"""Arguments that decode a finished file to its end, so that damage inside it shows."""

from framemill.commands.source import CODECS, FORMATS, IMAGE_FORMATS, MAX_PIXELS

STREAMS = frozenset({"hls", "dash"})


def decode_all(path: str, *, demuxer: str | None = None, max_pixels: int = MAX_PIXELS) -> tuple[str, ...]:
    """Decode every picture and sound of `path` into nothing; the first error ends the run.

    A still picture needs its `demuxer` named: by its ending alone ffmpeg takes
    it for a numbered sequence. `hls` and `dash` are for manifests of our own
    making: they open every segment that they name.
    """
    stream = demuxer in STREAMS
    formats = f"{demuxer},{FORMATS},webvtt" if stream else f"{IMAGE_FORMATS},gif" if demuxer else FORMATS
    return (
        *("-v", "error"),
        *("-protocol_whitelist", "file,crypto" if stream else "file"),
        *("-format_whitelist", formats),
        *("-codec_whitelist", CODECS),
        *("-max_pixels", str(max_pixels)),
        # HLS is picky about endings, of which keys and CMAF segments have unusual ones.
        *(("-allowed_extensions", "ALL", "-extension_picky", "0") if demuxer == "hls" else ()),
        # ffmpeg goes on after a damaged packet and ends with 0 unless told not to.
        "-xerror",
        *("-err_detect", "explode"),
        *(("-f", demuxer) if demuxer else ()),
        *("-i", f"file:{path}"),
        *("-map", "0:v?", "-map", "0:a?"),
        *("-f", "null", "-"),
    )
