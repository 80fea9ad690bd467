"""The published mixtures."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from input_fn import gmm


def test_ten_modes_in_the_plane_are_the_published_ones():
    mixture = gmm.random_gmm(10, 2, 15.0, 821)
    expected = np.random.RandomState(821).uniform(-15, 15, (10, 2))
    np.testing.assert_array_equal(mixture.means, expected)
    assert mixture.sigma**2 == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("modes", "dimension", "factor"),
    [(1, 2, 3), (2, 1, 9), (3, 2, 8), (4, 2, 20), (5, 1, 100), (8, 2, 192)],
)
def test_published_variances(modes, dimension, factor):
    assert gmm.published_variance(modes, dimension, 15.0) == pytest.approx(15 / factor)


def test_log_density_agrees_with_scipy_and_samples_follow_it():
    mixture = gmm.random_gmm(4, 3, 15.0, 1)
    points = mixture.sample(200000, np.random.default_rng(0))
    normals = [multivariate_normal(mean, mixture.sigma**2) for mean in mixture.means]
    some = points[:50].astype(np.float64)
    expected = np.log(np.mean([normal.pdf(some) for normal in normals], axis=0))
    np.testing.assert_allclose(mixture.log_density(some), expected, rtol=1e-9)
    np.testing.assert_allclose(points.mean(axis=0), mixture.means.mean(axis=0), atol=0.1)


def test_points_drawn_some_at_a_time_are_those_drawn_at_once(monkeypatch):
    mixture = gmm.random_gmm(4, 3, 15.0, 1)
    rng = np.random.default_rng(5)
    modes = rng.choice(4, size=1000, p=mixture.mode_weights)
    expected = mixture.means[modes] + mixture.sigma * rng.standard_normal((1000, 3))
    monkeypatch.setattr(gmm, "NUMBERS_AT_A_TIME", 100)
    drawn = mixture.sample(1000, np.random.default_rng(5))
    np.testing.assert_array_equal(drawn, expected.astype(np.float32))


def test_the_circle_counts_each_mode_once():
    circle = gmm.circle_gmm(8, 15.0)
    np.testing.assert_allclose(np.linalg.norm(circle.means, axis=1), 15)
    distances = np.linalg.norm(circle.means[:, None] - circle.means[None], axis=-1)
    assert distances[~np.eye(8, dtype=bool)].min() > 1
