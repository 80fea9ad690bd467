"""The published metric against scikit-learn, the paper's tables, and hand-counted modes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KernelDensity as SklearnKernelDensity

from boost import scoring
from evaluation import coverage, kde, metrics, modes
from input_fn import datasets
from input_fn.settings import DataSettings
from report import drawing


def peer_density(samples, bandwidth):
    """One leaf, that is brute force: with more, scikit-learn 1.0's tree is wrong by thousands of
    nats for points many bandwidths away from every sample."""
    return SklearnKernelDensity(bandwidth=bandwidth, leaf_size=10000).fit(samples)


@pytest.mark.parametrize("dimension", [1, 2, 7])
def test_kde_agrees_with_scikit_learn_on_every_bandwidth_and_the_choice(dimension):
    rng = np.random.RandomState(dimension)
    samples, validation = rng.randn(300, dimension), rng.randn(150, dimension) * 1.5
    median = np.median(np.linalg.norm(np.diff(samples, axis=0), axis=1))
    best, best_score = None, -np.inf
    for factor in 2.0 ** np.arange(-7, 7):
        peer = peer_density(samples, median * factor)
        ours = kde.KernelDensity(samples, median * factor).log_density(validation)
        np.testing.assert_allclose(ours, peer.score_samples(validation), rtol=1e-9, atol=1e-9)
        if ours.mean() > best_score:
            best, best_score = median * factor, ours.mean()
    assert kde.fit(samples, validation).bandwidth == pytest.approx(best)


@pytest.mark.parametrize("bandwidth", [0.003, 0.2, 5.0])
def test_a_density_to_draw_is_the_density(bandwidth):
    """Kernel by kernel or along both axes, all points at once or not, wherever it can be seen."""
    rng = np.random.RandomState(1)
    density = kde.KernelDensity(rng.randn(400, 2), bandwidth)
    x, y = np.linspace(-3, 3, 31), np.linspace(-2, 4, 23)
    mesh = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    expected = density.log_density(mesh)
    least = np.log(np.finfo(float).tiny) - density.log_volume()
    found = density.log_density_on_grid(x, y)
    np.testing.assert_allclose(found.ravel(), np.maximum(expected, least), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(density.log_density(mesh, drawing.NEGLIGIBLE), expected, rtol=1e-12)
    one_by_one = [density.log_density(point[None])[0] for point in mesh]
    np.testing.assert_array_equal(one_by_one, expected)


def test_published_metric_agrees_with_its_definition_on_scikit_learn():
    rng = np.random.RandomState(0)
    samples, validation, real = rng.randn(400, 2), rng.randn(200, 2), rng.randn(200, 2) * 1.3
    likelihood, density = coverage.evaluate(samples, validation, real)
    peer = peer_density(samples, density.bandwidth)
    threshold = np.percentile(peer.score_samples(samples), 5)
    expected = np.mean(peer.score_samples(real) > threshold)
    assert likelihood.coverage == pytest.approx(expected)
    assert likelihood.log_p == pytest.approx(peer.score_samples(real).mean())


def test_a_collapsed_model_is_scored_and_not_a_crash():
    samples = np.zeros((100, 2))
    likelihood, density = coverage.evaluate(samples, samples[:50], np.ones((50, 2)))
    assert density.bandwidth > 0
    assert likelihood.coverage == 0
    assert likelihood.log_p < -1e6


@pytest.mark.filterwarnings("error")
@settings(max_examples=40)
@given(st.floats(-29, 30), st.booleans())
def test_scores_do_not_depend_on_the_units(exponent, collapsed):
    """Of no size that data files may have; log_p moves by the volume of a unit."""
    rng, unit = np.random.RandomState(0), 10.0**exponent
    samples, validation, real = rng.randn(60, 2), rng.randn(30, 2), rng.randn(40, 2)
    if collapsed:
        samples, validation = np.full((60, 2), 0.7), np.full((30, 2), 0.7)
    expected, _ = coverage.evaluate(samples, validation, real)
    found, _ = coverage.evaluate(unit * samples, unit * validation, unit * real)
    assert found.coverage == expected.coverage
    assert found.log_p == pytest.approx(expected.log_p - 2 * np.log(unit), rel=1e-6)


@pytest.mark.parametrize(
    ("number", "low_c", "high_c", "log_p"),
    [(1, 0.919, 0.956, -4.473), (5, 0.895, 0.938, -4.873), (10, 0.874, 0.933, -2.231)],
)
def test_a_perfect_sampler_scores_what_was_measured_of_it(number, low_c, high_c, log_p):
    """Medians of 20 draws lie within the 5-95 % band of single draws; log_p within 0.1."""
    data = datasets.load(DataSettings(gmm_modes_num=number, toy_dataset_size=100), 2000, 64)
    sizes = metrics.published_sizes(metrics.EvaluationSettings())
    spread = scoring.perfect_sampler(data.truth, data.held_out, sizes, 821)
    assert low_c <= spread.median.coverage <= high_c
    assert spread.median.log_p == pytest.approx(log_p, abs=0.12)
    assert spread.median.modes == number
    assert spread.median.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.005)


def test_modes_counted_by_hand():
    means, sigma = np.array([[0.0, 0], [10, 0], [20, 0], [30, 0]]), 1.0
    samples = np.array([[0.0, 0], [0, 2.9], [0, 3.1], [10, 0], [23.5, 0]])
    found = modes.evaluate(samples, means, sigma, np.full(4, 0.25))
    assert found.modes == 2  # the third is nearest to a sample of low quality only
    assert found.high_quality == pytest.approx(3 / 5)
    shares = np.array([3, 1, 1]) / 5
    assert found.reverse_kl == pytest.approx(np.sum(shares * np.log(shares / 0.25)))


def test_reverse_kl_of_the_true_weights_is_zero_for_unequal_modes():
    means = np.array([[0.0], [10.0]])
    samples = np.array([[0.0]] * 9 + [[10.0]])
    found = modes.evaluate(samples, means, 1.0, np.array([0.9, 0.1]))
    assert found.reverse_kl == pytest.approx(0)


def test_lines_read_as_published():
    one = metrics.Metrics(-4.2824, 0.9996, 10, 0.984, 0.0112, 0.97)
    assert metrics.published_line(one) == "Evaluating: log_p=-4.282, C=1.000"
    low = metrics.Metrics(-2.87, 0.85, 10, 0.98, 0.01, 0.9)
    high = metrics.Metrics(-2.19, 0.91, 10, 0.99, 0.02, 1.0)
    middle = metrics.Metrics(-2.27, 0.88, 10, 0.984, 0.011, 0.97)
    assert metrics.spread_line(metrics.Spread(middle, low, high)) == (
        "log_p=-2.27 [-2.87, -2.19], C=0.880 [0.85, 0.91], modes=10 [10, 10], "
        "high_quality=0.984 [0.98, 0.99], reverse_kl=0.011 [0.01, 0.02], "
        "width=0.97 [0.90, 1.00]"
    )


def test_small_files_scale_the_sizes_down_in_proportion():
    published = metrics.published_sizes(metrics.EvaluationSettings())
    assert metrics.scaled_sizes(published, 5000) == published
    small = metrics.scaled_sizes(published, 359)
    assert small[:3] == (179, 89, 91)
    assert sum(small[:3]) == 359


def test_width_is_that_of_the_samples_of_high_quality():
    """Against the deviation of a normal distribution cut off at three sigma, in the plane."""
    rng = np.random.RandomState(0)
    means = np.array([[0.0, 0.0], [10.0, 0.0]])
    for true, factor in ((1.0, 1.0), (0.5, 0.5)):
        samples = means[rng.randint(2, size=200_000)] + true * rng.randn(200_000, 2)
        found = modes.evaluate(samples, means, 1.0, np.array([0.5, 0.5]))
        cut = 4.5 / factor**2
        expected = factor * np.sqrt(1 - cut * np.exp(-cut) / (1 - np.exp(-cut)))
        assert found.width == pytest.approx(expected, abs=0.005)
