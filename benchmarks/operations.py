"""The operations, each with the command that somebody would type by hand, and how wrong results are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rightness import (
    Bench,
    Wrong,
    all_frames_off,
    first_frame_missing,
    frames_off,
    length_off,
    loudness_off,
    pictures_missing,
    streams_missing,
    tone_off,
    unlike_the_source,
)
from benchmarks.source import make_source
from framemill.tools.programs import Programs

SECONDS = 10
RATE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One operation, the command by hand, and how wrong a result is. `{out}` is filled in."""

    operation: str
    ours: Sequence[str]  # words after `framemill`, results below {out}
    by_hand: Sequence[str]  # arguments of ffmpeg, results below {out}
    result: str = ""  # the file below {out} that is looked at, in both
    wrong: Wrong | None = None  # None: both give the same answer or none that can be compared
    unit: str = ""  # of `wrong`


def prepare(programs: Programs, *, corpus: Path, cache: Path) -> tuple[str, Bench]:
    """The clips, and what the main one is made of."""
    clip = cache / f"bench-{SECONDS}s.mp4"
    made_of = make_source(programs.ffmpeg, corpus, clip, seconds=SECONDS)
    return made_of, Bench(programs=programs, clip=clip, folder=cache)


def cases(bench: Bench) -> tuple[Case, ...]:
    """Every operation with the command that the first answer of a search would give."""
    clip = str(bench.clip)
    both = [clip, clip]
    listing = bench.folder / "bench-list.txt"
    listing.write_text(f"file '{clip}'\nfile '{clip}'\n")
    cues = bench.folder / "bench.srt"
    cues.write_text("1\n00:00:01,000 --> 00:00:04,000\nA line of text\n\n")
    frames = SECONDS * RATE
    return (
        Case(
            operation="cut (copy)",
            ours=["cut", clip, "-o", "{out}", "--every", "3s"],
            by_hand=[
                *("-i", clip, "-map", "0", "-c", "copy", "-f", "segment", "-segment_time", "3"),
                *("-reset_timestamps", "1", "{out}/part_%03d.mp4"),
            ],
            result="part_001.mp4",
            wrong=all_frames_off(frames, "part_*.mp4"),
            unit="frames lost",
        ),
        Case(
            operation="trim (copy)",
            ours=["trim", clip, "-o", "{out}/t.mp4", "--start", "3.7s", "--end", "8.2s"],
            by_hand=["-ss", "3.7", "-to", "8.2", "-i", clip, "-c", "copy", "{out}/t.mp4"],
            result="t.mp4",
            wrong=first_frame_missing(3.7),
            unit="wanted frames missing",
        ),
        Case(
            operation="trim (smart)",
            ours=["trim", clip, "-o", "{out}/t.mp4", "--start", "3.7s", "--end", "8.2s", "--mode", "smart"],
            by_hand=["-ss", "3.7", "-to", "8.2", "-i", clip, "-crf", "18", "{out}/t.mp4"],
            result="t.mp4",
            wrong=frames_off(135),
            unit="frames off",
        ),
        Case(
            operation="trim (encode)",
            ours=["trim", clip, "-o", "{out}/t.mp4", "--start", "3.7s", "--end", "8.2s", "--mode", "encode"],
            by_hand=["-ss", "3.7", "-to", "8.2", "-i", clip, "-crf", "18", "{out}/t.mp4"],
            result="t.mp4",
            wrong=frames_off(135),
            unit="frames off",
        ),
        Case(
            operation="concat (copy)",
            ours=["concat", *both, "-o", "{out}/c.mp4"],
            by_hand=["-f", "concat", "-safe", "0", "-i", str(listing), "-c", "copy", "{out}/c.mp4"],
            result="c.mp4",
            wrong=length_off(2 * SECONDS),
            unit="ms off",
        ),
        Case(
            operation="transcode",
            ours=["transcode", clip, "-o", "{out}/t.mp4", "--profile", "web_720p"],
            by_hand=["-i", clip, "-vf", "scale=-2:720", "-crf", "23", "-c:a", "aac", "{out}/t.mp4"],
            result="t.mp4",
            wrong=unlike_the_source,
            unit="1 - SSIM, ‰",
        ),
        Case(
            operation="convert",
            ours=["convert", clip, "-o", "{out}/c.mkv", "--format", "mkv"],
            by_hand=["-i", clip, "-c", "copy", "{out}/c.mkv"],
            result="c.mkv",
            wrong=streams_missing(2),
            unit="streams missing",
        ),
        Case(
            operation="compress",
            ours=["compress", clip, "-o", "{out}/c.mp4", "--crf", "26"],
            by_hand=["-i", clip, "-crf", "26", "{out}/c.mp4"],
            result="c.mp4",
            wrong=unlike_the_source,
            unit="1 - SSIM, ‰",
        ),
        Case(
            operation="speed",
            ours=["speed", clip, "-o", "{out}/s.mp4", "--factor", "2"],
            by_hand=[
                *("-i", clip, "-filter_complex", "[0:v]setpts=PTS/2[v];[0:a]atempo=2[a]"),
                *("-map", "[v]", "-map", "[a]", "-crf", "18", "{out}/s.mp4"),
            ],
            result="s.mp4",
            wrong=tone_off(330),
            unit="Hz off",
        ),
        Case(
            operation="extract_audio",
            ours=["extract-audio", clip, "-o", "{out}/a.mp3", "--format", "mp3"],
            by_hand=["-i", clip, "-vn", "-b:a", "192k", "{out}/a.mp3"],
            result="a.mp3",
            wrong=tone_off(330),
            unit="Hz off",
        ),
        Case(
            operation="remove_audio",
            ours=["remove-audio", clip, "-o", "{out}/r.mp4"],
            by_hand=["-i", clip, "-an", "-c", "copy", "{out}/r.mp4"],
            result="r.mp4",
            wrong=frames_off(frames),
            unit="frames off",
        ),
        Case(
            operation="replace_audio",
            ours=["replace-audio", clip, "--audio", clip, "-o", "{out}/r.mp4"],
            by_hand=[
                *("-i", clip, "-i", clip, "-map", "0:v", "-map", "1:a", "-c", "copy", "-shortest"),
                "{out}/r.mp4",
            ],
            result="r.mp4",
            wrong=frames_off(frames),
            unit="frames off",
        ),
        Case(
            operation="normalize_audio",
            ours=["normalize-audio", clip, "-o", "{out}/n.mp4", "--target=-16"],
            by_hand=["-i", clip, "-af", "loudnorm=I=-16:TP=-1.5:LRA=11", "-c:v", "copy", "{out}/n.mp4"],
            result="n.mp4",
            wrong=loudness_off(-16),
            unit="LU off",
        ),
        Case(
            operation="thumbnails",
            ours=["thumbnails", clip, "-o", "{out}", "--count", "5"],
            by_hand=["-i", clip, "-vf", "fps=1/2,scale=720:-2", "{out}/thumb_%03d.jpg"],
            result="thumb_001.jpg",
            wrong=pictures_missing(5, "thumb_*.jpg"),
            unit="pictures missing",
        ),
        Case(
            operation="gif",
            ours=["gif", clip, "-o", "{out}/g.gif", "--start", "2s", "--duration", "3s"],
            by_hand=[
                *("-ss", "2", "-t", "3", "-i", clip, "-vf"),
                "fps=12,scale=480:-1:flags=lanczos,split[a][b];[a]palettegen[p];[b][p]paletteuse",
                "{out}/g.gif",
            ],
            result="g.gif",
            wrong=length_off(3),
            unit="ms off",
        ),
        Case(
            operation="preview",
            ours=["preview", clip, "-o", "{out}/p.mp4", "--start", "2s"],
            by_hand=[
                *("-ss", "2", "-t", "3", "-i", clip, "-vf", "fps=15,scale=360:-2", "-crf", "26"),
                *("-an", "{out}/p.mp4"),
            ],
            result="p.mp4",
            wrong=frames_off(45),
            unit="frames off",
        ),
        Case(
            operation="storyboard",
            ours=["storyboard", clip, "-o", "{out}", "--interval", "1s"],
            by_hand=["-i", clip, "-vf", "fps=1,scale=160:-2,tile=10x10", "{out}/sprite_001.jpg"],
            result="sprite_001.jpg",
            wrong=pictures_missing(1, "sprite_*.jpg"),
            unit="sheets missing",
        ),
        Case(
            operation="filter",
            ours=[
                *("filter", clip, "-o", "{out}/f.mp4"),
                *("--chain", "flip", "--chain", "crop width=960 height=540"),
            ],
            by_hand=["-i", clip, "-vf", "hflip,crop=960:540", "-crf", "18", "-c:a", "copy", "{out}/f.mp4"],
            result="f.mp4",
            wrong=frames_off(frames),
            unit="frames off",
        ),
        Case(
            operation="subtitles (burn)",
            ours=["subtitles", clip, "--action", "burn", "--file", str(cues), "-o", "{out}/s.mp4"],
            by_hand=["-i", clip, "-vf", f"subtitles={cues}", "-crf", "18", "-c:a", "copy", "{out}/s.mp4"],
            result="s.mp4",
            wrong=frames_off(frames),
            unit="frames off",
        ),
        Case(
            operation="proxy",
            ours=["proxy", clip, "-o", "{out}/p.mp4"],
            by_hand=[
                *("-i", clip, "-vf", "scale=854:480,fps=10", "-crf", "23", "-c:a", "aac"),
                *("-b:a", "128k", "-movflags", "+faststart", "{out}/p.mp4"),
            ],
            result="p.mp4",
            wrong=frames_off(SECONDS * 10),
            unit="frames off",
        ),
        Case(
            operation="scenes",
            ours=["scenes", clip, "-o", "{out}/scenes.json", "--detect", "scenes"],
            by_hand=["-i", clip, "-vf", "select='gt(scene,0.3)',showinfo", "-f", "null", "-"],
        ),
        Case(
            operation="quality",
            ours=["quality", clip, "--reference", clip, "-o", "{out}", "--metrics", "vmaf"],
            by_hand=["-i", clip, "-i", clip, "-lavfi", "libvmaf=n_threads=2", "-f", "null", "-"],
        ),
    )
