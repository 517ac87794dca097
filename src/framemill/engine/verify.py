"""Comparing what a step made with what its plan promised. Exit code 0 is not success.

Half-truncated MKV and MP4 give exit code 0 and half an output, so nothing is
published that was not opened again and measured.
"""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from framemill.commands.playlists import KEY_FILE
from framemill.domain import hdr
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Output, Promise
from framemill.domain.units import format_time
from framemill.engine.digests import files_below, size_of
from framemill.engine.images import read_picture
from framemill.engine.manifests import Manifest, read_dash, read_hls
from framemill.engine.moving import read_motion
from framemill.errors import FramemillError, InputUnreadable, OutputInvalid
from framemill.tools import reins

_LOOKS_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One file or folder that a step made, as it was found."""

    path: str  # below the step's out/
    bytes: int
    folder: bool = False
    media: MediaInfo | None = None


class Eye(Protocol):
    """How verification looks at a file."""

    def look(self, path: Path) -> MediaInfo:
        """What `path` contains; InputUnreadable where it does not open."""

    def packets(self, path: Path, stream: int) -> int:
        """How many packets a stream really has."""

    def decode(self, path: Path, *, demuxer: str | None) -> None:
        """Decode to the end where that was asked for; raises what damage means."""


def verify(output: Output, out: Path, eye: Eye) -> tuple[Made, ...]:
    """What `output` turned out to be; OutputInvalid says what was promised and what was found."""
    promise = output.promise
    if promise.kind == "package":
        return (_package(output, out, eye),)
    files = _files(output, out)
    if not output.numbered:
        return (_file(promise, out, files[0], eye, alone=True),)
    hold = reins.current()

    def look(path: Path) -> Made:
        with hold.applied():  # a thread of its own does not know of them
            return _file(promise, out, path, eye, alone=False)

    # Looking at a part is mostly waiting for a probe to start.
    with ThreadPoolExecutor(max_workers=min(len(files), _LOOKS_AT_ONCE)) as pool:
        made = tuple(pool.map(look, files))
    _check_sums(output, out, made, eye)
    return made


def files_of(output: Output, out: Path) -> list[Path]:
    """The files of an output that are there; of a numbered set in the order of their numbers."""
    if not output.numbered:
        path = out / output.path
        return [path] if path.is_file() else []
    pattern = Path(output.path)
    head, tail = re.split(r"%0\d+d", pattern.name, maxsplit=1)
    name = re.compile(re.escape(head) + r"(\d+)" + re.escape(tail))
    folder = out / pattern.parent
    found = [(int(m[1]), path) for path in folder.glob("*") if (m := name.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def _files(output: Output, out: Path) -> list[Path]:
    files = files_of(output, out)
    if not files:
        raise OutputInvalid(f"{output.path!r} was promised but was not made")
    if output.numbered:
        expected = [out / (output.path % n) for n in range(output.first, output.first + len(files))]
        if files != expected:
            raise OutputInvalid(f"{output.path!r}: the numbers have a gap at {expected[-1].name!r}")
        _same(output.path, "files", output.promise.files, len(files))
    return files


def _file(promise: Promise, out: Path, path: Path, eye: Eye, *, alone: bool) -> Made:
    name = path.relative_to(out).as_posix()
    size = path.stat().st_size
    if not size:
        raise OutputInvalid(f"{name!r} is empty")
    if promise.max_size is not None and size > promise.max_size:
        raise OutputInvalid(f"{name!r} has {size} bytes; at most {promise.max_size} were promised")
    media = None
    if promise.kind == "image":
        picture = read_picture(path)
        _same(name, "size", _size(promise), _size_like(promise, picture.width, picture.height))
        if picture.demuxer:
            _decode(name, path, eye, demuxer=picture.demuxer)
        still = VideoStream(
            index=0, codec=picture.codec, width=picture.width, height=picture.height, frame_rate=Fraction(0)
        )
        media = MediaInfo(container=picture.codec, duration_us=0, size=size, video=(still,))
        if promise.duration_us is not None or promise.frames is not None:
            media = _moving(promise, name, path, media)
    elif promise.kind == "media":
        try:
            media = eye.look(path)
        except InputUnreadable as error:
            raise OutputInvalid(f"{name!r} does not open: {error.reason}") from error
        _check_media(promise, name, media)
        if alone:
            _check_length(promise, name, media)
            if promise.frames is not None:
                _same(name, "frames", promise.frames, _frames(media, path, eye))
        _decode(name, path, eye, demuxer=None)
    return Made(path=name, bytes=size, media=media)


def _moving(promise: Promise, name: str, path: Path, media: MediaInfo) -> MediaInfo:
    motion = read_motion(path)
    _same(name, "frames", promise.frames, motion.frames)
    found = replace(media, duration_us=motion.duration_us)
    _check_length(promise, name, found)
    return found


def _decode(name: str, path: Path, eye: Eye, *, demuxer: str | None) -> None:
    try:
        eye.decode(path, demuxer=demuxer)
    except FramemillError as error:
        if error.transient or error.code == "cancelled":
            raise
        raise OutputInvalid(f"{name!r} does not decode to its end: {error.message}") from error


def _check_media(promise: Promise, name: str, media: MediaInfo) -> None:
    video = media.main_video
    if promise.video_codec is not None:
        _same(name, "video", promise.video_codec or "none", video.codec if video else "none")
    if promise.width is not None or promise.height is not None:
        if video is None:
            raise OutputInvalid(f"{name!r}: a picture of {_size(promise)} was promised, none was found")
        _same(name, "size", _size(promise), _size_like(promise, video.width, video.height))
    if promise.hdr is not None and video is not None:
        found = hdr.facts(video)
        # More than promised may be there: not every container told what its pictures say.
        lost = not set(promise.hdr) <= set(found) or bool(found and not promise.hdr)
        _same(name, "HDR", promise.hdr, found if lost else promise.hdr)
    _same(name, "audio", promise.audio_codecs, tuple(a.codec for a in media.audio))
    _same(name, "audio channels", promise.channels, tuple(a.channels for a in media.audio))
    _same(name, "subtitles", promise.subtitles, len(media.subtitles))


def _check_length(promise: Promise, name: str, media: MediaInfo) -> None:
    if promise.duration_us is None:
        if media.declared_duration_us is not None:
            _same(name, "length", format_time(media.declared_duration_us), format_time(media.duration_us))
    elif abs(media.duration_us - promise.duration_us) > promise.frame_us + promise.tolerance_us:
        _same(name, "length", format_time(promise.duration_us), format_time(media.duration_us))
    video = media.main_video
    if promise.picture_us is not None and video is not None and video.duration_us is not None:
        # Transport streams begin anywhere; elsewhere a late start belongs to the film.
        end = video.start_us + video.duration_us - (media.start_us if media.container == "mpegts" else 0)
        if end < promise.picture_us - promise.frame_us - promise.tolerance_us:
            _same(name, "picture's length", format_time(promise.picture_us), format_time(end))


def _check_sums(output: Output, out: Path, made: Sequence[Made], eye: Eye) -> None:
    promise = output.promise
    if promise.kind != "media":
        return
    media = [item.media for item in made if item.media is not None]
    if promise.duration_us is not None:
        total = sum(m.duration_us for m in media)
        # Each part may round by a frame; what is missing altogether may not hide behind many parts.
        allowed = promise.tolerance_us + promise.frame_us * (len(media) + 1)
        if abs(total - promise.duration_us) > allowed:
            _same(output.path, "length in all", format_time(promise.duration_us), format_time(total))
    if promise.frames is not None:
        total = sum(_frames(item.media, out / item.path, eye) for item in made if item.media is not None)
        _same(output.path, "frames in all", promise.frames, total)


def _frames(media: MediaInfo, path: Path, eye: Eye) -> int:
    video = media.main_video
    if video is None:
        return 0
    return video.frame_count if video.frame_count is not None else eye.packets(path, video.index)


def _package(output: Output, out: Path, eye: Eye) -> Made:
    folder = out / output.path
    manifests = [p for p in files_below(folder) if p.suffix in {".m3u8", ".mpd"}] if folder.is_dir() else []
    if not manifests:
        raise OutputInvalid(f"{output.path!r}: a stream was promised, but there is no manifest")
    for path in manifests:
        _check_manifest(output, out, path)
    for path in manifests:
        _decode_stream(path, out, eye)
    return Made(path=output.path, bytes=size_of(folder), folder=True)


def _decode_stream(path: Path, out: Path, eye: Eye) -> None:
    """Every rendition, once: a DASH manifest beside an HLS stream shares its segments."""
    if path.suffix == ".mpd":
        if path.parent.name == "dash" and not any(p.is_dir() for p in path.parent.iterdir()):
            return
    elif path.name != "master.m3u8" or _locked(path):
        return
    name = path.relative_to(out).as_posix()
    _decode(name, path, eye, demuxer="dash" if path.suffix == ".mpd" else "hls")


def _locked(master: Path) -> bool:
    """True where the key is to be served from elsewhere, so that nobody here can fetch it."""
    lists = (path.read_text("utf-8") for path in master.parent.glob("*.m3u8"))
    return any("#EXT-X-KEY:" in text and f'URI="{KEY_FILE}"' not in text for text in lists)


def _check_manifest(output: Output, out: Path, path: Path) -> None:
    name = path.relative_to(out).as_posix()
    manifest = _read(path, name)
    if not manifest.references:
        raise OutputInvalid(f"{name!r} names no segment")
    if not manifest.complete:
        raise OutputInvalid(f"{name!r} has no end: players would wait for more")
    for wanted in manifest.references:
        file = (path.parent / wanted.uri).resolve()
        if "://" in wanted.uri or not file.is_relative_to(out.resolve()):
            raise OutputInvalid(f"{name!r} refers to {wanted.uri!r}, outside the result")
        if not file.is_file() or file.stat().st_size < wanted.bytes:
            raise OutputInvalid(f"{name!r} refers to {wanted.uri!r}, which is missing or cut short")
    # Tracks of one film may end at different times; only the whole is as long as the film.
    whole = output.promise.duration_us if path.suffix == ".mpd" else None
    promised = dict(output.promise.lengths).get(path.name, whole)
    if promised is not None and manifest.duration_us is not None:
        allowed = output.promise.frame_us + output.promise.tolerance_us
        if abs(manifest.duration_us - promised) > allowed:
            _same(name, "length", format_time(promised), format_time(manifest.duration_us))


def _read(path: Path, name: str) -> Manifest:
    text = path.read_text(encoding="utf-8")
    try:
        return read_hls(text) if path.suffix == ".m3u8" else read_dash(text)
    except (ValueError, SyntaxError) as error:  # ElementTree's ParseError is a SyntaxError
        raise OutputInvalid(f"{name!r} cannot be read: {error}") from error


def _size(promise: Promise) -> str | None:
    if promise.width is None and promise.height is None:
        return None
    return f"{promise.width or '?'}x{promise.height or '?'}"


def _size_like(promise: Promise, width: int, height: int) -> str:
    return f"{width if promise.width else '?'}x{height if promise.height else '?'}"


def _same(name: str, what: str, promised: object, found: object) -> None:
    if promised is not None and promised != found:
        raise OutputInvalid(f"{name!r}: {what} {_words(promised)} promised, {_words(found)} found")


def _words(value: object) -> str:
    return (", ".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)
