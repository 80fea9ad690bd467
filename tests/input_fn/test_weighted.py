"""Minibatches follow their weights, and the stream does not depend on how it is read."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest

from base import streams
from input_fn import sources, weighted
from input_fn.settings import DataSettings
from input_fn.weighted import WeightedIndices


def test_draws_follow_the_weights_by_a_chi_square_test():
    rng = np.random.default_rng(7)
    weights = rng.exponential(size=500) * (rng.random(500) > 0.4)
    drawn = WeightedIndices(weights).draw([400, 500], rng)
    counts = np.bincount(drawn.ravel(), minlength=500)
    assert np.all(counts[weights == 0] == 0)
    kept = weights > 0
    expected = weights[kept] / weights.sum() * drawn.size
    assert chisquare(counts[kept], expected).pvalue > 1e-3


@settings(max_examples=200)
@given(
    weights=st.lists(
        st.one_of(st.floats(0, 1), st.floats(0, 1e-12), st.just(0.0)), min_size=1, max_size=50
    ).filter(lambda w: sum(w) > 0),
    seed=st.integers(0, 1000),
)
def test_the_guide_table_finds_what_a_search_of_the_cdf_finds(weights, seed):
    weights = np.array(weights)
    found = WeightedIndices(weights).draw([300], np.random.default_rng(seed))
    uniform = np.random.default_rng(seed).random(300)
    kept = np.flatnonzero(weights > 0)
    cdf = np.cumsum(weights[kept])
    np.testing.assert_array_equal(
        found, kept[np.searchsorted(cdf / cdf[-1], uniform, side="right")]
    )


def small_stream(distribution="normal"):
    data = sources.load(DataSettings(toy_dataset_size=100, gmm_modes_num=2), 10, 8)
    weights = np.linspace(0, 1, 100)
    return weighted.component_stream(data, weights / weights.sum(), 8, 3, distribution, 1, 2)


def read(stream, start, stop, size):
    parts = list(stream.chunks(start, stop, size))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@pytest.mark.parametrize(("start", "size"), [(0, 1000), (0, 7), (3, 333), (999, 2), (1000, 1000)])
def test_any_chunk_size_and_any_start_read_the_same_stream(start, size):
    whole = read(small_stream(), 0, 2100, 2100)
    part = read(small_stream(), start, 2100, size)
    for name in ("real", "latent"):
        np.testing.assert_array_equal(part[name], whole[name][start:])


def test_streams_differ_by_component_block_and_seed():
    draws = {
        streams.generator(seed, purpose, component, block).random()
        for seed in (0, 1)
        for purpose in streams.Purpose
        for component in (1, 2)
        for block in (0, 1)
    }
    assert len(draws) == 2 * len(streams.Purpose) * 4


def test_latent_noise_has_the_distribution_asked_for():
    rng = np.random.default_rng(3)
    normal = weighted.draw_latent((2000, 3), "normal", rng)
    uniform = weighted.draw_latent((2000, 3), "uniform", rng)
    assert normal.dtype == uniform.dtype == np.float32
    assert kstest(normal.ravel(), "norm").pvalue > 1e-3
    assert kstest((uniform.ravel() + 1) / 2, "uniform").pvalue > 1e-3


def test_the_discriminators_folds_see_their_own_members_only():
    data = sources.load(DataSettings(toy_dataset_size=100, gmm_modes_num=2), 10, 8)
    members = [np.arange(50), np.arange(50, 100)]
    generated = np.full((20, 2), 7, np.float32)
    stream = weighted.discriminator_stream(data, members, generated, 8, 0, 2)
    batches = read(stream, 0, 200, 50)
    assert batches["real"].shape == (200, 2, 8, 2)
    assert np.all(batches["generated"] == 7)
    for fold, member in enumerate(members):
        seen = np.unique(batches["real"][:, fold].reshape(-1, 2), axis=0)
        np.testing.assert_array_equal(seen, np.unique(data.points[member], axis=0))
