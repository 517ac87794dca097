"""Which codecs each container holds, and the muxer and ending it goes by."""

from dataclasses import dataclass

from framemill.domain.media import MediaInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A file format: `video`, `audio` and `subtitles` are ffmpeg codec names it holds well.

    Held "well" means that ordinary players open it, not that the muxer accepts it.
    """

    name: str
    extension: str
    muxer: str
    video: frozenset[str] = frozenset()
    audio: frozenset[str] = frozenset()
    subtitles: frozenset[str] = frozenset()
    text_subtitle: str | None = None  # what other text subtitles are turned into
    attachments: bool = False
    chapters: bool = False
    cover: bool = False  # holds cover art as an attached picture
    rotation: bool = False  # can say that the picture is to be turned
    edits: bool = False  # has edit lists, which hide what is stored before the start
    one_sound: bool = False  # holds a single audio track
    options: tuple[str, ...] = ()  # muxer options that a finished file wants

    @property
    def demuxer(self) -> str:
        """The demuxer's first name that reads it back."""
        return _DEMUXERS.get(self.muxer, self.muxer)

    @property
    def audio_only(self) -> bool:
        """True where it holds no picture."""
        return not self.video


_DEMUXERS = {"mp4": "mov", "ipod": "mov", "adts": "aac", "opus": "ogg"}
_PCM = frozenset({"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8"})
_PCM_BIG_ENDIAN = frozenset({"pcm_s16be", "pcm_s24be"})
_MPEG_AUDIO = frozenset({"mp2", "mp3"})
# faststart: the index goes first, so that playback can begin before the file has arrived.
_FASTSTART = ("-movflags", "+faststart")


def _make(name: str, **kw: object) -> Container:
    defaults: dict[str, object] = {"extension": name, "muxer": name}
    return Container(name=name, **{**defaults, **kw})  # type: ignore[arg-type]  # table below is the only caller


CONTAINERS: dict[str, Container] = {
    c.name: c
    for c in (
        _make(
            "mp4",
            video=frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video"}),
            audio=frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"}),
            subtitles=frozenset({"mov_text"}),
            text_subtitle="mov_text",
            chapters=True,
            cover=True,
            rotation=True,
            edits=True,
            options=_FASTSTART,
        ),
        _make(
            "mov",
            video=frozenset({"h264", "hevc", "mpeg4", "prores", "mjpeg", "mpeg2video", "dvvideo"}),
            audio=frozenset({"aac", "mp3", "ac3", "eac3", "alac"}) | _PCM | _PCM_BIG_ENDIAN,
            subtitles=frozenset({"mov_text"}),
            text_subtitle="mov_text",
            chapters=True,
            cover=True,
            rotation=True,
            edits=True,
            options=_FASTSTART,
        ),
        _make(
            "mkv",
            muxer="matroska",
            video=frozenset(
                {"h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "mpeg2video", "mpeg1video", "theora"}
                | {"prores", "mjpeg", "msmpeg4v2", "msmpeg4v3", "vc1", "wmv3", "ffv1", "dvvideo"}
            ),
            audio=frozenset({"aac", "ac3", "eac3", "dts", "truehd", "opus", "vorbis", "flac", "alac"})
            | _PCM
            | _PCM_BIG_ENDIAN
            | _MPEG_AUDIO,
            subtitles=frozenset({"subrip", "ass", "ssa", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle"}),
            text_subtitle="subrip",
            attachments=True,
            chapters=True,
            rotation=True,
        ),
        _make(
            "webm",
            video=frozenset({"vp8", "vp9", "av1"}),
            audio=frozenset({"opus", "vorbis"}),
            subtitles=frozenset({"webvtt"}),
            text_subtitle="webvtt",
            chapters=True,
        ),
        _make(
            "ts",
            muxer="mpegts",
            video=frozenset({"h264", "hevc", "mpeg2video", "mpeg1video"}),
            audio=frozenset({"aac", "ac3", "eac3"}) | _MPEG_AUDIO,
            subtitles=frozenset({"dvb_subtitle"}),
        ),
        _make(
            "avi",
            video=frozenset({"mpeg4", "msmpeg4v2", "msmpeg4v3", "mjpeg", "h264", "dvvideo"}),
            audio=frozenset({"mp3", "ac3", "pcm_s16le"}),
        ),
        _make("flv", video=frozenset({"h264", "flv1"}), audio=frozenset({"aac", "mp3"}), one_sound=True),
        _make(
            "m4a",
            muxer="ipod",
            audio=frozenset({"aac", "alac"}),
            chapters=True,
            cover=True,
            options=_FASTSTART,
        ),
        _make("mp3", audio=frozenset({"mp3"}), cover=True, one_sound=True),
        _make("aac", muxer="adts", audio=frozenset({"aac"}), one_sound=True),
        _make("wav", audio=_PCM, one_sound=True),
        _make("flac", audio=frozenset({"flac"}), cover=True, one_sound=True),
        _make("opus", muxer="opus", audio=frozenset({"opus"}), one_sound=True),
        _make("ogg", audio=frozenset({"vorbis", "opus"}), one_sound=True),
        _make(
            "mka",
            muxer="matroska",
            audio=frozenset({"aac", "ac3", "eac3", "dts", "opus", "vorbis", "flac"}) | _PCM | _MPEG_AUDIO,
            chapters=True,
        ),
    )
}

# Which of ffmpeg's demuxers reads what we write into each.
DEMUXERS: dict[str, str] = {
    **{name: name for name in CONTAINERS},
    **dict.fromkeys(("mp4", "mov", "m4a"), "mov"),
    **dict.fromkeys(("mkv", "webm", "mka"), "matroska"),
    "ts": "mpegts",
    "opus": "ogg",
}

# Endings that people use for the same container.
_ALIASES = {
    "m4v": "mp4",
    "qt": "mov",
    "matroska": "mkv",
    "mts": "ts",
    "m2ts": "ts",
    "mpegts": "ts",
    "oga": "ogg",
}


def container_named(name: str) -> Container | None:
    """The container of a name or file ending (`mp4`, `.m4v`), None where unknown."""
    word = name.lower().lstrip(".")
    return CONTAINERS.get(_ALIASES.get(word, word))


def container_kept(media: MediaInfo) -> Container:
    """The container that a copy of `media` goes into: its own kind, or mkv where that cannot be written.

    The demuxer is one for MP4 and QuickTime; the brand tells them apart.
    """
    video = media.main_video
    kept = container_of(media.container, video_codec=video.codec if video else None)
    brand = dict(media.tags).get("major_brand", "")
    if kept.name == "mp4" and brand.startswith("qt"):
        kept = CONTAINERS["mov"]
    if kept.name in {"mp4", "mov"} and video is None:
        kept = CONTAINERS["m4a"] if media.audio else kept
    if video is None:
        holds = all(a.codec in kept.audio for a in media.playable_audio)
        return kept if holds else CONTAINERS["mka"]
    return kept if video.codec in kept.video else CONTAINERS["mkv"]


def container_of(demuxer: str, *, video_codec: str | None = None) -> Container:
    """The container to write when the source's own is to be kept; mkv where we write no such thing."""
    known = {
        "mov": "mp4",
        "mpegts": "ts",
        "matroska": "webm" if video_codec in {"vp8", "vp9"} else "mkv",
        "avi": "avi",
        "flv": "flv",
        "mp3": "mp3",
        "aac": "aac",
        "wav": "wav",
        "flac": "flac",
        "ogg": "ogg",
    }
    return CONTAINERS[known.get(demuxer, "mkv")]
