"""What single scores come to, by the definitions that libvmaf and NumPy use."""

import pytest

from framemill.domain.quality import Metric, Scores, harmonic_mean, percentile, pooled, psnr_ceiling


def test_the_harmonic_mean_is_the_one_that_libvmaf_prints() -> None:
    # 2 / (1/101 + 1/51) - 1
    assert harmonic_mean((100.0, 50.0)) == pytest.approx(66.77631578947368)


def test_a_picture_that_scores_nothing_pulls_the_harmonic_mean_down_and_does_not_break_it() -> None:
    assert harmonic_mean((0.0, 100.0)) == pytest.approx(2 / (1 + 1 / 101) - 1)


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 10.0), (1, 10.4), (5, 12.0), (50, 30.0), (90, 46.0), (100, 50.0)]
)
def test_a_percentile_lies_on_the_line_between_the_nearest_ranks(percent: float, expected: float) -> None:
    assert percentile((50.0, 10.0, 40.0, 30.0, 20.0), percent) == pytest.approx(expected)


def test_one_picture_is_its_own_mean_and_percentile() -> None:
    found = pooled((93.5,))

    assert (found.mean, found.p1, found.p5, found.min) == (93.5, 93.5, 93.5, 93.5)
    assert found.harmonic_mean == pytest.approx(93.5)


def test_scores_are_pooled_by_metric() -> None:
    scores = Scores(times_us=(0, 40_000), series=((Metric.SSIM, (0.5, 1.0)),))

    assert scores.pooled(Metric.SSIM).mean == 0.75
    with pytest.raises(KeyError):
        scores.of(Metric.VMAF)


def test_equal_pictures_have_a_finite_psnr() -> None:
    assert (psnr_ceiling(8), psnr_ceiling(10)) == (60.0, 72.0)
