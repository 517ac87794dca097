"""The input side of every ffmpeg and ffprobe command: the one place that names what may be opened.

A file named `.mp4` may be a playlist that makes ffmpeg read other files;
a protocol whitelist does not stop that, a list of allowed demuxers does
(measured on ffmpeg 5.1 and 9.0, see docs/decisions/0003).
"""

from framemill.domain.units import seconds

# Demuxers of real containers only: none that opens other files (hls, dash, concat, image2, imf).
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,wav,w64,aiff,mp3,aac,flac,"
    "asf,gif,mxf,h264,hevc,ivf,amr,ac3,eac3,dv,caf"
)
# Pictures given as pictures: read by demuxers that cannot be reached by content sniffing of a video.
IMAGE_FORMATS = "png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,mov,mp4,m4a,3gp,3g2,mj2"

CODECS = (
    "h264,hevc,av1,libdav1d,vp8,vp9,libvpx,libvpx-vp9,mpeg4,mpeg1video,mpeg2video,msmpeg4v1,msmpeg4v2,"
    "msmpeg4,h263,h263i,flv,theora,prores,dnxhd,dvvideo,mjpeg,png,webp,gif,bmp,vc1,wmv1,wmv2,wmv3,rawvideo,ffv1,"
    "aac,aac_fixed,aac_latm,mp1,mp1float,mp2,mp2float,mp3,mp3float,ac3,ac3_fixed,eac3,dca,truehd,mlp,opus,libopus,"
    "vorbis,libvorbis,flac,alac,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,wmav1,wmav2,wmapro,adpcm_ima_wav,"
    "adpcm_ms,adpcm_ima_qt,gsm,gsm_ms,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_u8,pcm_s8,"
    "pcm_alaw,pcm_mulaw,pcm_bluray,pcm_dvd,"
    "subrip,srt,ass,ssa,webvtt,mov_text,text,pgssub,dvdsub,dvbsub,cc_dec"
)

# 8192x8192: above 8K UHD; a larger claim is an attack on memory (395 KB of H.264 asked for 1 GB).
MAX_PIXELS = 67_108_864


# What decodes the pictures that are laid over videos.
PICTURE_CODECS = "png,mjpeg,webp,gif,av1,libdav1d"


def guard_args(*, max_pixels: int = MAX_PIXELS) -> tuple[str, ...]:
    """Options that must stand before every `-i`: protocols, demuxers, decoders and picture size allowed."""
    return (
        *("-protocol_whitelist", "file"),
        *("-format_whitelist", FORMATS),
        *("-codec_whitelist", CODECS),
        *("-max_pixels", str(max_pixels)),
    )


def read(
    name: str,
    *,
    demuxer: str | None = None,
    start_us: int | None = None,
    length_us: int | None = None,
    before: tuple[str, ...] = (),
    max_pixels: int = MAX_PIXELS,
) -> tuple[str, ...]:
    """Open `in/<name>` as media, optionally from `start_us` for `length_us` of its own time.

    `demuxer` forces the one that the probe found, so that later content
    sniffing cannot choose another. `before` holds further input options.
    """
    return (
        *guard_args(max_pixels=max_pixels),
        *(("-f", demuxer) if demuxer else ()),
        *(("-ss", seconds(start_us)) if start_us else ()),
        *(("-t", seconds(length_us)) if length_us is not None else ()),
        *before,
        *("-i", f"file:in/{name}"),
    )


def read_picture(name: str, *, demuxer: str, max_pixels: int = MAX_PIXELS) -> tuple[str, ...]:
    """Open `in/<name>` as a picture, by the one demuxer that its own bytes called for."""
    return (
        *("-protocol_whitelist", "file"),
        *("-format_whitelist", demuxer),
        *("-codec_whitelist", PICTURE_CODECS),
        *("-max_pixels", str(max_pixels)),
        # Where a picture says that it is turned, its size would not be the one that it was planned with.
        "-noautorotate",
        *("-f", demuxer),
        *("-i", f"file:in/{name}"),
    )
