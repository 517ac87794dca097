"""What people run today for the same outputs, as plain ffmpeg calls.

`classic`: every output is a run of its own, HLS and DASH encode again.
`by_hand`: the best that can be typed: one decode, three encodes with aligned
keyframes, sound once, packaging by copy.

Run as a program: `references.py classic|by_hand FFMPEG SOURCE FOLDER`.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_HEIGHTS = (720, 480, 360)
_THUMBNAILS_S = (6, 18, 30, 42, 54)
_X264 = ("-c:v", "libx264", "-preset", "medium", "-crf", "23")
_AAC = ("-c:a", "aac", "-b:a", "128k")
_MP3 = ("-c:a", "libmp3lame", "-b:a", "192k", "-ar", "44100")


def classic(source: str, out: Path) -> Iterator[tuple[str, ...]]:
    """Ten encodes for one video."""
    for folder in ("hls", "dash"):
        (out / folder).mkdir(parents=True)
    for h in _HEIGHTS:
        scale = ("-vf", f"scale=-2:{h}")
        yield ("-i", source, *scale, *_X264, *_AAC, "-movflags", "+faststart", f"{out}/{h}.mp4")
        hls = ("-hls_time", "6", "-hls_list_size", "0", "-f", "hls")
        yield ("-i", source, *scale, *_X264, *_AAC, *hls, f"{out}/hls/{h}.m3u8")
    sizes = ("-s:v:0", "1280x720", "-s:v:1", "854x480", "-s:v:2", "640x360")
    maps = ("-map", "0:v", "-map", "0:v", "-map", "0:v", "-map", "0:a?")
    dash = ("-seg_duration", "6", "-f", "dash")
    yield ("-i", source, *maps, *_X264, *sizes, *_AAC, *dash, f"{out}/dash/manifest.mpd")
    yield from _thumbnails(source, out)
    yield from _preview(source, out)
    yield ("-i", source, "-vn", *_MP3, f"{out}/audio.mp3")


def by_hand(source: str, out: Path) -> Iterator[tuple[str, ...]]:
    """One decode, three encodes, copies."""
    (out / "stream").mkdir(parents=True)
    keyframes = ("-force_key_frames", "expr:gte(t,n_forced*2)", "-x264-params", "open-gop=0:scenecut=0")
    scales = ";".join(f"[s{h}]scale=-2:{h}[v{h}]" for h in _HEIGHTS)
    graph = f"[0:v]split=3{''.join(f'[s{h}]' for h in _HEIGHTS)};{scales}"
    pictures = [a for h in _HEIGHTS for a in ("-map", f"[v{h}]", *_X264, *keyframes, f"{out}/v{h}.mp4")]
    sounds = ("-map", "0:a", *_AAC, f"{out}/a.m4a", "-map", "0:a", *_MP3, f"{out}/audio.mp3")
    yield ("-i", source, "-filter_complex", graph, *pictures, *sounds)
    for h in _HEIGHTS:
        copied = ("-map", "0:v", "-map", "1:a", "-c", "copy", "-movflags", "+faststart")
        yield ("-i", f"{out}/v{h}.mp4", "-i", f"{out}/a.m4a", *copied, f"{out}/{h}.mp4")
    opened = [a for h in _HEIGHTS for a in ("-i", f"{out}/v{h}.mp4")]
    maps = [a for n in range(3) for a in ("-map", f"{n}:v")]
    package = ("-c", "copy", "-f", "dash", "-seg_duration", "6", "-hls_playlist", "1")
    sets = ("-adaptation_sets", "id=0,streams=v id=1,streams=a")
    yield (*opened, "-i", f"{out}/a.m4a", *maps, "-map", "3:a", *package, *sets, f"{out}/stream/manifest.mpd")
    yield from _thumbnails(source, out)
    yield from _preview(f"{out}/v480.mp4", out)


def _thumbnails(source: str, out: Path) -> Iterator[tuple[str, ...]]:
    for at in _THUMBNAILS_S:
        still = ("-frames:v", "1", "-vf", "scale=720:-2", "-q:v", "2")
        yield ("-ss", str(at), "-i", source, *still, f"{out}/t{at}.jpg")


def _preview(source: str, out: Path) -> Iterator[tuple[str, ...]]:
    yield (
        "-ss",
        "10",
        "-i",
        source,
        "-t",
        "3",
        "-an",
        "-vf",
        "scale=360:-2,fps=15",
        *_X264,
        f"{out}/preview.mp4",
    )


def main() -> None:
    """Run one reference."""
    name, ffmpeg, source, folder = sys.argv[1:]
    commands = {"classic": classic, "by_hand": by_hand}[name](source, Path(folder))
    for argv in commands:
        subprocess.run([ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-y", *argv], check=True)


if __name__ == "__main__":
    main()
