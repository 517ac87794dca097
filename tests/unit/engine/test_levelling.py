import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from framemill.engine.levelling import normalize
from framemill.engine.workbench import Workbench
from framemill.errors import OutputInvalid
from framemill.tools.process import Finished

TRACK = {
    "stream": 1,
    "label": "#1 audio (aac)",
    "sample_rate": 48_000,
    "short": False,
    "filters": ["aresample=async=1:first_pts=0"],
    "encoded": ["-c:a:{n}", "aac"],
    "copied": ["-c:a:{n}", "copy"],
}
WISH = {
    "name": "normalize_audio",
    "target": {"integrated": -23.0, "peak": -1.5, "range": None},
    "demuxer": "mov",
    "output": "a.mp4",
    "read_as": "mov",
    "first": 1,
    "head": ["HEAD"],
    "tail": ["TAIL"],
    "tracks": [TRACK],
    "report": None,
}


class Bench:
    """Programs that say one measurement after the other, and what was asked of them."""

    def __init__(self, measurements: Sequence[tuple[float, float]], folder: Path) -> None:
        self.made: list[str] = []
        self.said: list[tuple[str, bool]] = []
        self._left: Iterator[tuple[float, float]] = iter(measurements)
        say: Callable[[str, bool], None] = lambda text, warning: self.said.append((text, warning))  # noqa: E731 - typed
        self.bench = Workbench(scratch=folder, ffmpeg=self._ffmpeg, say=say)

    def _ffmpeg(self, argv: tuple[str, ...]) -> Finished:
        tail: tuple[str, ...] = ()
        if argv[0] == "HEAD":
            self.made.append(" ".join(argv))
        else:
            whole, peak = next(self._left)
            tail = (
                f"I: {whole} LUFS",
                "Threshold: -50.0 LUFS",
                "LRA: 5.0 LU",
                "Threshold: -60.0 LUFS",
                f"Peak: {peak} dBFS",
            )
        return Finished(exit_code=0, tail=tail, wall_ms=0, cpu_ms=0, peak_memory_bytes=0)


def ran(*measurements: tuple[float, float], folder: Path, **changes: object) -> Bench:
    bench = Bench(measurements, folder)
    normalize(bench.bench, (json.dumps({**WISH, **changes}),))
    return bench


def test_one_gain_where_peaks_allow_it(tmp_path: Path) -> None:
    bench = ran((-33.0, -20.0), (-23.1, -10.0), folder=tmp_path)

    (made,) = bench.made
    assert made == (
        "HEAD -map 0:1 -filter:a:0 aresample=async=1:first_pts=0,volume=10.00dB:precision=double "
        "-c:a:0 aac TAIL"
    )
    ((said, warning),) = bench.said
    assert said == (
        "normalize_audio: #1 audio (aac) was -33.0 LUFS, peak -20.0 dBTP, range 5.0 LU; "
        "is -23.1 LUFS, peak -10.0 dBTP, range 5.0 LU (one gain of +10.0 dB)"
    )
    assert not warning


def test_what_came_out_wrong_is_made_again_with_what_was_missing(tmp_path: Path) -> None:
    bench = ran((-40.0, -2.0), (-25.0, -1.5), (-23.6, -0.5), (-23.2, -1.6), folder=tmp_path)

    assert "loudnorm=" in bench.made[0]
    assert "alimiter" not in bench.made[0]
    assert "volume=2.00dB" in bench.made[1]
    assert "alimiter=limit=0.84140" in bench.made[1]
    # Both what is still missing and the decibel that the peak was too high.
    assert "volume=2.60dB" in bench.made[2]
    assert "alimiter=limit=0.74989" in bench.made[2]
    assert bench.said[0][0].endswith("(gain that follows the sound, corrected with a limiter)")


@pytest.mark.parametrize(
    ("measured", "said", "warning"),
    [((-70.0, float("-inf")), "silent or too short", True), ((-23.0, -5.0), "is there already", False)],
)
def test_what_needs_nothing_is_copied(
    measured: tuple[float, float], said: str, warning: bool, tmp_path: Path
) -> None:
    bench = ran(measured, folder=tmp_path)

    assert bench.made == ["HEAD -map 0:1 -c:a:0 copy TAIL"]
    assert said in bench.said[0][0]
    assert bench.said[0][1] is warning


def test_what_cannot_be_copied_is_encoded_as_it_is(tmp_path: Path) -> None:
    bench = ran((-70.0, -90.0), folder=tmp_path, tracks=[{**TRACK, "copied": []}])

    assert bench.made == ["HEAD -map 0:1 -filter:a:0 aresample=async=1:first_pts=0 -c:a:0 aac TAIL"]


def test_a_track_that_never_gets_there_fails(tmp_path: Path) -> None:
    with pytest.raises(OutputInvalid, match="not to -23 LUFS"):
        ran((-40.0, -2.0), *[(-25.0, -1.5)] * 5, folder=tmp_path)


def test_peaks_that_stay_too_high_are_warned_of(tmp_path: Path) -> None:
    bench = ran((-40.0, -2.0), *[(-23.0, 0.5)] * 5, folder=tmp_path)

    ((said, warning),) = bench.said
    assert said.endswith("its peaks stay above -1.5 dBTP")
    assert warning
