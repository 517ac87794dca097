"""Reading what a file contains: one guarded ffprobe run, checked against its own packets.

How its answer is read is commands.ffprobe's.
"""

import json
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from framemill.commands.failures import classify
from framemill.commands.ffprobe import (
    Json,
    counts_are_known,
    frame_args,
    hides_light,
    needs_scan,
    packet_ends,
    packets_args,
    probe_args,
    read_media,
    with_light,
)
from framemill.commands.packets import Packet, StreamEnd, ends, parse_packet_line
from framemill.commands.progress import Progress
from framemill.commands.source import guard_args
from framemill.domain.media import MediaInfo
from framemill.errors import InputNotFound, InputUnreadable, LimitExceeded, NoVideoStream
from framemill.tools.limits import GIB, Limits
from framemill.tools.process import Finished, run_tool
from framemill.tools.programs import Programs
from framemill.tools.sandbox import Mode, sandboxed
from framemill.tools.wholeness import cut_short

# A first look is short: what takes longer is made to.
_LOOK_S = 60
_DEFAULT = Limits()


def probe(
    path: Path,
    *,
    programs: Programs,
    limits: Limits = _DEFAULT,
    name: str | None = None,
    count_frames: bool = False,
    sandbox: Mode = "off",
    cancelled: Callable[[], bool] = lambda: False,
) -> MediaInfo:
    """What `path` contains; `name` is what messages call it.

    One ffprobe run; a second that reads the whole file only where the
    headers contradict the packets. `count_frames` decodes the main video.
    Raises InputNotFound, InputUnreadable, LimitExceeded.
    """
    source = _Source.of(path, programs, limits, name, sandbox, cancelled)
    data = source.look()
    scanned = source.scan() if needs_scan(data) else None
    media = read_media(data, size=source.size, scanned=scanned)
    _check(media, source)
    if not media.truncated and (sign := cut_short(source.path, media.container)) is not None:
        media = replace(media, warnings=(sign, *media.warnings))
    if (stream := hides_light(media)) is not None:
        media = with_light(media, source.first_frame(stream))
    return _with_count(media, source) if count_frames else media


def keyframes(
    path: Path,
    *,
    programs: Programs,
    media: MediaInfo,
    limits: Limits = _DEFAULT,
    sandbox: Mode = "off",
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[int, ...]:
    """Keyframe times of the main video in microseconds from the file's start, in order; NoVideoStream."""
    main = media.main_video
    if main is None:
        raise NoVideoStream(f"{path.name!r} has no video stream")
    source = _Source.of(path, programs, limits, None, sandbox, cancelled)
    found: list[int] = []

    def take(packet: Packet) -> None:
        at = packet.pts_us if packet.pts_us is not None else packet.dts_us
        if packet.key and not packet.discard and at is not None:
            found.append(at - media.start_us)

    source.packets(take, stream=main.index)
    return tuple(sorted(set(found)))


def count_packets(
    path: Path,
    *,
    programs: Programs,
    limits: Limits = _DEFAULT,
    sandbox: Mode = "off",
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[int, StreamEnd]:
    """Packets and last end time of each stream, by index; end times are in the file's own time.

    The mov family numbers its packets in the header; others are read through.
    """
    source = _Source.of(path, programs, limits, None, sandbox, cancelled)
    data = source.look()
    return packet_ends(data) if counts_are_known(data) and not needs_scan(data) else source.scan()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A checked input file and how to run programs on it."""

    path: Path
    name: str
    size: int
    programs: Programs
    limits: Limits
    sandbox: Mode
    cancelled: Callable[[], bool]

    @classmethod
    def of(
        cls,
        path: Path,
        programs: Programs,
        limits: Limits,
        name: str | None,
        sandbox: Mode,
        cancelled: Callable[[], bool],
    ) -> "_Source":
        """`path` if it is a file with content; never opens a device, pipe or folder."""
        label = name or path.name
        try:
            found = path.stat()
        except (OSError, ValueError) as error:
            raise InputNotFound(name or str(path)) from error
        if stat.S_ISDIR(found.st_mode):
            raise InputUnreadable(label, "it is a folder")
        if not stat.S_ISREG(found.st_mode):
            raise InputUnreadable(label, "it is not a regular file")
        if not found.st_size:
            raise InputUnreadable(label, "the file is empty")
        if not os.access(path, os.R_OK):
            raise InputUnreadable(label, "permission denied")
        # Absolute and after `file:`, no name can be taken for an option, a pattern or a protocol.
        real = path.resolve() if sandbox != "off" else path.absolute()
        return cls(
            path=real,
            name=label,
            size=found.st_size,
            programs=programs,
            limits=limits,
            sandbox=sandbox,
            cancelled=cancelled,
        )

    def look(self) -> Json:
        """ffprobe's answer."""
        done, answer = self._answer(probe_args(str(self.path), max_pixels=self.limits.max_pixels))
        if done.exit_code != 0:
            raise self._failure("ffprobe", done)
        if answer is None:
            raise InputUnreadable(self.name, "ffprobe gave no answer")
        return answer

    def first_frame(self, stream: int) -> Json:
        """What is said beside the first picture of `stream`; nothing where it cannot be decoded."""
        args = frame_args(str(self.path), stream=stream, max_pixels=self.limits.max_pixels)
        return self._answer(args)[1] or {}

    def packets(self, take: Callable[[Packet], None], *, stream: int | None = None) -> None:
        """Hand every packet to `take`; what breaks in the middle ends the list, not the call."""

        def line(text: str) -> None:
            if (packet := parse_packet_line(text)) is not None:
                take(packet)

        args = packets_args(str(self.path), max_pixels=self.limits.max_pixels, stream=stream)
        self._run(self.programs.ffprobe, args, limits=self.limits, on_line=line)

    def scan(self) -> dict[int, StreamEnd]:
        """Packets and end of each stream, by reading all of the file."""
        found: list[Packet] = []
        totals: dict[int, StreamEnd] = {}

        def take(packet: Packet) -> None:
            found.append(packet)
            if len(found) >= 10_000:  # keep memory flat on day-long files
                _merge(totals, ends(found))
                found.clear()

        self.packets(take)
        _merge(totals, ends(found))
        return totals

    def count(self, *, stream: int) -> int:
        """Frames that decoding `stream` gives."""
        reports: list[Progress] = []
        args = (
            *("-v", "error"),
            *guard_args(max_pixels=self.limits.max_pixels),
            # Turning pictures costs time and changes no count.
            "-noautorotate",
            *("-i", f"file:{self.path}"),
            *("-map", f"0:{stream}"),
            *("-fps_mode", "passthrough"),
            *("-f", "null", "-"),
        )
        done = self._run(self.programs.ffmpeg, args, limits=self.limits, on_progress=reports.append)
        counted = reports[-1].frame if reports else None
        if counted is None or (done.exit_code != 0 and not counted):
            raise self._failure("ffmpeg", done)
        return counted

    def _answer(self, args: Sequence[str]) -> tuple[Finished, Json | None]:
        done = self._run(self.programs.ffprobe, args, limits=_shorter(self.limits))
        try:
            return done, json.loads(done.stdout.decode("utf-8", "replace"))
        except ValueError:
            return done, None

    def _run(
        self,
        program: Path,
        args: Sequence[str],
        *,
        limits: Limits,
        on_line: Callable[[str], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Finished:
        argv = sandboxed((str(program), *args), readable=(self.path,), writable=(), mode=self.sandbox)
        return run_tool(
            argv,
            cwd=Path(tempfile.gettempdir()),
            limits=limits,
            on_line=on_line,
            on_progress=on_progress,
            cancelled=self.cancelled,
        )

    def _failure(self, tool: str, done: Finished) -> Exception:
        tail = [line.replace(str(self.path), "in/source") for line in done.tail]
        return classify(tool=tool, exit_code=done.exit_code, tail=tail, name=self.name)


def _shorter(limits: Limits) -> Limits:
    return replace(
        limits,
        timeout_s=min(limits.timeout_s or _LOOK_S, _LOOK_S),
        cpu_s=min(limits.cpu_s or _LOOK_S, _LOOK_S),
        memory_bytes=min(limits.memory_bytes or 2 * GIB, 2 * GIB),
        file_bytes=0,  # it writes nothing
    )


def _merge(totals: dict[int, StreamEnd], more: dict[int, StreamEnd]) -> None:
    for index, end in more.items():
        had = totals.get(index, StreamEnd(packets=0, end_us=None))
        known = [t for t in (had.end_us, end.end_us) if t is not None]
        totals[index] = StreamEnd(packets=had.packets + end.packets, end_us=max(known) if known else None)


def _check(media: MediaInfo, source: _Source) -> None:
    streams = list(media.streams())
    if not (media.video or media.audio or media.subtitles):
        raise InputUnreadable(source.name, "it holds no video, audio or subtitles")
    caps = source.limits
    if len(streams) > caps.max_streams:
        raise LimitExceeded(f"{source.name!r} has {len(streams)} streams; {caps.max_streams} are allowed")
    for video in media.video:
        if (
            max(video.width, video.height) > caps.max_dimension
            or video.width * video.height > caps.max_pixels
        ):
            raise LimitExceeded(f"{source.name!r} is {video.width}x{video.height}, larger than allowed")
    if media.duration_us > caps.max_duration_us:
        raise LimitExceeded(
            f"{source.name!r} lasts {media.duration_us // 1_000_000} s;"
            f" {caps.max_duration_us // 1_000_000} s are allowed"
        )


def _with_count(media: MediaInfo, source: _Source) -> MediaInfo:
    main = media.main_video
    if main is None:
        return media
    counted = source.count(stream=main.index)
    video = tuple(replace(v, frame_count=counted) if v.index == main.index else v for v in media.video)
    return replace(media, video=video)
