"""Programs that pretend to be ffmpeg with a GPU: they lie, hang and die where the real one would encode.

Whatever does not name a hardware encoder is done by the real ffmpeg.
"""

import sys
from pathlib import Path

from framemill.tools.programs import Programs

ENCODER = "h264_nvenc"

_SCRIPT = """#!{python} -S
import os, signal, sys, time
REAL, ENCODER, AT_TRIAL, AT_WORK = {real!r}, {encoder!r}, {at_trial!r}, {at_work!r}
ask = sys.argv[1:]
if ENCODER not in ask:
    os.execv(REAL, [REAL, *ask])
how = AT_TRIAL if "lavfi" in ask else AT_WORK

def in_software(ask):
    "The same with libx264: its options instead of the device's."
    own = {{"-preset", "-tune", "-rc", "-cq", "-b:v", "-spatial-aq", "-forced-idr", "-no-scenecut"}}
    out, words = [], iter(ask)
    for word in words:
        if word in own:
            next(words)
        elif word == ENCODER:
            out += ["libx264", "-preset", "ultrafast"]
        else:
            out.append(word)
    return out

if how == "works":
    os.execv(REAL, [REAL, *in_software(ask)])
elif how == "fails":
    sys.exit("[h264_nvenc @ 0x55aa] OpenEncodeSessionEx failed: out of memory (10): (no details)")
elif how == "has none":
    sys.exit("[h264_nvenc @ 0x55aa] OpenEncodeSessionEx failed: unsupported device (2): (no details)")
elif how == "hangs":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
elif how == "crashes":
    os.kill(os.getpid(), signal.SIGSEGV)
elif how == "babbles":
    for _ in range(20000):
        sys.stderr.write("[h264_nvenc @ 0x55aa] " + "error " * 100 + chr(10))
    sys.stderr.write("x" * 5_000_000)
    sys.exit(1)
elif how == "writes rubbish":
    open(ask[-1].removeprefix("file:"), "wb").write(b"rubbish" * 1000)
elif how == "writes nothing":
    sys.exit(0)
"""


def a_liar(folder: Path, programs: Programs, *, at_trial: str = "works", at_work: str = "works") -> Programs:
    """Programs whose ffmpeg behaves like this when it is tried, and when it is put to work."""
    path = folder / "ffmpeg"
    path.write_text(
        _SCRIPT.format(
            python=sys.executable,
            real=str(programs.ffmpeg),
            encoder=ENCODER,
            at_trial=at_trial,
            at_work=at_work,
        )
    )
    path.chmod(0o755)
    return Programs(ffmpeg=path, ffprobe=programs.ffprobe, packager=programs.packager)
