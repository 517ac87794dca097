"""The operations, each with the command that somebody would type by hand, and how wrong results are."""

import shlex
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
_FRAMES = SECONDS * RATE
_RANGE = "--start 3.7s --end 8.2s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One operation, the command by hand, and how wrong a result is.

    `{out}`, `{clip}`, `{list}` and `{cues}` stand for a folder and three files.
    """

    operation: str
    ours: str  # what follows `framemill`
    by_hand: str  # what follows `ffmpeg`
    wrong: Wrong | None = None  # None: both give the same answer or none that can be compared


# The command by hand is the first answer that a search would give.
CASES = (
    Case(
        operation="cut (copy)",
        ours="cut {clip} -o {out} --every 3s",
        by_hand="-i {clip} -map 0 -c copy -f segment -segment_time 3 -reset_timestamps 1 {out}/part_%03d.mp4",
        wrong=all_frames_off(_FRAMES, "part_*.mp4"),
    ),
    Case(
        operation="trim (copy)",
        ours=f"trim {{clip}} -o {{out}}/made.mp4 {_RANGE}",
        by_hand="-ss 3.7 -to 8.2 -i {clip} -c copy {out}/made.mp4",
        wrong=first_frame_missing(3.7),
    ),
    Case(
        operation="trim (smart)",
        ours=f"trim {{clip}} -o {{out}}/made.mp4 {_RANGE} --mode smart",
        by_hand="-ss 3.7 -to 8.2 -i {clip} -crf 18 {out}/made.mp4",
        wrong=frames_off(135),
    ),
    Case(
        operation="trim (encode)",
        ours=f"trim {{clip}} -o {{out}}/made.mp4 {_RANGE} --mode encode",
        by_hand="-ss 3.7 -to 8.2 -i {clip} -crf 18 {out}/made.mp4",
        wrong=frames_off(135),
    ),
    Case(
        operation="concat (copy)",
        ours="concat {clip} {clip} -o {out}/made.mp4",
        by_hand="-f concat -safe 0 -i {list} -c copy {out}/made.mp4",
        wrong=length_off(2 * SECONDS),
    ),
    Case(
        operation="transcode",
        ours="transcode {clip} -o {out}/made.mp4 --profile web_720p",
        by_hand="-i {clip} -vf scale=-2:720 -crf 23 -c:a aac {out}/made.mp4",
        wrong=unlike_the_source(),
    ),
    Case(
        operation="convert",
        ours="convert {clip} -o {out}/made.mkv --format mkv",
        by_hand="-i {clip} -c copy {out}/made.mkv",
        wrong=streams_missing(2),
    ),
    Case(
        operation="compress",
        ours="compress {clip} -o {out}/made.mp4 --crf 26",
        by_hand="-i {clip} -crf 26 {out}/made.mp4",
        wrong=unlike_the_source(),
    ),
    Case(
        operation="speed",
        ours="speed {clip} -o {out}/made.mp4 --factor 2",
        by_hand="-i {clip} -filter_complex '[0:v]setpts=PTS/2[v];[0:a]atempo=2[a]' -map '[v]' -map '[a]' "
        "-crf 18 {out}/made.mp4",
        wrong=tone_off(330),
    ),
    Case(
        operation="extract_audio",
        ours="extract-audio {clip} -o {out}/made.mp3 --format mp3",
        by_hand="-i {clip} -vn -b:a 192k {out}/made.mp3",
        wrong=tone_off(330),
    ),
    Case(
        operation="remove_audio",
        ours="remove-audio {clip} -o {out}/made.mp4",
        by_hand="-i {clip} -an -c copy {out}/made.mp4",
        wrong=frames_off(_FRAMES),
    ),
    Case(
        operation="replace_audio",
        ours="replace-audio {clip} --audio {clip} -o {out}/made.mp4",
        by_hand="-i {clip} -i {clip} -map 0:v -map 1:a -c copy -shortest {out}/made.mp4",
        wrong=frames_off(_FRAMES),
    ),
    Case(
        operation="normalize_audio",
        ours="normalize-audio {clip} -o {out}/made.mp4 --target=-16",
        by_hand="-i {clip} -af loudnorm=I=-16:TP=-1.5:LRA=11 -c:v copy {out}/made.mp4",
        wrong=loudness_off(-16),
    ),
    Case(
        operation="thumbnails",
        ours="thumbnails {clip} -o {out} --count 5",
        by_hand="-i {clip} -vf fps=1/2,scale=720:-2 {out}/thumb_%03d.jpg",
        wrong=pictures_missing(5, "thumb_*.jpg"),
    ),
    Case(
        operation="gif",
        ours="gif {clip} -o {out}/made.gif --start 2s --duration 3s",
        by_hand="-ss 2 -t 3 -i {clip} -vf "
        "'fps=12,scale=480:-1:flags=lanczos,split[a][b];[a]palettegen[p];[b][p]paletteuse' {out}/made.gif",
        wrong=length_off(3),
    ),
    Case(
        operation="preview",
        ours="preview {clip} -o {out}/made.mp4 --start 2s",
        by_hand="-ss 2 -t 3 -i {clip} -vf fps=15,scale=360:-2 -crf 26 -an {out}/made.mp4",
        wrong=frames_off(45),
    ),
    Case(
        operation="storyboard",
        ours="storyboard {clip} -o {out} --interval 1s",
        by_hand="-i {clip} -vf fps=1,scale=160:-2,tile=10x10 {out}/sprite_001.jpg",
        wrong=pictures_missing(1, "sprite_*.jpg"),
    ),
    Case(
        operation="filter",
        ours="filter {clip} -o {out}/made.mp4 --chain flip --chain 'crop width=960 height=540'",
        by_hand="-i {clip} -vf hflip,crop=960:540 -crf 18 -c:a copy {out}/made.mp4",
        wrong=frames_off(_FRAMES),
    ),
    Case(
        operation="subtitles (burn)",
        ours="subtitles {clip} --action burn --file {cues} -o {out}/made.mp4",
        by_hand="-i {clip} -vf subtitles={cues} -crf 18 -c:a copy {out}/made.mp4",
        wrong=frames_off(_FRAMES),
    ),
    Case(
        operation="proxy",
        ours="proxy {clip} -o {out}/made.mp4",
        by_hand="-i {clip} -vf scale=854:480,fps=10 -crf 23 -c:a aac -b:a 128k -movflags +faststart "
        "{out}/made.mp4",
        wrong=frames_off(SECONDS * 10),
    ),
    Case(
        operation="scenes",
        ours="scenes {clip} -o {out}/scenes.json --detect scenes",
        by_hand="-i {clip} -vf \"select='gt(scene,0.3)',showinfo\" -f null -",
    ),
    Case(
        operation="quality",
        ours="quality {clip} --reference {clip} -o {out} --metrics vmaf",
        by_hand="-i {clip} -i {clip} -lavfi libvmaf=n_threads=2 -f null -",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the commands read."""

    bench: Bench
    listing: Path
    cues: Path

    def words(self, command: str, *, out: Path) -> list[str]:
        """The arguments of a command of CASES."""
        names = {"{out}": out, "{clip}": self.bench.clip, "{list}": self.listing, "{cues}": self.cues}
        found = shlex.split(command)
        for name, path in names.items():
            found = [word.replace(name, str(path)) for word in found]
        return found

    def shown(self, command: str) -> str:
        """The command as it stands in a page: file names without their folders."""
        names = {"{out}/": "", "{clip}": self.bench.clip.name, "{list}": self.listing.name}
        for name, said in {**names, "{cues}": self.cues.name}.items():
            command = command.replace(name, said)
        return command


def prepare(programs: Programs, *, corpus: Path, cache: Path) -> tuple[str, Inputs]:
    """The inputs, and what the clip is made of."""
    clip, listing, cues = (cache / f"bench{name}" for name in (f"-{SECONDS}s.mp4", "-list.txt", ".srt"))
    made_of = make_source(programs.ffmpeg, corpus, clip, seconds=SECONDS)
    listing.write_text(f"file '{clip.resolve()}'\n" * 2)
    cues.write_text("1\n00:00:01,000 --> 00:00:04,000\nA line of text\n\n")
    return made_of, Inputs(bench=Bench(programs=programs, clip=clip), listing=listing, cues=cues)
