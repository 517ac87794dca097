"""`publish` against the classic pipeline and against the best that can be typed by hand."""

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.source import make_source
from framemill.tools.programs import Programs

Cases = list[tuple[str, Callable[[Path], list[str]]]]

# At most this share of the reference's wall time and CPU seconds.
_TARGETS = {"by-hand": 0.95, "classic": 0.33}


def publish_cases(programs: Programs, *, corpus: Path, cache: Path) -> tuple[str, Cases, dict[str, float]]:
    """What is measured, how to run it, and the targets."""
    clip = cache / "bench-60s.mp4"
    made_of = make_source(programs.ffmpeg, corpus, clip)
    scripts = corpus.parent / "bench"

    def reference(name: str) -> Callable[[Path], list[str]]:
        script = scripts / f"{name}.sh"
        if script.is_file():
            return lambda out: ["bash", str(script), str(clip), str(out), str(programs.ffmpeg)]
        own = Path(__file__).with_name("references.py")
        word = name.replace("-", "_")
        return lambda out: [sys.executable, str(own), word, str(programs.ffmpeg), str(clip), str(out)]

    cases: Cases = [
        ("by-hand", reference("by-hand")),
        ("framemill", lambda out: [sys.executable, "-m", "framemill", "publish", str(clip), "-o", str(out)]),
        ("classic", reference("classic")),
    ]
    return f"publish: 60 s of 1080p30 H.264 and AAC ({made_of}); verification included", cases, _TARGETS
