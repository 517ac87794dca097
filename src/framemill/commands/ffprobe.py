"""Asking ffprobe about a file, once, and reading its answer as MediaInfo.

Pure. Running it, and the rare second run where the answer contradicts
itself, is tools.probe's work; one stream's fields are commands.streams'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from framemill.commands import streams
from framemill.commands.packets import (
    Evidence,
    StreamEnd,
    ends,
    keyframe_interval,
    micros,
    read_packets,
)
from framemill.commands.source import MAX_PIXELS, guard_args
from framemill.domain.media import Hdr, MediaInfo

# ffprobe's JSON is untyped by nature.
Json = Mapping[str, Any]

PACKET_FIELDS = "stream_index,pts_time,dts_time,duration_time,pos,flags"
HEAD_PACKETS = 300
# Seeking to the end lands on the last keyframe; a long GOP with several audio tracks follows it.
TAIL_PACKETS = 3000
_TAGS = 100


def probe_args(
    name: str,
    *,
    max_pixels: int = MAX_PIXELS,
    head_packets: int = HEAD_PACKETS,
    tail_packets: int = TAIL_PACKETS,
) -> tuple[str, ...]:
    """Everything about `name` in one run: headers, the first packets and the last.

    `name` is opened as `file:<name>`, whatever it looks like.
    """
    return (
        *("-v", "error"),
        *guard_args(max_pixels=max_pixels),
        *("-show_format", "-show_streams", "-show_chapters"),
        *("-show_entries", f"packet={PACKET_FIELDS}"),
        # Tells streams apart whose decoders need different settings.
        *("-show_data_hash", "crc32"),
        # The second interval seeks past every end; what it returns are the last packets there are.
        *("-read_intervals", f"%+#{head_packets},99999999%+#{tail_packets}"),
        *("-of", "json"),
        *("-i", f"file:{name}"),
    )


def packets_args(name: str, *, max_pixels: int = MAX_PIXELS, stream: int | None = None) -> tuple[str, ...]:
    """Every packet of `name`, one line each: the file is read, nothing is decoded."""
    return (
        *("-v", "error"),
        *guard_args(max_pixels=max_pixels),
        *(("-select_streams", str(stream)) if stream is not None else ()),
        *("-show_entries", f"packet={PACKET_FIELDS}"),
        *("-of", "csv=p=0"),
        *("-i", f"file:{name}"),
    )


def frame_args(name: str, *, stream: int, max_pixels: int = MAX_PIXELS) -> tuple[str, ...]:
    """What is said beside the first picture of `stream`, which is decoded."""
    return (
        *("-v", "error"),
        *guard_args(max_pixels=max_pixels),
        *("-select_streams", str(stream), "-read_intervals", "%+#1"),
        *("-show_frames", "-show_entries", "frame=pts:frame_side_data", "-of", "json"),
        *("-i", f"file:{name}"),
    )


def hides_light(media: MediaInfo) -> int | None:
    """The stream whose HDR10 metadata may only stand in its pictures; None where there is none such."""
    main = media.main_video
    hidden = main is not None and main.hdr is Hdr.PQ and main.light is None and main.codec == "hevc"
    return main.index if main is not None and hidden else None


def with_light(media: MediaInfo, data: Json) -> MediaInfo:
    """`media` with what the answer to `frame_args` says of its main video."""
    main = media.main_video
    side = [item for frame in data.get("frames") or () for item in frame.get("side_data_list") or ()]
    video = tuple(replace(v, light=streams.light(side)) if v is main else v for v in media.video)
    return replace(media, video=video)


# Containers without any index: ffprobe guesses the length from the first packets' rate.
_GUESSED = {"aac"}


def needs_scan(data: Json) -> bool:
    """True where the packets do not reach the end that the headers claim, so only a full read tells."""
    seen = _evidence(data)
    if seen.whole:
        return False
    claimed, end = _claimed_us(data), _end(ends(seen.packets()))
    if claimed is None or end is None or not seen.tail:
        return True
    return end < _start_us(data) + claimed - _tolerance(claimed)


def read_media(data: Json, *, size: int, scanned: Mapping[int, StreamEnd] | None = None) -> MediaInfo:
    """What ffprobe's answer says; `scanned` is what a full read found, where one was needed."""
    evidence = _evidence(data)
    form: Json = data.get("format") or {}
    found: Sequence[Json] = data.get("streams") or ()
    duration_us, declared_us = _durations(data, scanned or ends(evidence.packets()))
    warnings: list[str] = []
    if declared_us is not None:
        warnings.append(
            f"the file says it lasts {declared_us / 1e6:.2f} s but holds {duration_us / 1e6:.2f} s:"
            " it is incomplete or its header is wrong"
        )
    video = tuple(streams.video(s, evidence, warnings) for s in found if s.get("codec_type") == "video")
    audio = tuple(streams.audio(s, warnings) for s in found if s.get("codec_type") == "audio")
    subtitles = tuple(streams.subtitle(s) for s in found if s.get("codec_type") == "subtitle")
    others = tuple(
        streams.other(s) for s in found if s.get("codec_type") not in {"video", "audio", "subtitle"}
    )
    bit_rate = streams.whole(form.get("bit_rate"))
    if (bit_rate is None or declared_us is not None) and duration_us > 0:
        bit_rate = size * 8_000_000 // duration_us
    main = MediaInfo(container="", duration_us=0, size=0, video=video).main_video
    if main is not None and main.dolby_vision_only:
        warnings.append("only Dolby Vision players show its colours: it can be copied, not encoded")
    return MediaInfo(
        container=str(form.get("format_name", "unknown")).split(",")[0],
        duration_us=duration_us,
        size=size,
        start_us=_start_us(data),
        declared_duration_us=declared_us,
        bit_rate=bit_rate,
        video=video,
        audio=audio,
        subtitles=subtitles,
        others=others,
        chapters=tuple(map(streams.chapter, data.get("chapters") or ())),
        tags=tuple((k, streams.clean(v)) for k, v in list(streams.tags(form).items())[:_TAGS]),
        keyframe_interval_us=keyframe_interval(evidence.runs(main.index)) if main else None,
        warnings=tuple(warnings),
    )


def packet_ends(data: Json) -> dict[int, StreamEnd]:
    """The end of each stream from the first and last packets; counts are the headers', where there."""
    counted = {int(s["index"]): streams.whole(s.get("nb_frames")) for s in data.get("streams") or ()}
    seen = ends(_evidence(data).packets())
    return {
        index: StreamEnd(packets=counted.get(index) or end.packets, end_us=end.end_us)
        for index, end in seen.items()
    }


def counts_are_known(data: Json) -> bool:
    """True where the headers number every packet (the mov family), or all packets were read."""
    if _evidence(data).whole:
        return True
    form: Json = data.get("format") or {}
    return str(form.get("format_name", "")).startswith("mov,") and all(
        streams.whole(s.get("nb_frames")) for s in data.get("streams") or ()
    )


def _evidence(data: Json) -> Evidence:
    return read_packets(data.get("packets") or (), head=HEAD_PACKETS, tail=TAIL_PACKETS)


def _start_us(data: Json) -> int:
    return micros((data.get("format") or {}).get("start_time")) or 0


def _claimed_us(data: Json) -> int | None:
    form: Json = data.get("format") or {}
    if form.get("format_name") in _GUESSED:
        return None
    claimed = micros(form.get("duration"))
    return claimed if claimed is not None and claimed > 0 else None


def _end(found: Mapping[int, StreamEnd]) -> int | None:
    return max((e.end_us for e in found.values() if e.end_us is not None), default=None)


def _tolerance(claimed_us: int) -> int:
    """How much earlier than claimed an honest file may end: half a second, less for a short one."""
    return min(500_000, max(100_000, claimed_us // 10))


def _durations(data: Json, found: Mapping[int, StreamEnd]) -> tuple[int, int | None]:
    """What can be read, and the claim where that differs."""
    claimed, start = _claimed_us(data), _start_us(data)
    heard = {int(s["index"]) for s in data.get("streams") or () if s.get("codec_type") in {"video", "audio"}}
    # Subtitles and data may outlast picture and sound: they keep a claim true, but are not the film's length.
    real = max(0, (_end(found) or start) - start)
    film = max(0, (_end({i: e for i, e in found.items() if i in heard}) or start) - start)
    if claimed is None:
        return film or real, None
    slack = _tolerance(claimed)
    if real < claimed - slack:
        return film or real, claimed
    if film > claimed + max(2_000_000, claimed // 10):
        return film, claimed  # a header written before the recording went on
    return (film if 0 < film < claimed - slack else claimed), None
