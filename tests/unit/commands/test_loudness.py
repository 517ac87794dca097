import pytest

from framemill.commands.loudness import Loudness, Target, dynamic, limited, linear, measured, only_peaks

SAID = """[Parsed_ebur128_0 @ 0x1] Summary:

  Integrated loudness:
    I:         -30.0 LUFS
    Threshold: -41.8 LUFS

  Loudness range:
    LRA:         9.2 LU
    Threshold: -51.8 LUFS
    LRA low:   -36.9 LUFS
    LRA high:  -27.7 LUFS

  True peak:
    Peak:       -5.7 dBFS
"""
QUIET = Loudness(integrated=-40.0, peak=-20.0, range=5.0, threshold=-50.0)
R128 = Target(integrated=-23.0, peak=-1.5)


def test_the_last_words_of_ebur128_are_a_measurement() -> None:
    found = measured(SAID.splitlines())

    assert found == Loudness(integrated=-30.0, peak=-5.7, range=9.2, threshold=-41.8)
    assert str(found) == "-30.0 LUFS, peak -5.7 dBTP, range 9.2 LU"
    assert measured(["nothing of the kind"]) is None


def test_silence_has_no_loudness() -> None:
    silence = measured(SAID.replace("-30.0", "-70.0").replace("-5.7", "-inf").splitlines())

    assert silence is not None
    assert not silence.heard
    assert QUIET.heard


@pytest.mark.parametrize(
    ("peak", "spread", "wanted", "gain", "peaks"),
    [
        (-20.0, 5.0, None, 17.0, True),
        (-18.5, 5.0, None, 17.0, True),
        (-18.0, 5.0, None, None, True),
        (-12.0, 5.0, None, None, False),
        (-20.0, 9.0, 7.0, None, False),
    ],
)
def test_one_gain_does_unless_peaks_or_range_are_in_the_way(
    peak: float, spread: float, wanted: float | None, gain: float | None, peaks: bool
) -> None:
    before = Loudness(integrated=-40.0, peak=peak, range=spread, threshold=-50.0)
    target = Target(integrated=-23.0, peak=-1.5, range=wanted)

    assert linear(before, target) == gain
    assert only_peaks(before, target) is peaks


def test_filters_say_what_was_measured() -> None:
    (said,) = dynamic(QUIET, R128)
    assert said == (
        "loudnorm=I=-23.00:TP=-1.50:LRA=7.00"
        ":measured_I=-40.00:measured_TP=-20.00:measured_LRA=5.00:measured_thresh=-50.00"
    )
    assert limited(3.0, -6.0, sample_rate=44_100) == (
        "volume=3.00dB:precision=double",
        "aresample=192000",
        "alimiter=limit=0.50119:attack=5:release=50:level=0:latency=1",
        "aresample=44100",
    )
