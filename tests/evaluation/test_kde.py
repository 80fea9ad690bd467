"""The density estimate against scikit-learn."""

import numpy as np
import pytest
from sklearn.neighbors import KernelDensity as SklearnKernelDensity

from evaluation import kde
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
