"""Shaka Packager's and ffmpeg's arguments that turn renditions into HLS and DASH by copy.

One set of CMAF segments serves both: they live below `hls/`, and the DASH
manifest in `dash/` refers to them. https://shaka-project.github.io/shaka-packager/
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from framemill.commands import source
from framemill.domain.plan import Command
from framemill.domain.units import seconds

# Tags of languages (BCP 47). What else a file says there could add fields to a descriptor.
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One stream to package: `in/<name>`, shown to players under `label`."""

    name: str
    label: str  # "720p", "audio0": folder and playlist name
    kind: str  # "video", "audio", "text"
    language: str | None = None
    title: str = ""  # what players list it as; unique among tracks of its kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A stream's key: the file below `out/` that it goes to, and where players find it."""

    path: str
    uri: str


def titles(wished: Sequence[str | None]) -> tuple[str, ...]:
    """Names for tracks of one kind: short, distinct, free of the descriptor's own separators."""
    made: list[str] = []
    for number, wish in enumerate(wished, 1):
        name = (wish or f"Track {number}").translate(str.maketrans(',=\n\r"', "     ")).strip()[:60].strip()
        made.append(f"{name} {number}" if not name or name in made else name)
    return tuple(made)


def spoken(language: str | None) -> str | None:
    """`language` where it is a tag of one, else None."""
    return language if language is not None and _LANGUAGE.fullmatch(language) else None


def shaka(
    tracks: Sequence[Track], *, segment_us: int, hls: bool, dash: bool, ts: bool, key: Key | None = None
) -> tuple[Command, ...]:
    """Commands that leave `out/hls` and `out/dash` as asked; `key` encrypts, for HLS only."""
    commands = [
        Command(tool="builtin", argv=("whole_webvtt", f"in/{track.name}", f"out/{track.name}.vtt"))
        for track in tracks
        if track.kind == "text"
    ]
    if hls:
        # Transport streams are no DASH: it gets CMAF segments of its own then.
        shared = dash and not ts
        made = _shaka(tracks, segment_us=segment_us, hls=True, dash=shared, ts=ts, frames=key is None)
        commands += (made, *encrypted(key), Command(tool="builtin", argv=("hls_bandwidth", "hls")))
        if shared:
            commands.append(Command(tool="builtin", argv=("dash_folder", "manifest.mpd", "dash", "../")))
    if dash and (ts or not hls):
        commands.append(_shaka(tracks, segment_us=segment_us, hls=False, dash=True, ts=False))
    return tuple(commands)


def encrypted(key: Key | None) -> tuple[Command, ...]:
    """The command that encrypts `out/hls`, where there is a key to do it with."""
    return (Command(tool="builtin", argv=("encrypt_hls", "hls", key.path, key.uri)),) if key else ()


def _shaka(
    tracks: Sequence[Track], *, segment_us: int, hls: bool, dash: bool, ts: bool, frames: bool = True
) -> Command:
    root = "hls" if hls else "dash"
    shown = [track for track in tracks if track.kind != "text"]
    language = next((t.language for t in tracks if t.kind == "audio" and t.language), None)
    return Command(
        tool="packager",
        argv=(
            *(_descriptor(track, root=root, hls=hls, ts=ts, frames=frames) for track in shown),
            *(text for track in tracks if track.kind == "text" for text in _texts(track, hls=hls, dash=dash)),
            *("--segment_duration", seconds(segment_us)),
            *(
                ("--hls_master_playlist_output", "out/hls/master.m3u8", "--hls_playlist_type", "VOD")
                if hls
                else ()
            ),
            *(_dash_flags(shared=hls) if dash else ()),
            *(("--default_language", language) if language else ()),
            # Its log is only wanted when something is wrong.
            *("--minloglevel", "1"),
        ),
    )


def _dash_flags(*, shared: bool) -> tuple[str, ...]:
    # Written beside hls/ so that the paths inside are relative to it, then moved into dash/.
    where = "out/manifest.mpd" if shared else "out/dash/manifest.mpd"
    return ("--mpd_output", where, "--generate_static_live_mpd")


def _descriptor(track: Track, *, root: str, hls: bool, ts: bool, frames: bool) -> str:
    folder = f"out/{root}/{track.label}"
    fields = [f"in=in/{track.name}", f"stream={track.kind}"]
    if ts:
        fields.append(f"segment_template={folder}/seg_$Number%05d$.ts")
    else:
        fields += [f"init_segment={folder}/init.mp4", f"segment_template={folder}/seg_$Number%05d$.m4s"]
    if hls:
        fields.append(f"playlist_name={track.label}.m3u8")
        # They name byte ranges of segments, which nobody can read out of encrypted ones.
        if track.kind == "video" and not ts and frames:
            fields.append(f"iframe_playlist_name={track.label}-iframes.m3u8")
        if track.kind == "audio":
            fields += ["hls_group_id=audio", f"hls_name={track.title}"]
    if track.language:
        fields.append(f"language={track.language}")
    return ",".join(fields)


def _texts(track: Track, *, hls: bool, dash: bool) -> tuple[str, ...]:
    """HLS players want WebVTT segments as text, DASH players the same in CMAF."""
    language = (f"language={track.language}",) if track.language else ()
    common = (f"in=out/{track.name}.vtt", "stream=text", "input_format=webvtt", *language)
    folder = f"out/{'hls' if hls else 'dash'}/{track.label}"
    for_hls = (
        f"segment_template={folder}/seg_$Number%05d$.vtt",
        f"playlist_name={track.label}.m3u8",
        "hls_group_id=subtitles",
        f"hls_name={track.title}",
        *(("hls_only=1",) if dash else ()),
    )
    for_dash = (
        f"init_segment={folder}/init.mp4",
        f"segment_template={folder}/seg_$Number%05d$.m4s",
        *(("dash_only=1",) if hls else ()),
    )
    return tuple(
        ",".join((*common, *fields)) for fields, wanted in ((for_hls, hls), (for_dash, dash)) if wanted
    )


def ffmpeg(
    tracks: Sequence[Track],
    *,
    shape: tuple[int, int],
    segment_us: int,
    hls: bool,
    dash: bool,
    key: Key | None = None,
) -> tuple[Command, ...]:
    """The same with ffmpeg's DASH muxer: one CMAF set, no I-frame playlists, no subtitles.

    `shape` is the width and height of the largest picture.
    """
    root = "hls" if hls else "dash"
    played = [t for t in tracks if t.kind != "text"]
    opened = [arg for t in played for arg in source.read(t.name, demuxer="mov")]
    maps = [arg for n, t in enumerate(played) for arg in ("-map", f"{n}:{t.kind[0]}:0")]
    sets = [f"id={n},streams={letter}" for n, letter in enumerate(dict.fromkeys(t.kind[0] for t in played))]
    package = Command(
        tool="ffmpeg",
        argv=(
            *("-nostdin", "-hide_banner", "-y"),
            *opened,
            *maps,
            *("-c", "copy", "-f", "dash"),
            # Even sizes differ a little in shape, which this muxer refuses: all are said to have the first's.
            *("-aspect", f"{shape[0]}:{shape[1]}"),
            *("-seg_duration", seconds(segment_us)),
            *("-use_template", "1", "-use_timeline", "1"),
            *(("-hls_playlist", "1", "-hls_master_name", "master.m3u8") if hls else ()),
            *("-adaptation_sets", " ".join(sets)),
            f"file:out/{root}/manifest.mpd",
        ),
    )
    after: list[Command] = []
    if hls:
        after += (*encrypted(key), Command(tool="builtin", argv=("hls_bandwidth", "hls")))
        if dash:
            after.append(Command(tool="builtin", argv=("dash_folder", "hls/manifest.mpd", "dash", "../hls/")))
        else:
            after.append(Command(tool="builtin", argv=("remove", "hls/manifest.mpd")))
    return (package, *after)
