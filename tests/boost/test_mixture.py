"""Samples of the mixture out of its components."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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


@given(
    betas=st.lists(st.floats(0.02, 1.0), min_size=1, max_size=12),
    size=st.integers(1, 300),
    seed=st.integers(0, 2**31),
)
def test_beginnings_of_pools_give_the_samples_that_whole_pools_give(betas, size, seed):
    kept, wholes, weights = [], [], []
    for number, beta in enumerate([1.0, *betas]):
        weights = [(1 - beta) * weight for weight in weights] + [beta]
        whole = mixture.Pool(
            np.arange(size) + number / 100.0, -np.arange(2 * size) - number / 100.0
        )
        kept = [pool.beginning(whole, weight) for pool, weight in zip(kept, weights)] + [whole]
        wholes.append(whole)
        for part, length in ((0, size), (1, 2 * size)):
            taken = [
                mixture.take([p[part] for p in pools], weights, length, np.random.default_rng(seed))
                for pools in (kept, wholes)
            ]
            np.testing.assert_array_equal(*taken)


def test_equal_components_hold_little_more_than_one_pool():
    whole = mixture.Pool(np.zeros(10000), np.zeros(1500))
    held = [whole]
    for number in range(2, 101):
        held = [pool.beginning(whole, 1 / number) for pool in held] + [whole]
    beginnings = [pool.for_discriminator for pool in held[:-1]]
    assert sum(len(points) for points in beginnings) < 2 * 10000
    assert all(points.base is None for points in beginnings)  # what was cut off is free
    with pytest.raises(RuntimeError, match="wanted"):
        mixture.take(beginnings, [1] + [0] * 98, 10000, np.random.default_rng(0))
