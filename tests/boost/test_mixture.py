"""Samples of the mixture out of its components."""

import numpy as np
from scipy.stats import chisquare

from boost import mixture


def test_take_follows_the_mixture_weights_and_repeats_no_sample():
    pools = [np.arange(1000.0)[:, None] + 10000 * k for k in range(3)]
    weights = [0.5, 0.2, 0.3]
    counts = np.zeros(3)
    for seed in range(50):
        taken = mixture.take(pools, weights, 400, np.random.default_rng(seed))
        assert taken.shape == (400, 1)
        assert len(np.unique(taken)) == 400
        counts += np.bincount((taken[:, 0] // 10000).astype(int), minlength=3)
    assert chisquare(counts, counts.sum() * np.array(weights)).pvalue > 1e-3


def test_sample_asks_each_component_for_its_share_and_shuffles():
    asked = []

    def component(value):
        def generate(latent):
            asked.append(len(latent))
            return np.full((len(latent), 2), value, np.float32)

        return generate

    drawn = mixture.draw([0.25, 0.75], 1000, 5, "normal", np.random.default_rng(0))
    points = mixture.sample([component(0), component(1)], drawn)
    assert sum(asked) == 1000
    assert asked[1] == np.count_nonzero(points[:, 0])
    changes = np.count_nonzero(np.diff(points[:, 0]))
    assert changes > 250  # in blocks by component there would be one


def test_sample_skips_components_without_points():
    def never(latent):
        raise AssertionError("a component of weight 0 was asked for points")

    drawn = mixture.draw([0.0, 1.0], 3, 4, "uniform", np.random.default_rng(0))
    points = mixture.sample([never, lambda z: z], drawn)
    np.testing.assert_array_equal(points, drawn.latent)
    assert np.all(np.abs(points) <= 1)
