"""The calibration of density ratios, against known densities, simulation and scikit-learn."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from evaluation import calibration
from evaluation.calibration import Unseen
from evaluation.kde import KernelDensity
from report import calibration_plots
from report.views import DataView, StepView
from tests.report.looks import assert_drawn

MEANS = np.array([[0.0, 0.0], [1.0, 0.5]])
"""Of the data and of the mixture, both of deviation 1."""


def log_ratio(points):
    """Of data to mixture, in closed form."""
    squares = np.square(points[:, None, :] - MEANS).sum(axis=-1)
    return (squares[:, 1] - squares[:, 0]) / 2


def known(number, rng, factor=1.0):
    """Logits of a discriminator that knows both densities, but may exaggerate."""
    real, generated = (mean + rng.randn(number, 2) for mean in MEANS)
    samples = MEANS[1] + rng.randn(calibration.KDE_SAMPLES, 2)
    compared = np.stack([part[: calibration.POINTS_COMPARED] for part in (real, generated)])
    return Unseen(factor * log_ratio(real), factor * log_ratio(generated), compared, samples)


def test_reliability_is_scikit_learns():
    unseen = known(2000, np.random.RandomState(0), factor=2.0)
    ours = unseen.reliability()
    predicted = 1 / (1 + np.exp(-np.concatenate([unseen.real_logits, unseen.generated_logits])))
    theirs = calibration_curve(np.repeat([1, 0], 2000), predicted, n_bins=calibration.BINS)
    np.testing.assert_allclose([ours.observed, ours.predicted], theirs)
    assert ours.counts.sum() == 4000


def test_true_ratios_are_called_calibrated_and_exaggerated_ones_not():
    rng = np.random.RandomState(1)
    errors = {}
    for factor in (1.0, 3.0):
        bins = [known(2000, rng, factor).reliability() for _ in range(30)]
        errors[factor] = np.mean([each.error for each in bins]) / np.mean([b.noise for b in bins])
    assert errors[1.0] == pytest.approx(1, abs=0.15)  # the noise foretells the error by itself
    assert errors[3.0] > 5


def test_empty_bins_and_certain_predictions_are_no_trouble():
    bins = (
        Unseen.nothing()
        ._replace(
            real_logits=np.full(5, 1e4, np.float32), generated_logits=np.full(5, -1e4, np.float32)
        )
        .reliability()
    )
    assert bins.counts.tolist() == [5, 5]
    assert bins.error == bins.noise == 0


def test_the_density_of_the_mixture_gives_the_ratio_again():
    unseen = known(2000, np.random.RandomState(2))
    density = unseen.mixture_density()
    for points in unseen.points:
        squares = np.square(points - MEANS[0]).sum(axis=-1)
        of_data = -0.5 * squares - np.log(2 * np.pi)
        found = density.log_density(points) - of_data
        assert np.median(np.abs(found + log_ratio(points))) < 0.2  # nats


@pytest.mark.parametrize("compared", [True, False])
def test_a_picture_is_drawn(tmp_path, compared):
    rng = np.random.RandomState(3)
    unseen = known(200, rng)
    if not compared:
        unseen = unseen._replace(points=np.zeros(0), samples=np.zeros(0))
    points = rng.randn(100, 2)
    view = DataView.of((2,), points, (MEANS[:1], 1.0, np.ones(1)))
    saved, drawn = str(tmp_path / "picture.npz"), str(tmp_path / "calibration.png")
    density = KernelDensity(points, 1.0)
    StepView(2, view, np.ones(100), [points], density, np.zeros(0), unseen).save(saved)
    picture = StepView.load(saved)
    calibration_plots.draw(picture, drawn)
    assert_drawn(drawn, 1554 if compared else 1036, 504, panels=(1, 3 if compared else 2))
    for one, other in zip(picture.unseen, unseen):
        np.testing.assert_array_equal(one, other)
